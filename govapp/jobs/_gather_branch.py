"""Gathers a branch report: stages, measures, what waits for whom, as of a log sequence."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.figures_then import Then, figures_then
from govapp.data.report_queries import (
    OrganizationThen,
    Recorded,
    Row,
    branch_names,
    branches_below,
    kept,
    measures_in,
    names_at,
    organization_at,
    record_of,
)
from govapp.data.rulebook import rules_for
from govapp.data.structure import Branch
from govapp.domain.gates import gate_findings
from govapp.domain.money import from_minor
from govapp.domain.rules import Rules
from govapp.jobs._gather_clocks import ClocksThen, clocks_then
from govapp.jobs._gather_money import branch_money
from govapp.jobs._gather_statuses import statuses_then
from govapp.present.findings import stage_name, who_words
from govapp.present.language import gettext as _
from govapp.reports.branch import BranchData, MeasureRow, StageRow, Wait, WaitGroup, WaitingMeasure
from govapp.reports.paper import LogHead
from govapp.services._report_rights import Reach
from govapp.services._report_snapshot import (
    People,
    name_of,
    people_in,
    review_fact,
    snapshot_at,
    standings_of,
    values_at,
)

SHOWN = ("active", "on_hold")


@dataclass(frozen=True, slots=True)
class _Context:
    session: Session
    seq: int
    at: datetime
    organization: OrganizationThen
    top: int
    branches: dict[int, Row]
    people: People
    rules: dict[int, Rules]
    clocks: ClocksThen
    figures: dict[int, Then]


def branch_data(
    session: Session, branch_id: int, seq: int, at: datetime, reach: Reach, head: LogHead, base_url: str
) -> BranchData | None:
    """The branch report; figures add up only what the reach covers. None when the branch was not there then."""
    branches = branches_below(session, seq, branch_id)
    if not branches:
        return None
    top = branches[0]
    readable = _readable(session, branches, reach)
    also = [] if reach.whole else list(reach.measures)
    measures = [
        row
        for row in measures_in(session, seq, readable, also)
        if row["branch_id"] in {b["id"] for b in branches}
    ]
    shown = [row for row in measures if row["state"] in SHOWN]
    rules = {i: rules_for(session, i) for i in sorted({row["workflow_version_id"] for row in measures})}
    rated = any(each.statuses is not None for each in rules.values())
    recorded = record_of(session, seq, shown, full=rated)
    organization = organization_at(session, seq, top["organization_id"])
    clocks = clocks_then(session, seq, at, organization.id, organization.timezone, recorded.values())
    context = _Context(
        clocks=clocks,
        session=session,
        seq=seq,
        at=at,
        organization=organization,
        top=top["id"],
        branches={row["id"]: row for row in branches},
        people=names_at(session, seq, {i for each in recorded.values() for i in people_in(each)}),
        rules=rules,
        figures=figures_then(session, seq, organization, recorded, rules),
    )
    rows = {i: _measure(context, each, priced=reach.priced) for i, each in recorded.items()}
    waits = _waits(context, recorded)
    stages = _stages(context, recorded, rows)
    return BranchData(
        name=top["name"],
        organization=organization.name,
        branch_path=" › ".join(branch_names(session, seq, top["path"])),
        rules=_rules_words(context.rules.values()),
        as_of=at,
        zone=organization.timezone,
        log_head=head,
        stages=stages,
        measures=tuple(replace(rows[i], waits=waits.get(i, ())) for i in _ordered(stages, rows)),
        waits=_groups(recorded, waits),
        proposed=sum(row["state"] == "proposed" for row in measures),
        cancelled=sum(row["state"] == "cancelled" for row in measures),
        partial=len(readable) < len(branches),
        priced=reach.priced,
        frozen_from=_frozen(context.rules.values()),
        money=branch_money(
            session, seq, sorted(recorded), organization, context.rules.values(), _today(context)
        )
        if reach.priced
        else None,
        base_url=base_url,
    )


def _readable(session: Session, branches: list[Row], reach: Reach) -> list[int]:
    """Ids of the branches that are read: by where they lie today, since rights are today's."""
    ids = [row["id"] for row in branches]
    if reach.whole:
        return ids
    tops = session.scalars(select(Branch.path).where(Branch.id.in_(reach.branches))).all()
    now = session.execute(select(Branch.id, Branch.path).where(Branch.id.in_(ids)))
    return [row.id for row in now if any(row.path.startswith(path) for path in tops)]


def _today(context: _Context) -> date:
    return context.at.astimezone(ZoneInfo(context.organization.timezone)).date()


def _measure(context: _Context, recorded: Recorded, *, priced: bool) -> MeasureRow:
    measure = recorded.measure
    rules = context.rules[measure["workflow_version_id"]]
    owner = next((row["person_id"] for row in recorded.parts if row["part"] == "owner"), None)
    then = context.figures.get(measure["id"])
    snapshot = snapshot_at(recorded, {}, {}, context.organization.currency, "")
    snapshot = then.within(snapshot) if then else snapshot
    said = statuses_then(recorded, rules, snapshot, then, context.clocks, _today(context))
    colours = {kind: colour_of(each.colour) for kind, each in said.items()}
    values = values_at(recorded) if priced else {}
    return MeasureRow(
        key=measure["key"],
        title=measure["title"],
        owner=name_of(context.people, owner),
        stage=stage_name(rules, measure["stage"]),
        state=measure["state"],
        implementation=colours.get("implementation", "none"),
        potential=colours.get("potential", "none"),
        values=tuple((code, from_minor(minor, code)) for code, minor in sorted(values.items())),
        branch="" if measure["branch_id"] == context.top else context.branches[measure["branch_id"]]["name"],
    )


