"""Rows -> domain values: one statement reads everything a gate may ask about a measure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from govapp.data.audit import ActionKey
from govapp.data.clock_queries import ClockFacts, clock_facts
from govapp.data.figure_rows import Cells, cells_of, forecasts, kpi_facts, line_fact
from govapp.data.json_rows import json_rows
from govapp.data.json_rows import moment_of as _moment
from govapp.data.locks import lock_measures, neighbours_of
from govapp.data.measures import Card, Measure, Part
from govapp.data.plan_lines import Line, planned_in, stated_in, working_line
from govapp.data.rulebook import rules_for
from govapp.data.snapshot_query import VALUE_FORMS, snapshot_statement
from govapp.data.status_rows import Declared, StatusRows, declared_in, status_rows
from govapp.data.structure import Branch
from govapp.domain.approvals import with_electors
from govapp.domain.money import exact_minor, from_minor
from govapp.domain.permissions import DECIDING_PARTS
from govapp.domain.rights import Place
from govapp.domain.rules import Rules, StageRule
from govapp.domain.snapshot import (
    ConditionFact,
    EvidenceFact,
    Held,
    LookbackFact,
    MilestoneFact,
    PredecessorFact,
    ReviewFact,
    RiskFact,
    Snapshot,
    StepFact,
    VoteFact,
)
from govapp.domain.table import value_of_figures

DRAFTED, ASKED = "draft", "asked"
FIELDS = (
    "title", "description", "problem", "expected_effect", "business_unit", "legal_entity", "function", "service",
    "request_category", "vendor", "steering_committee", "change_type", "risk_rating", "security_relevant",
    "no_dependencies_declared", "sustain_dates",
)  # fmt: skip


@dataclass(slots=True)
class Loaded:
    """A measure in a transaction: its row, its card row if any, the snapshot, the rules and where it stands.

    `barred`: the rows of `step_decider` that name who may not decide a step of its open review; `named`: active people
    whom its steps name by role or group, by step. `lines` are those of the plan in force, version `plan_number` (0: the
    draft counts, none is frozen), `draft` those of the working plan, `forecast` the amounts by line and month;
    `plan_change` is the open change request: id and state. `dates` are what computed statuses read beside the snapshot.
    `key_row` is the action key asked for with it, where it is consumed: person, digest of the body, outcome as text.
    """

    measure: Measure
    card: Card | None
    snapshot: Snapshot
    rules: Rules
    place: Place
    currency: str
    timezone: str
    workflow_id: int
    lines: tuple[Line, ...]
    declared: dict[str, Declared]
    branch_kind: str
    clock: ClockFacts
    successors: tuple[int, ...] = ()
    barred: frozenset[tuple[int, str, str]] = frozenset()
    named: Mapping[int, frozenset[int]] = field(default_factory=dict)
    plan_number: int = 0
    forecast: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    draft: tuple[Line, ...] = ()
    plan_change: tuple[int, str] | None = None
    dates: StatusRows = field(default_factory=StatusRows)
    key_row: tuple[int, str, str] | None = None

    @property
    def plan_locked(self) -> StageRule | None:
        """The stage since which the working plan may not be edited; None while it may.

        It may before the stage that freezes plans, after a recycle to before it, and under a change request not asked
        yet (issue: Freeze).
        """
        if self.plan_change is not None and self.plan_change[1] == DRAFTED:
            return None
        return self.rules.frozen_in(self.snapshot.stage)

    @property
    def gate_lines(self) -> tuple[Line, ...]:
        """Lines as gates read them: the draft before the stage that freezes plans, the plan in force from it on."""
        return self.lines if self.rules.frozen_in(self.snapshot.stage) else self.draft


def _time(value: str | None) -> datetime | None:
    return None if value is None else _moment(value)


def _date(value: str) -> date:
    return date.fromisoformat(value[:10])


def _day(value: str | None) -> date | None:
    return None if value is None else _date(value)


def _named(row: Any, parts: Mapping[str, Held], at: datetime) -> dict[int, frozenset[int]]:
    """Active people of the groups and roles that steps of the open review name; grants as of the organization's day.

    Members of a group count as far as they may decide here at all, by a role on the branch or a part.
    """
    today = at.astimezone(ZoneInfo(row.timezone)).date()

    def in_force(start: str | None, end: str | None) -> bool:
        return (start is None or _date(start) <= today) and (end is None or _date(end) >= today)

    deciding = {person for person, start, end in json.loads(row.deciding) if in_force(start, end)}
    deciding |= {held.person_id for part, held in parts.items() if part in DECIDING_PARTS}
    found: dict[int, set[int]] = {}
    for step, person in json.loads(row.members):
        if person in deciding:
            found.setdefault(step, set()).add(person)
    for step, person, start, end in json.loads(row.role_holders):
        if in_force(start, end):
            found.setdefault(step, set()).add(person)
    return {step: frozenset(people) for step, people in found.items()}


def _value(
    rules: Rules, currency: str, lines: Iterable[Line], sizes: Mapping[str, Any], rates: Mapping[str, str]
) -> tuple[Decimal | None, tuple[str, ...]]:
    """What the decision table calls value, in the set's currency, and currencies that lack a plan rate.

    Run rate and one-off cost each from the effect lines that bear amounts, else from the best form that sizes the
    measure: an empty line takes no decider away. A one-off gain makes no cost smaller. Nothing at all is zero.
    """
    known = {currency: Decimal(1)} | {code: Decimal(rate) for code, rate in rates.items()}
    to = known.get(rules.currency or currency)
    run_rates: dict[str, int] = {}
    one_offs: dict[str, int] = {}
    for line in lines:
        recurring = line.timing == "recurring"
        minor = line.run_rate if recurring else min(line.plan or 0, 0)
        if line.currency and minor:
            sums = run_rates if recurring else one_offs
            sums[line.currency] = sums.get(line.currency, 0) + minor
    form: Mapping[str, Any] = next((sizes[kind] for kind in VALUE_FORMS if kind in sizes), {})
    run_rates = run_rates or _sized(form.get("run_rate"))
    one_offs = one_offs or _sized(form.get("one_off"))
    used = {*run_rates, *one_offs}
    lacking = tuple(sorted(used - known.keys())) or (() if to else (rules.currency,))
    if lacking or not to:
        return None, lacking
    rate = to

    def rate_of(code: str, minor: int) -> Decimal:
        return from_minor(minor, code) * known[code] / rate

    return value_of_figures(run_rates, one_offs, rate_of), ()


def _rates(row: Any, at: datetime) -> dict[str, str]:
    """Plan rates in force on the organization's day, the latest of each currency."""
    today = at.astimezone(ZoneInfo(row.timezone)).date()
    return {currency: rate for currency, rate, day in json.loads(row.rates) if _date(day) <= today}


