"""Cost objects and agreed splits of what measures claim on them. Amounts come in units of the object's currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.claim_queries import claims_on, registered_key, splits_in_force
from govapp.data.claims import ClaimSplit, CostObject
from govapp.data.finance import EffectLine
from govapp.data.measures import Measure
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.structure import Branch, Organization
from govapp.domain.claims import object_key, split_faults
from govapp.domain.effect_rules import EffectRules
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.finance import Faults, minor_of
from govapp.domain.measures import NAME, SHORT, text_fault
from govapp.domain.money import CURRENCIES, from_minor
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may, right_of
from govapp.services._belongs import changes_of
from govapp.services._keys import writing_once
from govapp.services._settle import settle
from govapp.services._work import Origin, Work

REASON_MOST = 2000
_FIELDS = ("name", "kind", "currency", "yearly_cost")


@dataclass(frozen=True, slots=True)
class SetCostObject:
    """Register a cost object of an organization, or change it (`seen_version` is what was seen of it)."""

    organization: str
    key: str
    name: str
    kind: str
    currency: str
    origin: Origin
    yearly_cost: Decimal | None = None
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class SplitClaims:
    """Agree who may claim how much of a cost object a year, for one effect kind: by measure key, in its currency.

    It takes the place of the split before. No shares: that split ends, and nothing takes its place.
    """

    organization: str
    cost_object: str
    kind: str
    shares: Mapping[str, Decimal]
    reason: str
    origin: Origin
    seen_version: int | None = None
    action_key: str = ""


def set_cost_object(command: SetCostObject) -> int:
    """Register or change a cost object; returns its id. Measures that claim on it are settled.

    Needs finance:split-claims on the organization or on all of these measures. Raises NotFound, Refused, Stale,
    KeyReused, Invalid by field: split_in_force for another currency while shares are agreed in the one it has.
    """
    return int(writing_once(command, lambda work: _set_object(work, command))["id"])


def split_claims(command: SplitClaims) -> None:
    """Agree a split. Needs finance:split-claims on the organization or on all measures that claim on the object.

    Raises NotFound, Refused, Stale, KeyReused, Invalid (under `shares` or `reason`).
    """
    writing_once(command, lambda work: _split(work, command))


def _organization(work: Work, key: str, cost_object: str) -> tuple[Organization, Branch, str, list[int]]:
    """The organization with its root, the right used, and measures that claim on the object, their rows locked.

    The right must reach the whole organization, or else every measure whose lines name the object. Raises NotFound,
    Refused.
    """
    organization = work.session.scalar(select(Organization).where(Organization.key == key))
    root = work.session.scalar(select(Branch).where(Branch.key == key, Branch.parent_id.is_(None)))
    if organization is None or root is None:
        raise NotFound("not_found")
    found = _lock_measures(work, organization.id, cost_object)
    right = right_of(work.actor, Permission.FINANCE_SPLIT_CLAIMS, Place(root.path, {}, root.id))
    for loaded in found if right is None else ():
        right = may(work.actor, Permission.FINANCE_SPLIT_CLAIMS, loaded.place)
    if right is None:
        raise Refused("no_right", permission=str(Permission.FINANCE_SPLIT_CLAIMS))
    return organization, root, right, [loaded.measure.id for loaded in found]


def _set_object(work: Work, command: SetCostObject) -> dict[str, Any]:
    key, values = object_key(command.key), _clean(command)
    asked = work.session.scalar(select(Organization.id).where(Organization.key == command.organization))
    key = registered_key(work.session, asked or 0, key) or key
    organization, root, right, measures = _organization(work, command.organization, key)
    named = (CostObject.organization_id == organization.id) & (CostObject.key == key)
    row = work.session.scalar(select(CostObject).where(named).with_for_update())
    if row is not None and command.seen_version not in {None, row.version}:
        raise Stale("stale")
    if row is None and command.seen_version is not None:
        raise NotFound("not_found")
    before = {name: getattr(row, name) for name in _FIELDS} if row else {}
    changed = changes_of(before, values)
    if row is not None and "currency" in changed and splits_in_force(work.session, [row.id]):
        raise Invalid("not_saved", {"currency": ["split_in_force"]})
    if row is None:
        row = CostObject(organization_id=organization.id, key=key, version=0)
        work.session.add(row)
    if changed:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        work.session.flush()
        work.log(
            Event.COST_OBJECT_SET, {"key": key, "changes": changed, "currency": row.currency},
            right=right, object_type="cost_object", object_id=key, branch_id=root.id,
        )  # fmt: skip
        _settle_claiming(work, measures)
    return {"id": row.id}


def _clean(command: SetCostObject) -> dict[str, Any]:
    """Fields of a cost object, the cost in minor units. Raises Invalid with codes by field."""
    values: dict[str, Any] = {
        "name": command.name.strip(), "kind": command.kind, "currency": command.currency.strip().upper(),
    }  # fmt: skip
    faults: Faults = {}
    for name, text, most in (("key", object_key(command.key), SHORT), ("name", values["name"], NAME)):
        if fault := text_fault(text, most) or ("" if text else "required"):
            faults[name] = [fault]
    if command.kind not in EffectRules().cost_object_kinds:
        faults["kind"] = ["unknown_choice"]
    if values["currency"] not in CURRENCIES:
        faults["currency"] = ["currency_unknown"]
    else:
        values["yearly_cost"] = minor_of(command.yearly_cost, values["currency"], faults, "yearly_cost")
        if (values["yearly_cost"] or 0) < 0:
            faults["yearly_cost"] = ["amount_negative"]
    if faults:
        raise Invalid("not_saved", faults)
    return values


def _lock_measures(work: Work, organization_id: int, key: str) -> list[Loaded]:
    """Measures whose lines name the object, their rows locked in order of id: before the object's own row."""
    ids = work.session.scalars(
        select(EffectLine.measure_id)
        .join(Measure, Measure.id == EffectLine.measure_id)
        .where(EffectLine.cost_object == key, Measure.organization_id == organization_id)
        .distinct()
    )
    return load_measures(work.session, sorted(ids), lock=True)


