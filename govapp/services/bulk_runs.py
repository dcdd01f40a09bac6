"""Works off a decision asked for many measures, one transaction each; goes on where a worker died (R41)."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select, update

from govapp.data.engine import reading
from govapp.data.imports import Batch, BatchRow
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import GovappError
from govapp.domain.events import Event
from govapp.services._work import Busy, Origin, Work, now, writing
from govapp.services.bulk import JOB, KIND
from govapp.services.moves import MoveMeasure, move_measure

# No sign of life for so long means that the worker is gone; items take tenths of a second.
SILENT = timedelta(seconds=30)
_log = logging.getLogger("govapp.bulk")


def run_bulk(batch_id: int) -> None:
    """Work off what is still staged, one transaction a measure; run twice or resumed, it does each once (R41).

    A busy database ends the run and decides nothing: `resume_bulk` hands over what is left.
    """
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.kind != KIND or batch.state == "done":
            return
        person = batch.person_id
        staged = [
            (row.number, dict(row.content))
            for row in session.scalars(
                select(BatchRow)
                .where(BatchRow.batch_id == batch_id, BatchRow.state == "staged")
                .order_by(BatchRow.number)
            )
        ]
    origin, program = Origin(person, "job", f"bulk-{batch_id}"), Origin(None, "job", f"bulk-{batch_id}")
    try:
        for number, content in staged:
            state, outcome = _do_one(origin, content)
            writing(program, partial(_note, batch_id=batch_id, number=number, state=state, outcome=outcome))
        writing(program, partial(_finish, batch_id=batch_id))
    except Busy:
        _log.warning("bulk %s: the database is busy; what is staged is handed over again", batch_id)


def _do_one(origin: Origin, content: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Ask for one measure under a key of its own, so that a second run gets the first answer. Raises Busy.

    The key cannot be guessed: one that somebody else used before would have the item refused.
    """
    said = content["ask"]
    command = MoveMeasure(
        content["key"], origin, content["version"], said["stage"], AskKind(said["kind"]), said["reason"],
        content["action_key"], said["details"],
    )  # fmt: skip
    try:
        outcome = move_measure(command)
    except Busy:
        raise
    except GovappError as error:
        return "refused", {
            "error": error.code,
            "values": {name: str(value) for name, value in error.values.items()},
        }
    findings = [
        [finding.key, finding.code, dict(finding.values), finding.wording]
        for finding in (outcome.decision.unmet if outcome.decision else ())
    ]
    done = outcome.outcome is not Outcome.REFUSED
    return "changed" if done else "refused", {
        "outcome": str(outcome.outcome), "to": outcome.to, "review": outcome.review_id, "findings": findings,
    }  # fmt: skip


def _note(work: Work, *, batch_id: int, number: int, state: str, outcome: dict[str, Any]) -> None:
    row = (BatchRow.batch_id == batch_id, BatchRow.number == number, BatchRow.state == "staged")
    work.session.execute(update(BatchRow).where(*row).values(state=state, outcome=outcome))
    done = select(func.count()).where(BatchRow.batch_id == batch_id, BatchRow.state != "staged")
    refused = select(func.count()).where(BatchRow.batch_id == batch_id, BatchRow.state == "refused")
    counts = {"done": done.scalar_subquery(), "refused": refused.scalar_subquery(), "done_at": work.at}
    work.session.execute(update(Batch).where(Batch.id == batch_id).values(counts))


def _finish(work: Work, *, batch_id: int) -> None:
    batch = work.session.get_one(Batch, batch_id, with_for_update=True)
    if batch.state == "done":
        return
    batch.state, batch.done_at, batch.changed = "done", work.at, batch.done - batch.refused
    work.log(
        Event.BULK_DONE,
        {"done": batch.changed, "refused": batch.refused},
        object_type="batch", object_id=str(batch_id), branch_id=batch.branch_id,
    )  # fmt: skip
    if batch.person_id:
        work.tell(
            batch.person_id,
            "bulk_done",
            payload={"batch": batch_id, "done": batch.changed, "refused": batch.refused},
        )


def resume_bulk(origin: Origin) -> list[int]:
    """Hand batches whose worker fell silent to the queue again; returns their ids. A plain read when there are none."""
    silent = (origin.at or now()) - SILENT
    with reading() as session:
        lost = list(
            session.scalars(
                select(Batch.id).where(Batch.kind == KIND, Batch.state == "running", Batch.done_at < silent)
            )
        )
    for batch_id in lost:
        writing(origin, partial(_again, batch_id=batch_id))
    return lost


def _again(work: Work, *, batch_id: int) -> None:
    work.session.execute(update(Batch).where(Batch.id == batch_id).values(done_at=work.at))
    work.deliver("job", {"name": JOB, "args": [batch_id]})