def _sized(said: Mapping[str, str] | None) -> dict[str, int]:
    """An amount of an evidence form in minor units by its currency."""
    return {said["currency"]: exact_minor(Decimal(said["amount"]), said["currency"])} if said else {}


def _review(row: Any) -> ReviewFact | None:
    dossiers = json.loads(row.review)
    if not dossiers:
        return None
    votes: dict[int, list[VoteFact]] = {}
    for step_id, person, behalf, verdict, at, basis in json.loads(row.votes):
        votes.setdefault(step_id, []).append(VoteFact(person, verdict, basis, _moment(at), behalf))
    steps = tuple(
        StepFact(
            i, key, name, waits, order, json.loads(rule), json.loads(deciders), tuple(votes.get(i, ())), _time(at),
            quorum, bool(veto), bool(sign), attests, state,
        )
        for i, key, name, waits, order, rule, deciders, at, quorum, veto, sign, attests, state in json.loads(row.steps)
    )  # fmt: skip
    number, into, asked_by, opened, dossier, basis = dossiers[-1]
    return ReviewFact(number, into, basis, dossier, asked_by, _moment(opened), steps)


def _loaded(session: Session, row: Any, at: datetime) -> Loaded:
    measure: Measure = row.Measure
    parts = {part: Held(person, name, bool(active)) for part, person, name, active in json.loads(row.parts)}
    review = _review(row)
    fields: dict[str, Any] = {name: getattr(measure, name) for name in FIELDS}
    predecessors = tuple(PredecessorFact(*item) for item in json.loads(row.predecessors))
    fields["dependencies"] = [item.key for item in predecessors]
    fields["measure_package"] = row.branch_kind == "measure_package"
    fields["vendor_spend"] = (
        None if measure.vendor_spend is None else int(from_minor(measure.vendor_spend, row.currency))
    )
    rules = rules_for(session, measure.workflow_version_id, row.digest)
    cells, working = cells_of(row), json.loads(row.lines)
    plan_number, planned = planned_in(row.plan)
    frozen = bool(plan_number and rules.frozen_in(measure.stage))
    locked = str(row.locked or "")[:7]
    facts = tuple(
        line_fact(
            stated_in(planned, each) if frozen else each, cells.get(each[0]) or Cells(), locked, frozen=frozen
        )
        for each in working
    )
    draft = tuple(working_line(each, cells.get(each[0])) for each in working)
    in_force = tuple(each.under(planned) for each in draft) if plan_number else draft
    lines = in_force if frozen else draft
    pieces = json.loads(row.evidence)
    evidence = tuple(
        EvidenceFact(
            kind, eid, rid, number, digest, frozenset(p for p in (person, behalf) if p), _day(until), judged or "",
            passage, kind_no, milestone or "",
        )
        for kind, eid, rid, number, digest, person, behalf, until, judged, passage, kind_no, milestone, _ in pieces
    )  # fmt: skip
    sizes = {kind: json.loads(said) for kind, *_, said in pieces if said}
    fields["service_tier"] = (row.service_details or {}).get("tier", "")
    rates = _rates(row, at)
    fields["value"], no_rate = _value(rules, row.currency, lines, sizes, rates)
    figures = {f"{line.id}:run_rate": line.run_rate for line in lines if line.run_rate is not None}
    figures |= {f"{line.id}:plan": line.plan for line in lines if line.plan is not None}
    snapshot = Snapshot(
        key=measure.key,
        stage=measure.stage,
        state=measure.state,
        version=measure.version,
        fields=fields,
        parts=parts,
        evidence=evidence,
        milestones=tuple(
            MilestoneFact(i, name, owner, _day(plan), _day(actual), bool(final))
            for i, name, owner, plan, actual, final in json.loads(row.milestones)
        ),
        risks=tuple(
            RiskFact(i, rating, owner, resp or "", bool(block), bool(op))
            for i, rating, owner, resp, block, op in json.loads(row.risks)
        ),
        predecessors=predecessors,
        figures=figures,
        lines=facts,
        kpis=kpi_facts(row),
        locked=locked,
        conditions=tuple(
            ConditionFact(i, state, _date(due), bool(blocking), owner, setter)
            for i, state, due, blocking, owner, setter in json.loads(row.conditions)
        ),
        lookbacks=tuple(
            LookbackFact(i, state, _date(due), into) for i, state, due, into in json.loads(row.lookbacks)
        ),
        no_rate=no_rate,
        unrated=tuple(sorted({each.currency for each in draft if each.planned} - {"", row.currency, *rates})),
        claims=tuple(row.Card.overlapping) if row.Card else (),
        passage_id=row.passage,
        review=review,
    )
    place = Place(row.path, {part: held.person_id for part, held in parts.items()}, measure.branch_id)
    declared = declared_in(row)
    named = _named(row, parts, at)
    return Loaded(
        measure, row.Card, with_electors(rules, snapshot, named), rules, place, row.currency, row.timezone,
        row.workflow_id, in_force, declared,
        row.branch_kind, clock_facts(row), tuple(measure_id for (measure_id,) in json.loads(row.successors)),
        frozenset((step, kind, person) for step, kind, person in json.loads(row.barred)), named,
        plan_number, forecasts(cells), draft, next(((i, state) for i, state in json.loads(row.plan_change)), None),
        status_rows(row),
    )  # fmt: skip


