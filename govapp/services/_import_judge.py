"""Says of a row what it would change, or why it is refused: the same for the dry run and for the import."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.finance import CONFIRMED
from govapp.data.import_queries import Known
from govapp.data.measure_queries import workflow_id_at
from govapp.data.plan_queries import PLAN
from govapp.data.rate_queries import rate_table
from govapp.data.rulebook import active_version, rules_for
from govapp.data.structure import Branch
from govapp.domain.exchange import RateTable
from govapp.domain.measures import plan_date_fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, right_of
from govapp.domain.rules import StageRule
from govapp.domain.structure import may_lie_under, name_fault
from govapp.services._import_changes import Change, Content, Problems, changes_of, problem_of, problems_of
from govapp.services._import_frame import Frame
from govapp.services._work import Work
from govapp.services.measures import HOLDS_MEASURES

Levels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where new measures come to lie: the deepest branch there is, the levels still to be added, the rules in force."""

    branch_id: int
    branch_key: str
    kind: str
    path: str
    archived: bool
    missing: Levels
    version_id: int | None
    stages: frozenset[str]
    frozen: frozenset[str]


@dataclass
class Targets:
    """Where rows lead and what is in force there, as far as one transaction has asked for it."""

    known: dict[Levels, Target] = field(default_factory=dict)
    versions: dict[int | None, tuple[int | None, frozenset[str], frozenset[str]]] = field(
        default_factory=dict
    )
    rates: RateTable | None = None

    def added(self, levels: Levels) -> None:
        """Forget the rows that lead to or through a branch just added."""
        for other in [other for other in self.known if other[: len(levels)] == levels]:
            del self.known[other]


def levels_of(content: Content) -> Levels:
    """Kind and name of the branches a row names below the import's branch."""
    return tuple((kind, " ".join(name.split())) for kind, name in content["branch"])


def target_for(session: Session, frame: Frame, levels: Levels, targets: Targets) -> Target:
    """Where the levels of a row lead; read once for all rows that name the same."""
    if levels not in targets.known:
        targets.known[levels] = _target(session, frame, levels, targets)
    return targets.known[levels]


def _target(session: Session, frame: Frame, levels: Levels, targets: Targets) -> Target:
    branch, missing = frame.branch, levels
    for kind, name in levels:
        below = select(Branch).where(Branch.parent_id == branch.id, Branch.kind == kind, Branch.name == name)
        found = session.scalars(below.order_by(Branch.archived, Branch.id)).first()
        if found is None:
            break
        branch, missing = found, missing[1:]
    workflow_id = workflow_id_at(session, branch.path)
    if workflow_id not in targets.versions:
        targets.versions[workflow_id] = _in_force(session, workflow_id)
    version_id, stages, frozen = targets.versions[workflow_id]
    return Target(
        branch.id,
        branch.key,
        branch.kind,
        branch.path,
        branch.archived,
        missing,
        version_id,
        stages,
        frozen,
    )


def _in_force(session: Session, workflow_id: int | None) -> tuple[int | None, frozenset[str], frozenset[str]]:
    """The version new measures start under, its stages, and those in which plans are frozen."""
    version = active_version(session, workflow_id) if workflow_id else None
    if version is None:
        return None, frozenset(), frozenset()
    rules = rules_for(session, version.id, version.digest)
    return version.id, frozenset(rules.order), frozenset(filter(rules.frozen_in, rules.order))


def judge(
    work: Work,
    frame: Frame,
    content: Content,
    known: Known | None,
    targets: Targets,
    *,
    unclear: bool = False,
) -> tuple[list[Change], Problems]:
    """What the row changes on a known measure, or all it says of a new one; with problems it is refused.

    `targets` gathers where rows lead; `unclear`: more than one measure, or row, bears the name.
    """
    currency = frame.organization.currency
    today = work.today(frame.organization.timezone)
    problems = problems_of(content, frame.mapping, frame.choices, currency, today)
    if unclear:
        column = " / ".join(frame.mapping.title.source.columns)
        problems.append(problem_of(content, column, content["name"], "ambiguous_name"))
    elif known is None:
        target = target_for(work.session, frame, levels_of(content), targets)
        problems += _misplaced(work, content, target)
    if problems:
        return [], problems
    changes = changes_of(content, known, frame.choices, currency)
    if known:
        problems = _not_changed(work, frame, content, known, changes)
    return changes, problems or _unrated(work, frame, content, known, targets, changes)


