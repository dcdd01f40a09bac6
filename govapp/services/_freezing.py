"""Freezing: the working plan becomes the next version, with rates and translated totals, for good (issue: Freeze)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.ledger import PlanChange, PlanVersion
from govapp.data.ledger_queries import net_by_cell
from govapp.data.measures import Measure
from govapp.data.money_rows import changes_money
from govapp.data.numbering import reserve
from govapp.data.plan_queries import PLAN, frozen_plan, working_plans
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.plan_changes import WITHDRAWN
from govapp.domain.plan_versions import DECIDED, OPENED, frozen_of, lacking_rates
from govapp.services._belongs import changes_of
from govapp.services._log import write_at_once
from govapp.services._work import Work

# why a change request ends with a move
RECYCLED, CLOSED = "recycled", "closed"


@dataclass(frozen=True, slots=True)
class Freeze:
    """A plan to be frozen: why (decided, change, opened), by which right, through which review or change request."""

    cause: str
    right: str
    review_id: int | None = None
    change_id: int | None = None


def _freeze_plan(work: Work, loaded: Loaded, freeze: Freeze) -> PlanVersion:
    """Freeze the working plan of a measure whose row is locked; its value is that of the new version from here on.

    Raises Invalid (plan_rate_missing, `currencies`) where a currency has no plan rate on the day.
    """
    return _freeze_plans(work, [loaded], freeze)[0]


def _freeze_plans(work: Work, measures: Iterable[Loaded], freeze: Freeze) -> list[PlanVersion]:
    """The same for several measures of one organization, in a fixed number of statements."""
    loaded = {each.measure.id: each for each in measures}
    if not loaded:
        return []
    if changes_money(work.session):
        work.session.flush()
    plans = working_plans(work.session, loaded)
    one = next(iter(loaded.values()))
    table = rate_table(work.session, one.measure.organization_id)
    day = work.today(one.timezone)
    _refuse_unrated(lacking_rates((line for lines in plans.values() for line in lines), table, day))
    amounts, versions = [], []
    for measure_id, lines in plans.items():
        number = loaded[measure_id].plan_number + 1
        amounts += [
            EffectValue(
                measure_id=measure_id, line_id=line.id, series=PLAN, month=month, plan_version=number, amount=amount
            )
            for line in lines
            for month, amount in line.amounts.items()
        ]  # fmt: skip
        kept = frozen_of(lines, table, day)
        version = PlanVersion(
            measure_id=measure_id, number=number, cause=freeze.cause, review_id=freeze.review_id,
            change_id=freeze.change_id, lines=kept.lines, rates=kept.rates, translated=kept.translated,
            person_id=work.actor.id, on_behalf_of=work.on_behalf_of, right_used=freeze.right, at=work.at,
        )  # fmt: skip
        versions.append(version)
        _tell(work, loaded[measure_id].measure, freeze, version, kept.totals)
        # also lines that this version no longer names: their plan in force is gone
        work.touched_money(measure_id, *(line.id for line in lines))
    # amounts first: the database takes none into a version that exists
    # a first version says what the draft says, so that claims and sums are settled from that; a later one is read
    late = len(versions) if all(version.number == 1 for version in versions) else 0
    numbers = reserve(work.session, {EffectValue: len(amounts), PlanVersion: late})
    write_at_once(work, amounts, numbers)
    work.write(versions, numbers if late else {})
    for version in versions:
        each = loaded[version.measure_id]
        each.plan_number, each.lines = version.number, each.draft
    return versions


def _refuse_unrated(currencies: tuple[str, ...]) -> None:
    if currencies:
        raise Invalid("plan_rate_missing", {}, currencies=", ".join(currencies))


def _tell(
    work: Work, measure: Measure, freeze: Freeze, version: PlanVersion, totals: dict[str, dict[str, int]]
) -> None:
    """Log a version with its totals by kind and currency (minor units) and the rates it keeps."""
    work.log(
        Event.PLAN_FROZEN,
        {"number": version.number, "cause": freeze.cause, "totals": totals, "rates": version.rates,
         "lines": len(version.lines), "review": freeze.review_id, "change": freeze.change_id},
        made=(version,), right=freeze.right, object_type="plan_version", object_id=f"{measure.key}/{version.number}",
        measure_id=measure.id, branch_id=measure.branch_id,
    )  # fmt: skip


def _follow_stage(work: Work, loaded: Loaded, to: str, right: str, review_id: int | None) -> None:
    """Entering the stage that freezes plans freezes the next version; leaving it backwards opens the draft.

    The frozen version stays in force; an open change request is overtaken, its draft goes on as the working plan. A
    measure that closes takes back what it had asked to change.
    """
    before, after = loaded.rules.frozen_in(loaded.snapshot.stage), loaded.rules.frozen_in(to)
    if after and not before:
        _freeze_plan(work, loaded, Freeze(DECIDED, right, review_id))
    elif loaded.plan_change is not None and (not after or loaded.rules.stage(to).terminal):
        change = work.session.get_one(PlanChange, loaded.plan_change[0])
        if after:
            _end_change(work, loaded, change, WITHDRAWN, right, CLOSED, _restore_draft(work, loaded))
        else:
            _end_change(work, loaded, change, WITHDRAWN, right, RECYCLED)


def _restore_draft(work: Work, loaded: Loaded) -> dict[str, Any]:
    """Bring the working plan back to the version in force; what changed by it, old and new in minor units, by line.

    A line that the version does not have keeps its other amounts and bears no plan. Category and cost object come back
    too, unless amounts were confirmed on them meanwhile: those would be counted elsewhere.
    """
    session, measure_id = work.session, loaded.measure.id
    session.flush()
    wanted = {line.id: line for line in frozen_plan(session, measure_id, loaded.plan_number)}
    rows = {
        (row.line_id, row.month): row
        for row in session.scalars(
            select(EffectValue).where(
                EffectValue.measure_id == measure_id,
                EffectValue.series == PLAN,
                EffectValue.plan_version == DRAFT,
            )
        )
    }
    said: dict[str, Any] = {}
    booked = {line for (line, _), net in net_by_cell(session, wanted).items() if net}
    for line in session.scalars(select(EffectLine).where(EffectLine.measure_id == measure_id)):
        frozen = wanted.get(line.id)
        amounts: Mapping[date | None, int] = frozen.amounts if frozen else {}
        held = {month: row for (number, month), row in rows.items() if number == line.id}
        cells = {
            month.isoformat()[:7] if month else "total": [row.amount if (row := held.get(month)) else None,
                                                          amounts.get(month)]
            for month in held.keys() | amounts.keys()
            if (held[month].amount if month in held else None) != amounts.get(month)
        }  # fmt: skip
        for month, row in held.items():
            if month not in amounts:
                session.delete(row)
            elif row.amount != amounts[month]:
                row.amount = amounts[month]
        session.add_all(
            EffectValue(measure_id=measure_id, line_id=line.id, series=PLAN, month=month, amount=amount)
            for month, amount in amounts.items()
            if month not in held
        )
        back: dict[str, Any] = {"run_rate": frozen.run_rate if frozen else None}
        if frozen and line.id not in booked:
            back |= {"category": frozen.category, "cost_object": frozen.cost_object}
        fields = changes_of({name: getattr(line, name) for name in back}, back)
        if cells or fields:
            for name, value in back.items():
                setattr(line, name, value)
            line.version += 1
            work.touched_money(measure_id, line.id)
            said[str(line.id)] = {"currency": line.currency, "plan": cells, **fields}
    session.flush()
    return said


def _end_change(
    work: Work,
    loaded: Loaded,
    change: PlanChange,
    state: str,
    right: str,
    reason: str,
    restored: Mapping[str, Any] | None = None,
) -> None:
    """End a change request as frozen, refused or withdrawn; `restored` is what its draft went back from and to."""
    change.state, change.ended_at, change.end_reason = state, work.at, reason
    change.version += 1
    loaded.plan_change = None
    work.log(
        Event.PLAN_CHANGE_ENDED,
        {"change": change.id, "state": state, "reason": reason, "restored": restored or {}},
        right=right, object_type="plan_change", object_id=str(change.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip


def _freeze_opened(work: Work, measures: Iterable[Loaded], replanned: set[int], right: str) -> None:
    """Freeze what an import planned for measures that it opened past the stage that freezes plans.

    No gate of ours has decided these plans: the source states them, and each new statement is the next version.
    """
    wanted = [
        each
        for each in measures
        if each.measure.id in replanned
        and each.plan_change is None
        and each.rules.frozen_in(each.snapshot.stage)
    ]
    _freeze_plans(work, wanted, Freeze(OPENED, right))
