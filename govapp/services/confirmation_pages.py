"""The controller's list as a page: cells with plan, forecast, who entered them and since when, and claims that meet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.cell_rulings import LastRuling, last_rulings
from govapp.data.claim_queries import ObjectOf, objects_of, titles_of
from govapp.data.confirmation_queries import (
    CellRow,
    Wanted,
    cells,
    confirmed_totals,
    entered_at,
    expectations,
    totals,
)
from govapp.data.people import Person
from govapp.data.structure import Organization
from govapp.domain.claims import Overlap
from govapp.domain.ledger import RULED, Total
from govapp.domain.rights import Actor
from govapp.services._claims import overlaps_on


@dataclass(frozen=True, slots=True)
class Met:
    """Claims that meet on a cost object: the object, how, and titles of the measures the reader may read, by key.

    `hidden`: how many measures among them the reader may not know of.
    """

    object: ObjectOf
    overlap: Overlap
    titles: Mapping[str, str]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell with what a controller wants to know before ruling on it.

    `mine`: the reader entered it, or is bound by who did, and cannot rule on it. `ruled`: how it was last confirmed or
    refused, where the list is of such.
    """

    row: CellRow
    plan: int | None
    forecast: int | None
    since: datetime | None
    hands: tuple[str, ...]
    mine: bool
    met: Met | None
    ruled: LastRuling | None = None

    @property
    def difference(self) -> int | None:
        """Actual less plan, in minor units; None where there is no actual amount."""
        return None if self.row.actual is None else self.row.actual - (self.plan or 0)


@dataclass(frozen=True, slots=True)
class ConfirmationPage:
    """A page of the list with totals by kind and currency, of the list and of what is confirmed."""

    cells: tuple[CellView, ...]
    totals: tuple[Total, ...]
    confirmed: tuple[Total, ...]

    @property
    def count(self) -> int:
        """How many cells the whole list has."""
        return sum(each.cells for each in self.totals)


def confirmation_page(
    session: Session, actor: Actor, wanted: Wanted, today: date, *, limit: int, offset: int
) -> ConfirmationPage:
    """A page of the list in a number of statements that does not grow with it."""
    rows = cells(session, actor, wanted, limit, offset)
    return ConfirmationPage(
        tuple(views_of(session, actor, rows, today, ruled=wanted.standing in RULED)),
        tuple(totals(session, actor, wanted)),
        tuple(confirmed_totals(session, actor, wanted)),
    )


def views_of(
    session: Session, actor: Actor, rows: Collection[CellRow], today: date, *, ruled: bool
) -> list[CellView]:
    """The cells with plan, forecast, people, moments and overlaps, and where they are `ruled` on how."""
    rulings = last_rulings(session, [(row.line_id, row.month) for row in rows]) if ruled else {}
    expected = expectations(session, rows)
    since = entered_at(session, [row.value_id for row in rows if row.value_id])
    names = _names(session, {person for row in rows for person in row.hands})
    bound = {actor.id, *(each.actor.id for each in actor.stands_in)}
    met = _met(session, actor, rows, today)
    found = []
    for row in rows:
        said = expected.get((row.line_id, row.month), {})
        hands = tuple(names.get(person, "") for person in row.hands)
        found.append(
            CellView(
                row, said.get("plan"), said.get("forecast"), since.get(row.value_id or 0), hands,
                bool(bound & set(row.hands)), met.get((row.organization_id, row.cost_object, row.kind)),
                rulings.get((row.line_id, row.month)),
            )
        )  # fmt: skip
    return found


def _names(session: Session, people: Collection[int]) -> dict[int, str]:
    if not people:
        return {}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(people)))).all())


def _met(
    session: Session, actor: Actor, rows: Collection[CellRow], today: date
) -> dict[tuple[int, str, str], Met]:
    """Unresolved overlaps behind these cells, by organization, cost object and kind."""
    flagged: dict[int, set[str]] = {}
    for row in rows:
        if row.cost_object in row.overlapping:
            flagged.setdefault(row.organization_id, set()).add(row.cost_object)
    found: dict[tuple[int, str, str], Met] = {}
    for organization_id, keys in flagged.items():
        organization = session.get_one(Organization, organization_id)
        for each in met_on(session, actor, organization, objects_of(session, organization_id, keys), today):
            found[organization_id, each[0].object.key, each[1]] = each[0]
    return found


def met_on(
    session: Session, actor: Actor, organization: Organization, objects: Collection[ObjectOf], today: date
) -> list[tuple[Met, str]]:
    """Claims that meet on cost objects, each with its kind; measures the reader may not read are only counted."""
    overlaps = overlaps_on(session, organization, list(objects), today)
    every = {measure for overlap in overlaps.values() for measure in overlap.measures}
    titles = titles_of(session, actor, every)
    by_key = {each.key: each for each in objects}
    found = []
    for (key, kind), overlap in overlaps.items():
        readable = {measure: titles[measure] for measure in overlap.measures if measure in titles}
        hidden = len(overlap.measures) - len(readable)
        found.append((Met(by_key[key], overlap, readable, hidden), kind))
    return found
