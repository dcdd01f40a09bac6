"""Rows of a workflow version: stored when it is switched on, so that boards and lists find stages, gates and forms."""

import json
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from govapp.data.gates import (
    Criterion,
    EvidenceKindRow,
    EvidenceKindVersion,
    Gate,
    Stage,
    Workflow,
    WorkflowVersion,
)
from govapp.data.types import canonical
from govapp.data.version_queries import stages_occupied
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rule_check import check, faults
from govapp.domain.rule_findings import RuleFinding, warning
from govapp.domain.rules import GateRule, Rules, parse_rules
from govapp.services._work import Work
from govapp.services.calendars import _install_everywhere

DRAFT, ACTIVE, RETIRED = "draft", "active", "retired"


def _workflow_for(work: Work, key: str, name: str) -> Workflow:
    """The workflow of that key, locked, made if it is new."""
    workflow = work.session.scalar(select(Workflow).where(Workflow.key == key).with_for_update())
    if workflow is None:
        workflow = Workflow(key=key, name=name)
        work.session.add(workflow)
        work.session.flush()
    return workflow


def _new_version(
    work: Work, workflow: Workflow, data: dict[str, Any], digest: str, note: str
) -> WorkflowVersion:
    """The next version of a workflow, as a draft."""
    newest = select(func.max(WorkflowVersion.number)).where(WorkflowVersion.workflow_id == workflow.id)
    version = WorkflowVersion(
        workflow_id=workflow.id, number=(work.session.scalar(newest) or 0) + 1, state=DRAFT, digest=digest,
        definition=data, note=note, made_by=work.actor.id, made_at=work.at,
    )  # fmt: skip
    work.session.add(version)
    work.session.flush()
    return version


def findings_of(session: Session, version: WorkflowVersion) -> tuple[RuleFinding, ...]:
    """What the check says about a version, and whether its own number is that of another."""
    found = check(version.definition)
    said = _said_version(version.definition)
    others = session.execute(
        select(WorkflowVersion.number, WorkflowVersion.definition).where(
            WorkflowVersion.workflow_id == version.workflow_id,
            WorkflowVersion.id != version.id,
            WorkflowVersion.state != DRAFT,
        )
    )
    same = [number for number, definition in others if _said_version(definition) == said]
    return (*(warning("version_number_taken", said, by=number) for number in same), *found)


def _said_version(definition: dict[str, Any]) -> str:
    head = definition.get("set")
    return str(head.get("version")) if isinstance(head, dict) else ""


def _switch_on(work: Work, workflow: Workflow, version: WorkflowVersion, right: str, note: str = "") -> None:
    """Make a version the one that new measures start under; the earlier one is retired.

    Raises Invalid while the check finds faults, and while measures stand in a stage that the version does not have.
    """
    wrong = faults(findings_of(work.session, version))
    if wrong:
        raise Invalid(
            "version_faulty",
            count=len(wrong),
            faults=[[each.code, each.about, dict(each.values)] for each in wrong],
        )
    rules = parse_rules(version.definition)
    gone = stages_occupied(work.session, workflow.id, rules.order)
    if gone:
        raise Invalid("stages_occupied", stages=", ".join(f"{name} ({count})" for name, count in gone))
    session = work.session
    earlier = (WorkflowVersion.workflow_id == workflow.id, WorkflowVersion.state == ACTIVE)
    retired = session.scalars(select(WorkflowVersion.number).where(*earlier)).all()
    session.execute(update(WorkflowVersion).where(*earlier).values(state=RETIRED))
    if version.state == DRAFT:
        _store_rows(work, workflow, version, rules)
    version.state, version.activated_at = ACTIVE, work.at
    workflow.name = rules.name
    payload = {
        "workflow": workflow.key, "number": version.number, "set_version": rules.version,
        "digest": version.digest, "retired": list(retired), "reason": note,
    }  # fmt: skip
    work.log(
        Event.WORKFLOW_ACTIVATED, payload, right=right, object_type="workflow", object_id=workflow.key,
    )  # fmt: skip
    _install_everywhere(work, version.definition, right)


def _store_rows(work: Work, workflow: Workflow, version: WorkflowVersion, rules: Rules) -> None:
    for place, stage in enumerate(rules.stages):
        row = Stage(
            workflow_version_id=version.id,
            key=stage.key,
            name=stage.name,
            meaning=stage.meaning,
            position=place,
        )
        row.wip_hint, row.terminal = stage.wip_hint, stage.terminal
        work.session.add(row)
    for gate in rules.gates.values():
        _store_gate(work, version.id, gate)
    for kind in rules.kinds.values():
        _store_kind(work, workflow.id, kind)


def _store_gate(work: Work, version_id: int, gate: GateRule) -> None:
    row = Gate(
        workflow_version_id=version_id,
        into=gate.into,
        came_from=gate.came_from,
        question=gate.question,
    )
    work.session.add(row)
    work.session.flush()
    work.session.add_all(
        Criterion(
            gate_id=row.id, key=each.key, kind=each.kind, position=place, params=dict(each.params),
            condition=dict(each.when), wording=each.wording, supplied_by=list(each.supplied_by),
        )
        for place, each in enumerate(gate.criteria)
    )  # fmt: skip


def _store_kind(work: Work, workflow_id: int, kind: EvidenceKind) -> None:
    """A kind's row, and a version row when its digest is new; measures on older rules go on using theirs."""
    session = work.session
    row = session.scalar(
        select(EvidenceKindRow).where(
            EvidenceKindRow.workflow_id == workflow_id, EvidenceKindRow.key == kind.key
        )
    )
    if row is None:
        row = EvidenceKindRow(workflow_id=workflow_id, key=kind.key)
        session.add(row)
        session.flush()
    rows = session.execute(
        select(EvidenceKindVersion.digest, EvidenceKindVersion.number).where(
            EvidenceKindVersion.evidence_kind_id == row.id
        )
    )
    stored = {each.digest: each.number for each in rows}
    if kind.digest in stored:
        return
    definition = json.loads(canonical(kind.to_dict()))
    number = max(stored.values(), default=0) + 1
    session.add(
        EvidenceKindVersion(evidence_kind_id=row.id, number=number, digest=kind.digest, definition=definition)
    )
