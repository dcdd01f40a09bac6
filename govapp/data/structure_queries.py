"""Read queries about the tree: the workflow in force, branches, and roll-ups from the maintained totals."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.gates import WorkflowVersion
from govapp.data.rulebook import active_version
from govapp.data.structure import Branch


def path_ids(path: str) -> list[int]:
    """The ids in a branch's path, from the root down."""
    return [int(part) for part in path.split("/") if part]


def workflow_for(session: Session, branch: Branch) -> int | None:
    """The workflow in force at a branch: its own, else that of the nearest branch above; None when there is none."""
    if branch.workflow_id is not None:
        return branch.workflow_id
    above = path_ids(branch.path)[:-1]
    rows = session.execute(select(Branch.id, Branch.workflow_id).where(Branch.id.in_(above))).all()
    own = dict(rows)
    return next((found for each in reversed(above) if (found := own.get(each)) is not None), None)


def version_for(session: Session, branch: Branch) -> WorkflowVersion | None:
    """The workflow version a new measure on this branch starts under; None when no workflow is in force."""
    workflow = workflow_for(session, branch)
    return None if workflow is None else active_version(session, workflow)


def branch_by_key(session: Session, key: str) -> Branch | None:
    """A branch by its key."""
    return session.scalar(select(Branch).where(Branch.key == key))