def colour_of(colour: str) -> str:
    """A stored status colour in the words of reports."""
    return "amber" if colour == "yellow" else colour


def _waits(context: _Context, recorded: dict[int, Recorded]) -> dict[int, tuple[Wait, ...]]:
    """What each measure with an open review waits for; where every step is granted, its gate is looked at."""
    waits: dict[int, tuple[Wait, ...]] = {}
    granted = []
    for i, each in recorded.items():
        if each.open_review() is None or each.measure["state"] != "active":
            continue
        waits[i] = waits_of(
            each, context.people, context.rules[each.measure["workflow_version_id"]], context.clocks
        )
        if not waits[i]:
            granted.append(each.measure)
    for i, each in record_of(context.session, context.seq, granted, full=True).items():
        waits[i] = (_granted(context, each),)
    return waits


def waits_of(recorded: Recorded, people: People, rules: Rules, clocks: ClocksThen) -> tuple[Wait, ...]:
    """What an open review waits for, whom, since when: one for each open step, none when every step is granted."""
    review = recorded.open_review()
    if review is None:
        return ()
    fact = review_fact(recorded, review)
    states = standings_of(fact)
    targets = {each.key: each.target_hours for each in rules.steps.values()}
    holders = {row["part"]: row["person_id"] for row in recorded.parts}
    found = []
    for step in fact.steps:
        if states[step.id].state != "open":
            continue
        parts = step.deciders.get("parts", ())
        whom = [name_of(people, holders.get(part)) or who_words(f"part:{part}") for part in parts]
        whom += [who_words(f"role:{role}") for role in step.deciders.get("roles", ())]
        whom += [who_words(f"group:{group}") for group in step.deciders.get("groups", ())]
        since = step.opened_at or fact.opened_at
        worked = clocks.worked(recorded.measure["id"], step.id, since)
        found.append(Wait(step.name, tuple(dict.fromkeys(whom)), since, targets.get(step.key), worked))
    return tuple(found)


def _granted(context: _Context, recorded: Recorded) -> Wait:
    """Approved: the owner moves it, or first supplies what has come open again."""
    measure = recorded.measure
    rules = context.rules[measure["workflow_version_id"]]
    review = recorded.open_review()
    into = review["into"] if review else ""
    on = [row["on_measure_id"] for row in recorded.dependencies]
    others = {
        row["id"]: row for row in kept(context.session, context.seq, "measure", lambda t: t.c.id.in_(on))
    }
    people = names_at(context.session, context.seq, people_in(recorded))
    kind = context.branches[measure["branch_id"]]["kind"]
    snapshot = snapshot_at(recorded, people, others, context.organization.currency, kind)
    today = context.at.astimezone(ZoneInfo(context.organization.timezone)).date()
    unmet = [f for f in gate_findings(rules, rules.gates[into], snapshot, today) if not f.met]
    stage = stage_name(rules, into)
    what = (
        _("criteria of %(stage)s, open again", stage=stage)
        if unmet
        else _("the move to %(stage)s, approved", stage=stage)
    )
    owner = snapshot.parts.get("owner")
    return Wait(
        what, (owner.name if owner else who_words("part:owner"),), review["opened_at"] if review else None
    )


def _groups(recorded: dict[int, Recorded], waits: dict[int, tuple[Wait, ...]]) -> tuple[WaitGroup, ...]:
    groups: dict[str, list[WaitingMeasure]] = {}
    for i, each in waits.items():
        measure = recorded[i].measure
        for wait in each:
            for name in wait.whom:
                clock = (wait.hours, wait.worked, wait.late)
                row = WaitingMeasure(measure["key"], measure["title"], wait.what, wait.since, *clock)
                groups.setdefault(name, []).append(row)
    return tuple(WaitGroup(name, tuple(rows)) for name, rows in sorted(groups.items()))


def _ordered(stages: tuple[StageRow, ...], rows: dict[int, MeasureRow]) -> list[int]:
    """Measures by stage, then by number."""
    places = {stage.name: place for place, stage in enumerate(stages)}
    return sorted(rows, key=lambda i: (places.get(rows[i].stage, -1), i))


def _stages(
    context: _Context, recorded: dict[int, Recorded], rows: dict[int, MeasureRow]
) -> tuple[StageRow, ...]:
    """Every stage of the rules in use, also the empty ones, in their order."""
    names: dict[str, int] = {}
    for rules in context.rules.values():
        for stage in rules.stages:
            names.setdefault(stage.name, rules.order[stage.key])
    found = []
    for name in sorted(names, key=lambda name: (names[name], name)):
        inside = [rows[i] for i in recorded if rows[i].stage == name]
        sums: dict[str, Decimal] = {}
        for row in inside:
            for code, value in row.values:
                sums[code] = sums.get(code, Decimal(0)) + value
        on_hold = sum(row.state == "on_hold" for row in inside)
        found.append(StageRow(name, len(inside), on_hold, tuple(sorted(sums.items()))))
    return tuple(found)


def _rules_words(used: Iterable[Rules]) -> str:
    return ", ".join(dict.fromkeys(_("%(name)s, version %(n)s", name=r.name, n=r.version) for r in used))


def _frozen(used: Iterable[Rules]) -> str:
    return next((rules.freezing.name for rules in used if rules.freezing), "")
