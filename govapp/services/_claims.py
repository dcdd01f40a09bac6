"""Claims on cost objects: what settle keeps of them on cards, and the limit on what may be confirmed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from govapp.data.claim_queries import (
    ObjectOf,
    booked_on,
    claims_on,
    keys_named_by,
    objects_of,
    readable_among,
    splits_in_force,
)
from govapp.data.claims import CostObject
from govapp.data.finance import EffectLine
from govapp.data.measures import Card, Measure
from govapp.data.money_rows import changes_money
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.data.structure import Organization
from govapp.domain.claims import (
    UNRESOLVED,
    Overlap,
    Translate,
    baseline_fault,
    fiscal_year_of,
    overlap_of,
)
from govapp.domain.exchange import MissingRate, RateTable
from govapp.services._work import Work

CANCELLED = "cancelled"


def translator(table: RateTable, currency: str, today: date) -> Translate:
    """How minor units of any currency come into `currency`, exactly, at the plan rates of a day; None: no rate."""

    def translate(minor: int, from_currency: str) -> Decimal | None:
        if from_currency == currency:
            return Decimal(minor)
        try:
            own = table.exact(minor, from_currency, table.plan_rate(from_currency, today))
            return own / table.exact(1, currency, table.plan_rate(currency, today))
        except MissingRate:
            return None

    return translate


def overlaps_on(
    session: Session, organization: Organization, objects: Sequence[ObjectOf], today: date
) -> dict[tuple[str, str], Overlap]:
    """Claims that meet on these cost objects, by key and effect kind. A constant number of statements."""
    claims = claims_on(session, organization.id, [each.key for each in objects], organization.fiscal_month)
    splits = splits_in_force(session, [each.id for each in objects if each.id is not None])
    table = rate_table(session, organization.id)
    found: dict[tuple[str, str], Overlap] = {}
    for each in objects:
        translate = translator(table, each.currency or table.own, today)
        mine = claims.get(each.key, [])
        for kind in sorted({claim.kind for claim in mine}):
            shares = splits.get((each.id or 0, kind))
            of_kind = [claim for claim in mine if claim.kind == kind]
            overlap = overlap_of(of_kind, each.yearly_cost, shares, translate)
            if overlap is not None:
                found[each.key, kind] = overlap
    return found


def _lock_objects(session: Session, organization_id: int, keys: Iterable[str]) -> dict[str, ObjectOf]:
    """Registered cost objects by key, their rows locked in order of id until the transaction ends."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    session.execute(
        select(CostObject.id)
        .where(CostObject.organization_id == organization_id, CostObject.key.in_(wanted))
        .order_by(CostObject.id)
        .with_for_update()
    )
    return {each.key: each for each in objects_of(session, organization_id, wanted)}


def _settle_claims(work: Work, measures: Sequence[Loaded], *, anew: bool = False) -> dict[int, list[str]]:
    """Cost objects with an unresolved overlap, by id of those of these measures whose claims may have changed.

    Their snapshots are brought up to date. Cards of other measures on the same objects are, too, and the clock settles
    those: their rows are not locked here. To be called before `work.money` is emptied.
    """
    due = [loaded for loaded in measures if anew or loaded.measure.id in work.money or _came_or_went(loaded)]
    if not due:
        return {}
    if changes_money(work.session):
        work.session.flush()
    found: dict[int, list[str]] = {}
    named = {loaded.measure.id: _keys_of(work.session, loaded) for loaded in due}
    if any(named.values()):
        work.session.flush()
    for organization_id in sorted({loaded.measure.organization_id for loaded in due}):
        mine = [loaded for loaded in due if loaded.measure.organization_id == organization_id]
        keys = {key for loaded in mine for key in named[loaded.measure.id]}
        conflicts = _conflicts(work, organization_id, keys, mine[0].timezone)
        if keys:
            _see_again(work.session, mine)
        for loaded in mine:
            kept = sorted(key for key, among in conflicts.items() if loaded.measure.key in among)
            found[loaded.measure.id] = kept
            loaded.snapshot = replace(loaded.snapshot, claims=tuple(kept))
        _tell_others(work, organization_id, keys, conflicts, {loaded.measure.key for loaded in mine})
    return found


def _see_again(session: Session, measures: Sequence[Loaded]) -> None:
    """What cards say of overlaps, now that the objects are locked: another verb may have written it since."""
    cards = {loaded.measure.id: loaded.card for loaded in measures if loaded.card is not None}
    written = select(Card.measure_id, Card.overlapping).where(Card.measure_id.in_(cards))
    for measure_id, overlapping in session.execute(written):
        set_committed_value(cards[measure_id], "overlapping", overlapping)


def _came_or_went(loaded: Loaded) -> bool:
    """Whether the measure was cancelled, archived, or brought back since its card was written."""
    if loaded.card is None:
        return False
    counted = loaded.card.counted
    before = not counted or counted[3] == CANCELLED
    return before != (loaded.measure.archived or loaded.measure.state == CANCELLED)