def _settle_claiming(work: Work, measures: list[int]) -> None:
    """Settle measures whose claims meet differently now."""
    for measure in measures:
        work.touched_money(measure)
    settle(work, load_measures(work.session, measures))


def _split(work: Work, command: SplitClaims) -> dict[str, Any]:
    organization, root, right, measures = _organization(work, command.organization, command.cost_object)
    named = (CostObject.organization_id == organization.id) & (CostObject.key == command.cost_object)
    each = work.session.scalar(select(CostObject).where(named).with_for_update())
    if each is None:
        raise NotFound("not_found")
    if command.seen_version not in {None, each.version}:
        raise Stale("stale")
    shares, reason = _shares(work, organization, each, command), command.reason.strip()
    old = work.session.scalar(
        select(ClaimSplit).where(
            ClaimSplit.cost_object_id == each.id,
            ClaimSplit.kind == command.kind,
            ClaimSplit.ended_at.is_(None),
        )
    )
    before = dict(old.shares) if old else {}
    if old is not None:
        old.ended_at, old.version = work.at, old.version + 1
    if shares:
        work.session.add(
            ClaimSplit(
                cost_object_id=each.id, kind=command.kind, shares=shares, reason=reason, person_id=work.actor.id,
                on_behalf_of=work.on_behalf_of, at=work.at,
            )
        )  # fmt: skip
    each.version += 1
    work.session.flush()
    said = {
        "cost_object": each.key,
        "kind": command.kind,
        "shares": shares,
        "before": before,
        "reason": reason,
    }
    work.log(
        Event.CLAIMS_SPLIT, said | {"currency": each.currency},
        right=right, object_type="cost_object", object_id=each.key, branch_id=root.id,
    )  # fmt: skip
    _settle_claiming(work, measures)
    return {"id": each.id}


def _shares(work: Work, organization: Organization, each: CostObject, command: SplitClaims) -> dict[str, int]:
    """The shares in minor units. Raises Invalid."""
    faults: Faults = {}
    minors = {
        key: minor_of(share, each.currency, faults, "shares") or 0 for key, share in command.shares.items()
    }
    if not command.reason.strip():
        faults["reason"] = ["reason_needed"]
    elif len(command.reason) > REASON_MOST:
        faults["reason"] = ["too_long"]
    cost = "" if each.yearly_cost is None else str(from_minor(each.yearly_cost, each.currency))
    if minors and "shares" not in faults:
        found = claims_on(work.session, organization.id, [each.key], organization.fiscal_month)
        claiming = {c.measure for c in found.get(each.key, ()) if c.kind == command.kind and c.yearly > 0}
        if codes := split_faults(minors, claiming, each.yearly_cost):
            faults["shares"] = codes
    if faults:
        raise Invalid("not_saved", faults, cost=cost, currency=each.currency)
    return minors