@cache
def by_key() -> Select[Any]:
    """Made once, as the next: SQLAlchemy takes longer to look over so long a statement than to ask it."""
    consumed = select(ActionKey.person_id, ActionKey.body_digest, ActionKey.outcome)
    consumed = consumed.where(ActionKey.key == bindparam("action_key"))
    statement = snapshot_statement().add_columns(json_rows(consumed).label("consumed"))
    return statement.where(Measure.key == bindparam("measure_key"))


@cache
def _by_ids() -> Select[Any]:
    wanted = Measure.id.in_(bindparam("ids", expanding=True))
    return snapshot_statement().where(wanted).order_by(Measure.id).execution_options(populate_existing=True)


def load_measure(
    session: Session, key: str, *, lock: bool = False, neighbours: bool = False, at: datetime | None = None,
    action_key: str = "",
) -> Loaded | None:  # fmt: skip
    """A measure by key with its snapshot, in one statement.

    `lock` first locks its row until the transaction ends, with `neighbours` those of its dependencies too, all in order
    of id: whoever moves one of them waits for the others before anything is written. Roles count as of `at`, or now.
    `action_key`: whether that is consumed is read along, after the lock.
    """
    if lock:
        lock_measures(session, neighbours_of(key) if neighbours else Measure.key == key)
    row = session.execute(by_key(), {"measure_key": key, "action_key": action_key}).first()
    return None if row is None else measure_in(session, row, at or datetime.now(UTC))


def measure_in(session: Session, row: Any, at: datetime) -> Loaded:
    """The measure from a row of `by_key`."""
    loaded = _loaded(session, row, at)
    loaded.key_row = next(map(tuple, json.loads(row.consumed)), None)
    return loaded


def load_measures(
    session: Session, ids: Iterable[int], *, lock: bool = False, at: datetime | None = None
) -> list[Loaded]:
    """Measures by id, in order of id, with their snapshots, in one statement; `lock` first locks their rows."""
    moment = at or datetime.now(UTC)
    wanted = list(ids)
    if lock:
        lock_measures(session, Measure.id.in_(wanted))
    return [_loaded(session, row, moment) for row in session.execute(_by_ids(), {"ids": wanted}).all()]


def place_of(session: Session, measure_id: int) -> Place | None:
    """Where a measure stands and who holds its parts; enough for a question of rights."""
    rows = session.execute(
        select(Branch.path, Measure.branch_id, Part.part, Part.person_id)
        .select_from(Measure)
        .join(Branch, Branch.id == Measure.branch_id)
        .outerjoin(Part, Part.measure_id == Measure.id)
        .where(Measure.id == measure_id)
    ).all()
    if not rows:
        return None
    return Place(rows[0].path, {row.part: row.person_id for row in rows if row.part}, rows[0].branch_id)