def _keys_of(session: Session, loaded: Loaded) -> set[str]:
    return keys_named_by(session, loaded.measure.id) | set(loaded.snapshot.claims)


def _conflicts(work: Work, organization_id: int, keys: set[str], zone: str) -> dict[str, set[str]]:
    """Keys of measures in an unresolved overlap, by cost object."""
    objects = _lock_objects(work.session, organization_id, keys)
    if not objects:
        return {}
    organization = work.session.get_one(Organization, organization_id)
    conflicts: dict[str, set[str]] = {}
    overlaps = overlaps_on(work.session, organization, list(objects.values()), work.today(zone))
    for (key, _kind), overlap in overlaps.items():
        if overlap.state in UNRESOLVED:
            conflicts.setdefault(key, set()).update(overlap.measures)
    return conflicts


def _tell_others(
    work: Work, organization_id: int, keys: set[str], conflicts: Mapping[str, set[str]], settled: set[str]
) -> None:
    """Bring the cards of other measures on these objects up to date, and have the clock settle those that change."""
    if not keys:
        return
    on_them = select(EffectLine.measure_id).where(EffectLine.cost_object.in_(sorted(keys)))
    rows = work.session.execute(
        select(Card, Measure.key)
        .join(Measure, Measure.id == Card.measure_id)
        .where(
            Measure.id.in_(on_them), Measure.organization_id == organization_id, Measure.key.not_in(settled)
        )
    )
    for card, key in rows:
        kept = set(card.overlapping) - keys | {each for each, among in conflicts.items() if key in among}
        if sorted(kept) != card.overlapping:
            card.overlapping = sorted(kept)
            card.check_at = min(card.check_at or work.at, work.at)


@dataclass
class Baselines:
    """What may still be confirmed on the cost objects of some lines of one measure; their rows are locked by it."""

    work: Work
    loaded: Loaded
    objects: dict[str, ObjectOf]
    organization: Organization
    table: RateTable
    splits: dict[tuple[int, str], dict[str, int]]

    def fault(self, line: EffectLine, month: date | None, amount: int) -> tuple[str, dict[str, object]]:
        """Code and values of why a gain of this amount would pass the yearly cost or the measure's share; '' if not.

        Rows made before in this transaction count once they are flushed. The values name other measures that the
        actor may read.
        """
        each = self.objects.get(line.cost_object)
        counts = line.timing == "recurring" and bool(line.currency) and month is not None and amount > 0
        if each is None or each.id is None or each.yearly_cost is None or not counts or month is None:
            return "", {}
        first, last = fiscal_year_of(month, self.organization.fiscal_month)
        sums = self._sums(each, line, first, last, amount)
        today = self.work.today(self.loaded.timezone)
        translate = translator(self.table, each.currency, today)
        booked: dict[str, Decimal] = {}
        for (measure, currency), minor in sums.items():
            exact = translate(minor, currency)
            if exact is None:
                return "rate_missing", {"currency": currency, "kind": "plan", "day": today.isoformat()}
            booked[measure] = booked.get(measure, Decimal(0)) + exact
        key = self.loaded.measure.key
        code = baseline_fault(booked, key, each.yearly_cost, self.splits.get((each.id, line.kind)))
        if not code:
            return "", {}
        others = readable_among(self.work.session, self.work.actor, set(booked) - {key})
        return code, {
            "object": each.key,
            "cost": each.yearly_cost,
            "currency": each.currency,
            "measures": others,
            "alone": set(booked) <= {key},
        }

    def _sums(
        self, each: ObjectOf, line: EffectLine, first: date, last: date, amount: int
    ) -> dict[tuple[str, str], int]:
        """Confirmed gains of the year by measure and currency with this one; a line in the red counts as nothing."""
        organization = self.organization.id
        rows = booked_on(self.work.session, organization, each.key, line.kind, first, last)
        lines = {row.line: (row.measure, row.currency, row.amount) for row in rows}
        mine = lines.get(line.id, (self.loaded.measure.key, line.currency, 0))
        lines[line.id] = (mine[0], mine[1], mine[2] + amount)
        sums: dict[tuple[str, str], int] = {}
        for measure, currency, total in lines.values():
            sums[measure, currency] = sums.get((measure, currency), 0) + max(0, total)
        return sums


def _baselines(work: Work, loaded: Loaded, lines: Iterable[EffectLine]) -> Baselines:
    """Lock the cost objects of these lines, after the measure's row and before the log's head."""
    organization_id = loaded.measure.organization_id
    keys = {line.cost_object for line in lines if line.cost_object}
    objects = _lock_objects(work.session, organization_id, keys)
    splits = splits_in_force(work.session, [each.id for each in objects.values() if each.id])
    organization = work.session.get_one(Organization, organization_id)
    table = rate_table(work.session, organization_id)
    return Baselines(work, loaded, objects, organization, table, splits)