def _unrated(
    work: Work, frame: Frame, content: Content, known: Known | None, targets: Targets, changes: list[Change]
) -> Problems:
    """Plans this import would freeze and no plan rate translates: such a row is refused, never taken at 1.0."""
    planned = {change.name for change in changes if change.what == "amount" and change.more[0] == PLAN}
    if known is None:
        target = target_for(work.session, frame, levels_of(content), targets)
        frozen = content["open_at"] in target.frozen
    else:
        loaded = known.loaded
        frozen = bool(loaded and loaded.rules.frozen_in(loaded.snapshot.stage))
    if not planned or not frozen:
        return []
    if targets.rates is None:
        targets.rates = rate_table(work.session, frame.organization.id)
    today = work.today(frame.organization.timezone)
    return [
        problem_of(content, f"{name}, {series}", amount, "rate_missing", unit)
        for _, name, _, _, _, series, amount, unit in content["amounts"]
        if series == PLAN and name in planned and unit and not targets.rates.knows(unit, today)
    ]


def _misplaced(work: Work, content: Content, target: Target) -> Problems:
    levels = levels_of(content)
    kind, name = levels[-1] if levels else (target.kind, "")
    if target.archived:
        return [problem_of(content, "branch", name, "branch_archived")]
    if kind not in HOLDS_MEASURES:
        return [problem_of(content, "branch", name, "branch_too_high")]
    found: Problems = []
    place = Place(target.path, {}, target.branch_id)
    if target.missing and right_of(work.actor, Permission.STRUCTURE_EDIT, place) is None:
        found.append(problem_of(content, "branch", target.missing[0][1], "branch_unknown"))
    elif target.missing and not may_lie_under(target.missing[0][0], target.kind):
        found.append(problem_of(content, "branch", target.missing[0][1], "branch_not_higher"))
    found += [
        problem_of(content, "branch", name, fault)
        for _, name in target.missing
        if (fault := name_fault(name))
    ]
    if target.version_id is None:
        found.append(problem_of(content, "branch", name, "branch_without_workflow"))
    elif content["open_at"] and content["open_at"] not in target.stages:
        found.append(problem_of(content, "open_at", content["open_at"], "unknown_stage"))
    return found


def _is_confirmed(known: Known, name: str) -> bool:
    line = known.lines.get(name)
    value = known.values.get((line.id, "actual")) if line else None
    return value is not None and value.standing == CONFIRMED


def _date_stands(known: Known, change: Change, frozen: StageRule | None) -> bool:
    stone = known.milestones.get(change.name)
    stands = stone is not None and (frozen is not None or stone.actual_date is not None)
    before = stone.plan_date if stone else None
    return bool(plan_date_fault(before, date.fromisoformat(change.new), stands=stands))


def _not_changed(work: Work, frame: Frame, content: Content, known: Known, changes: list[Change]) -> Problems:
    """Why a known measure does not take the row: no right there, it has ended, another line, its plan is frozen."""
    loaded = known.loaded
    if loaded is None:
        return []
    mapping = frame.mapping
    source = mapping.key if content["key"] and mapping.key else mapping.title.source
    column, value = " / ".join(source.columns), content["key"] or content["name"]
    if any(right_of(work.actor, permission, loaded.place) is None for permission in frame.needs):
        return [problem_of(content, column, value, "no_right_there")]
    if changes and (known.measure.archived or known.measure.state == "cancelled"):
        ended = "measure_archived" if known.measure.archived else "measure_cancelled"
        return [problem_of(content, column, value, ended, known.measure.key)]
    # a measure only opened here keeps the plan of its source: no gate or change of ours has frozen it
    asked = known.decided or loaded.plan_change is not None
    since = loaded.rules.frozen_in(loaded.snapshot.stage) if asked else None
    frozen = loaded.plan_locked if asked else None
    moved = {change.name for change in changes if change.what == "amount" and change.more[0] == "plan"}
    booked = {
        change.name
        for change in changes
        if change.what == "amount" and change.more[0] == "actual" and _is_confirmed(known, change.name)
    }
    found: Problems = [
        problem_of(content, f"{change.name}, {PLAN}", change.new, "plan_date_stands", change.name)
        for change in changes
        if change.what == "milestone" and change.more[0] == PLAN and _date_stands(known, change, since)
    ]
    for _, name, kind, _, timing, series, amount, unit in content["amounts"]:
        line = known.lines.get(name)
        if line is not None and (line.kind, line.timing, line.currency) != (kind, timing, unit):
            held = f"{line.kind}/{line.timing}/{line.currency}"
            found.append(problem_of(content, f"{name}, {series}", amount, "other_line", held))
        elif frozen and series == "plan" and name in moved:
            found.append(problem_of(content, f"{name}, {series}", amount, "plan_frozen", frozen.name))
        elif line is not None and series == "actual" and name in booked:
            found.append(problem_of(content, f"{name}, {series}", amount, "amount_confirmed"))
    return found
