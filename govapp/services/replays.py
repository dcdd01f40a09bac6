"""Trials of a version on past decisions and open measures: asked for, looked at later. The record stays as it is."""

from dataclasses import dataclass
from typing import Any

from govapp.data.gates import Replay, Workflow, WorkflowVersion
from govapp.data.replay_queries import count_ahead, span_of
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rule_check import faults
from govapp.services._keys import writing_once
from govapp.services._people_rights import _may_anywhere
from govapp.services._versions import findings_of
from govapp.services._work import Origin, Work

JOB = "govapp.jobs.rules.replay"
MOST_WANTED = 20_000


@dataclass(frozen=True, slots=True)
class StartReplay:
    """Try a version on the last `wanted` decisions and on every open measure."""

    origin: Origin
    version_id: int
    wanted: int = 1000
    action_key: str = ""


def start_replay(command: StartReplay, *, by_job: bool) -> int:
    """Begin a trial and return its id; `by_job` hands it to a worker, else the caller goes on. Needs `governance:edit`.

    Raises NotFound, Refused, and Invalid while the check finds faults: such rules cannot be asked.
    """
    if not 0 <= command.wanted <= MOST_WANTED:
        raise Invalid("not_saved", {"wanted": ["replay_wanted"]})
    return int(writing_once(command, lambda work: _start(work, command, by_job=by_job))["replay"])


def _start(work: Work, command: StartReplay, *, by_job: bool) -> dict[str, Any]:
    right = _may_anywhere(work, Permission.GOVERNANCE_EDIT)
    session = work.session
    version = session.get(WorkflowVersion, command.version_id)
    if version is None:
        raise NotFound("not_found", version=command.version_id)
    wrong = faults(findings_of(session, version))
    if wrong:
        raise Invalid(
            "version_faulty",
            count=len(wrong),
            faults=[[each.code, each.about, dict(each.values)] for each in wrong],
        )
    records, after, last = span_of(session, version.workflow_id, command.wanted)
    measures = count_ahead(session, version.workflow_id)
    row = Replay(
        workflow_version_id=version.id, wanted=command.wanted, asked_by=work.actor.id, made_at=work.at, state="queued",
        todo=records + measures, place={"after": after, "last": last, "records": records, "measure": 0},
        beat_at=work.at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    workflow = session.get_one(Workflow, version.workflow_id)
    work.log(
        Event.REPLAY_ASKED,
        {"workflow": workflow.key, "number": version.number, "digest": version.digest, "decisions": records,
         "measures": measures},
        right=right, object_type="replay", object_id=str(row.id),
    )  # fmt: skip
    if by_job:
        work.deliver("job", {"name": JOB, "args": [row.id]})
    return {"replay": row.id}
