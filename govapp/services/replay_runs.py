"""A trial's way through decisions and measures, in chunks that are kept, so that it goes on where a kill stopped it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.gates import Replay, Workflow, WorkflowVersion
from govapp.data.replay_queries import PastDecision, measures_ahead, past_decisions, silent_replays
from govapp.data.rulebook import rules_for
from govapp.data.snapshots import load_measures
from govapp.domain.events import Event
from govapp.domain.migration import REVIEW_OPEN, change_for
from govapp.domain.replay import ask_from_json, given_from_json
from govapp.domain.rules import Rules
from govapp.domain.trials import Recorded, answer_again, try_on
from govapp.services._trial_groups import Groups
from govapp.services._work import Origin, Work, now, writing
from govapp.services.replays import JOB

JOB_ORIGIN = Origin(None, "job")
CHUNK = 250
BEAT_SECONDS = 0.7
# a job may take 110 s; what is not done by then is handed on to the next
LONGEST_SECONDS = 80.0
SILENT_SECONDS = 45
QUEUED_SECONDS = 600
MOST_ATTEMPTS = 3
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Trial:
    """A trial in hand: the version tried, how far it came, and what it found so far."""

    id: int
    attempt: int
    workflow_id: int
    rules: Rules
    version_id: int
    place: dict[str, int]
    done: int
    todo: int
    groups: Groups


def run_replay(replay_id: int, progress: Progress | None = None, *, seconds: float = LONGEST_SECONDS) -> bool:
    """Go on with a trial until it is done or `seconds` have passed (then it is handed on); True when it is done.

    Run twice it is done once: an attempt that another has taken over stops. `progress(what, done, all)`.
    """
    trial = writing(JOB_ORIGIN, partial(_begin, replay_id=replay_id))
    if trial is None:
        return False
    began = told = time.monotonic()
    while _chunk(trial):
        at = time.monotonic()
        if at - told < BEAT_SECONDS:
            continue
        told = at
        if not writing(JOB_ORIGIN, partial(_keep, trial=trial)):
            return False
        if progress:
            progress("trial", trial.done, trial.todo)
        if at - began > seconds:
            writing(JOB_ORIGIN, partial(_hand_on, trial=trial))
            return False
    return writing(JOB_ORIGIN, partial(_finish, trial=trial))


def _begin(work: Work, replay_id: int) -> _Trial | None:
    session = work.session
    row = _locked(work, replay_id)
    late = row is not None and row.state == "failed" and row.problem == "no_worker"
    if row is None or not (late or row.state == "queued" or _silent(row, work)):
        return None
    row.state, row.problem, row.beat_at = "running", "", work.at
    row.attempts += 1
    version = session.get_one(WorkflowVersion, row.workflow_version_id)
    groups = Groups.of(row.differences, row.faults, row.differing, row.faulty)
    rules = rules_for(session, version.id, version.digest)
    return _Trial(
        row.id,
        row.attempts,
        version.workflow_id,
        rules,
        version.id,
        dict(row.place),
        row.done,
        row.todo,
        groups,
    )


def _locked(work: Work, replay_id: int) -> Replay | None:
    return work.session.scalar(select(Replay).where(Replay.id == replay_id).with_for_update())


def _silent(row: Replay, work: Work) -> bool:
    before = work.at - timedelta(seconds=SILENT_SECONDS)
    return row.state == "running" and (row.beat_at is None or row.beat_at < before)


def _chunk(trial: _Trial) -> bool:
    """Look at the next decisions, then at the next measures; False once both have been seen."""
    with reading() as session:
        place = trial.place
        past = past_decisions(session, trial.workflow_id, place["after"], place["last"], CHUNK)
        for each in past:
            _try(session, trial, each)
        if past:
            place["after"] = past[-1].id
            trial.done += len(past)
            return True
        ids = measures_ahead(session, trial.workflow_id, place["measure"], CHUNK)
        at = now()
        for loaded in load_measures(session, ids):
            today = at.astimezone(ZoneInfo(loaded.timezone)).date()
            change = change_for(loaded.rules, trial.rules, loaded.snapshot, today)
            if not change.same or set(change.refused) - {REVIEW_OPEN}:
                trial.groups.add_measure(loaded.rules, trial.rules, loaded.measure.key, change)
        if ids:
            place["measure"] = ids[-1]
            trial.done += len(ids)
        return bool(ids)


def _try(session: Session, trial: _Trial, each: PastDecision) -> None:
    """One decision: first under the rules of then, which must answer as they did, then under those tried."""
    old = rules_for(session, each.version_id, each.digest)
    given, holders = given_from_json(each.given)
    past = Recorded(given, ask_from_json(each.ask), each.day, each.right, each.actor_id, holders, each.answer)
    again = answer_again(old, past)
    if again != each.answer:
        trial.groups.add_fault(each.key, each.id, each.day.isoformat(), each.answer, again)
    if each.version_id != trial.version_id:
        found = try_on(old, trial.rules, past)
        if not found.same:
            trial.groups.add_decision(old, trial.rules, each, found)


def _values(trial: _Trial) -> dict[str, Any]:
    groups = trial.groups
    return {
        "done": min(trial.done, trial.todo), "place": dict(trial.place), "differing": groups.differing,
        "differences": list(groups.by_sign.values()), "faults": groups.faults, "faulty": groups.faulty,
    }  # fmt: skip


def _keep(work: Work, trial: _Trial, **more: Any) -> bool:
    """Keep how far it came with what it found; False when another attempt has this trial."""
    mine = (Replay.id == trial.id, Replay.state == "running", Replay.attempts == trial.attempt)
    result = work.session.execute(
        update(Replay).where(*mine).values(beat_at=work.at, **_values(trial), **more)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _hand_on(work: Work, trial: _Trial) -> None:
    if _keep(work, trial, state="queued"):
        # a turn that came to its end is no failed one
        work.session.execute(update(Replay).where(Replay.id == trial.id).values(attempts=0))
        work.deliver("job", {"name": JOB, "args": [trial.id]})


def _finish(work: Work, trial: _Trial) -> bool:
    trial.done = trial.todo
    if not _keep(work, trial, state="done", done_at=work.at):
        return False
    groups = trial.groups
    _log_end(work, trial.id, {"differing": groups.differing, "done": trial.todo, "faulty": groups.faulty})
    return True


def _log_end(work: Work, replay_id: int, said: dict[str, Any]) -> None:
    row = work.session.get_one(Replay, replay_id, populate_existing=True)
    version = work.session.get_one(WorkflowVersion, row.workflow_version_id)
    workflow = work.session.get_one(Workflow, version.workflow_id)
    work.log(
        Event.REPLAY_ENDED,
        {"workflow": workflow.key, "number": version.number, **said},
        right="system", object_type="replay", object_id=str(replay_id),
    )  # fmt: skip


def fail_replay(replay_id: int, problem: str) -> None:
    """End a trial as failed, with a code that says why; one that is done stays done."""
    writing(JOB_ORIGIN, partial(_fail, replay_id=replay_id, problem=problem))


def _fail(work: Work, replay_id: int, problem: str) -> int:
    row = _locked(work, replay_id)
    if row is None or row.state not in {"running", "queued"}:
        return 0
    row.state, row.problem, row.done_at = "failed", problem, work.at
    work.session.flush()
    _log_end(work, replay_id, {"differing": row.differing, "done": row.done, "problem": problem})
    return 1


def reap_replays(origin: Origin) -> int:
    """Look after trials whose worker is silent: again into the queue, at last failed in words. Returns how many."""
    at = origin.at or now()
    with reading() as session:
        found = silent_replays(
            session, at - timedelta(seconds=QUEUED_SECONDS), at - timedelta(seconds=SILENT_SECONDS)
        )
    return sum(writing(origin, partial(_reap, replay_id=each)) for each in found)


def replay_worker_died(replay_id: int) -> None:
    """The process that was at it has just died: do at once what the clock would do later."""
    writing(JOB_ORIGIN, partial(_reap, replay_id=replay_id, at_once=True))


def _reap(work: Work, replay_id: int, *, at_once: bool = False) -> int:
    row = _locked(work, replay_id)
    if row is None:
        return 0
    if row.state == "queued":
        return 0 if at_once else _fail(work, replay_id, "no_worker")
    if row.state != "running" or not (at_once or _silent(row, work)):
        return 0
    if row.attempts >= MOST_ATTEMPTS:
        return _fail(work, replay_id, "worker_died")
    row.state, row.beat_at = "queued", work.at
    work.deliver("job", {"name": JOB, "args": [replay_id]})
    return 1
