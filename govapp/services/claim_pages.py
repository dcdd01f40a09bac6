"""Cost objects as a page: what they cost, what measures claim on them, how claims meet, which split is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.claim_queries import (
    ObjectOf,
    claims_on,
    objects_of,
    overlapping_objects,
    splits_in_force,
    titles_of,
    unregistered,
)
from govapp.data.finance_places import home_among
from govapp.data.structure import Branch, Organization
from govapp.domain.claims import Claim
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, right_of
from govapp.services.confirmation_pages import Met, met_on


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed on an object for one effect kind: claims of measures the reader may read, in their currency.

    `hidden`: how many claims of other measures there are. `met`: how claims meet, None where they do not. `shares`: of
    the split in force those of measures the reader may read, in minor units of the object's currency by measure key;
    None where no split is in force. `hidden_shares`: how many others there are.
    """

    kind: str
    claims: tuple[Claim, ...]
    hidden: int
    met: Met | None
    shares: Mapping[str, int] | None
    hidden_shares: int = 0


@dataclass(frozen=True, slots=True)
class ObjectView:
    """A cost object with what is claimed on it; `titles` of the measures the reader may read, by key."""

    object: ObjectOf
    claimed: tuple[Claimed, ...]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ObjectsPage:
    """Cost objects of one organization. `strange`: keys that lines name and nobody registered.

    `may_set`: the reader may register objects and split claims in the whole organization.
    """

    organization: str
    name: str
    currency: str
    views: tuple[ObjectView, ...]
    strange: tuple[str, ...]
    may_set: bool


def objects_page(
    session: Session, actor: Actor, today: date, *, organization: str = "", q: str = "", limit: int = 50,
    offset: int = 0,
) -> tuple[ObjectsPage | None, list[tuple[str, str]], int]:  # fmt: skip
    """A page of cost objects, the organizations to choose from, and how many objects there are.

    Objects with an unresolved overlap come first, then all by key. None where the reader may see amounts of no
    organization. The number of statements does not grow with the objects.
    """
    mine = _organizations(session, actor)
    confirms = {
        each.id: actor.grant_for(Permission.FINANCE_CONFIRM, root.path) is not None for each, root in mine
    }
    home = home_among(session, actor, confirms)
    chosen = next((each for each in mine if each[0].key == organization), None)
    chosen = chosen or next((each for each in mine if each[0].id == home), None)
    names = [(each.key, each.name) for each, _ in mine]
    if chosen is None:
        return None, names, 0
    found, root = chosen
    met = overlapping_objects(session, found.id)
    every = [each for each in objects_of(session, found.id) if _fits(each, q)]
    every.sort(key=lambda each: (each.key not in met, each.key))
    shown = every[offset : offset + limit]
    views = _views(session, actor, found, shown, today)
    may_set = right_of(actor, Permission.FINANCE_SPLIT_CLAIMS, Place(root.path, {}, root.id)) is not None
    strange = tuple(unregistered(session, actor, found.id)) if not q and not offset else ()
    return (
        ObjectsPage(found.key, found.name, found.currency, tuple(views), strange, may_set),
        names,
        len(every),
    )


def _fits(each: ObjectOf, q: str) -> bool:
    return not q or q.casefold() in f"{each.key} {each.name}".casefold()


def _organizations(session: Session, actor: Actor) -> list[tuple[Organization, Branch]]:
    """Organizations in some branch of which the reader may see amounts, with their roots."""
    rows = session.execute(
        select(Organization, Branch)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .order_by(Organization.id)
    )
    voices = (actor, *(each.actor for each in actor.stands_in))
    paths = [g.path for v in voices for g in v.grants if Permission.FINANCE_VIEW in g.permissions]
    return [
        (organization, root)
        for organization, root in rows
        if any(path.startswith(root.path) or root.path.startswith(path) for path in paths)
    ]


def _views(
    session: Session, actor: Actor, organization: Organization, objects: list[ObjectOf], today: date
) -> list[ObjectView]:
    keys = [each.key for each in objects]
    claims = claims_on(session, organization.id, keys, organization.fiscal_month)
    splits = splits_in_force(session, [each.id for each in objects if each.id])
    claiming = {claim.measure for found in claims.values() for claim in found}
    titles = titles_of(session, actor, claiming.union(*splits.values()))
    met = {(one.object.key, kind): one for one, kind in met_on(session, actor, organization, objects, today)}
    views = []
    for each in objects:
        mine = [claim for claim in claims.get(each.key, []) if claim.yearly > 0]
        kinds = sorted({claim.kind for claim in mine} | {kind for key, kind in splits if key == each.id})
        claimed = []
        for kind in kinds:
            of_kind = [claim for claim in mine if claim.kind == kind]
            shown = tuple(claim for claim in of_kind if claim.measure in titles)
            hidden, split = len(of_kind) - len(shown), splits.get((each.id or 0, kind))
            shares = None if split is None else {key: split[key] for key in split if key in titles}
            left = len(split or {}) - len(shares or {})
            claimed.append(Claimed(kind, shown, hidden, met.get((each.key, kind)), shares, left))
        readable = {c.measure: titles[c.measure] for c in mine if c.measure in titles}
        views.append(ObjectView(each, tuple(claimed), readable))
    return views
