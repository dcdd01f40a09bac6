"""Names of stages, evidence kinds and approval steps by their keys, from the active rules; for sentences."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.gates import WorkflowVersion
from govapp.data.rulebook import rules_for


@dataclass(frozen=True, slots=True)
class CodeNames:
    """Names by key."""

    stages: dict[str, str]
    kinds: dict[str, str]
    steps: dict[str, str]


def code_names(session: Session) -> CodeNames:
    """Names of all active workflow versions; where two name a key differently, the newest counts."""
    names = CodeNames({}, {}, {})
    active = select(WorkflowVersion.id, WorkflowVersion.digest).where(WorkflowVersion.state == "active")
    for row in session.execute(active.order_by(WorkflowVersion.id)):
        rules = rules_for(session, row.id, row.digest)
        names.stages.update((stage.key, stage.name) for stage in rules.stages)
        names.kinds.update((key, kind.name) for key, kind in rules.kinds.items())
        names.steps.update((step.key, step.name) for step in rules.steps.values())
    return names
