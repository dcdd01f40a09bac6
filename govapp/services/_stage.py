"""The only steps that set a measure's stage or state. Nothing else in the program may (a test looks)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from govapp.data.measures import Measure, StagePassage
from govapp.data.snapshots import Loaded
from govapp.domain.events import Event
from govapp.services._closing import _close_money, _reopen_money
from govapp.services._freezing import _follow_stage
from govapp.services._review_end import _end_review
from govapp.services._settle import values_of
from govapp.services._work import Work


def _set(work: Work, loaded: Loaded, stage: str | None, state: str) -> None:
    measure = loaded.measure
    measure.stage, measure.state = stage, state
    measure.version += 1
    work.at_seq.append(lambda seq: setattr(measure, "stage_seq", seq))


def _moment(work: Work, loaded: Loaded) -> datetime:
    """When the measure passes from stage to stage: now, but never before it came where it is (R15)."""
    passage_id = loaded.snapshot.passage_id
    if passage_id is None:
        return work.at
    came = work.session.scalar(select(StagePassage.entered_at).where(StagePassage.id == passage_id))
    return max(work.at, came) if came else work.at


def _leave(work: Work, loaded: Loaded, at: datetime) -> None:
    passage_id = loaded.snapshot.passage_id
    if passage_id is not None:
        statement = update(StagePassage).where(StagePassage.id == passage_id, StagePassage.left_at.is_(None))

        def left(seq: int) -> None:
            work.session.execute(statement.values(left_at=at, left_seq=seq))

        work.at_seq.append(left)


def _enter(
    work: Work, loaded: Loaded, stage: str, how: str, review_id: int | None, at: datetime
) -> StagePassage:
    passage = StagePassage(
        measure_id=loaded.measure.id,
        stage=stage,
        how=how,
        entered_at=at,
        values=values_of(loaded),
        review_id=review_id,
    )
    work.session.add(passage)
    work.at_seq.append(lambda seq: setattr(passage, "entered_seq", seq))
    return passage


def _change_stage(work: Work, loaded: Loaded, to: str, how: str, right: str, **more: Any) -> None:
    """Move the measure into a stage: leaves the old passage, enters the new one, ends the open review, logs."""
    review = loaded.snapshot.review
    review_id = review.id if review and review.into == to else None
    came_from = loaded.snapshot.stage
    if review is not None:
        _end_review(
            work,
            loaded,
            "passed" if review_id and how == "advance" else "overtaken",
            str(more.get("reason", "")),
        )
    _follow_stage(work, loaded, to, right, review_id)
    at = _moment(work, loaded)
    _leave(work, loaded, at)
    passage = _enter(work, loaded, to, how, review_id, at)
    if loaded.rules.stage(to).terminal:
        _close_money(work, loaded, passage)
    elif came_from is not None and loaded.rules.stage(came_from).terminal:
        _reopen_money(work, loaded)
    _set(work, loaded, to, "active")
    payload = {
        "from": came_from,
        "to": to,
        "how": how,
        "review": review_id,
        "version": loaded.measure.version,
        **more,
    }
    work.log(
        Event.MEASURE_REOPENED if how == "reopen" else Event.MEASURE_MOVED,
        payload, right=right, object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    loaded.snapshot = replace(
        loaded.snapshot, stage=to, state="active", version=loaded.measure.version, passage_id=0, review=None
    )


def _open_at(work: Work, measure: Measure, stage: str, said: dict[str, Any], right: str) -> None:
    """An imported measure begins in a stage without a gate record; said so in log, passage and on the measure."""
    measure.stage, measure.state, measure.opened_at_stage = stage, "active", stage
    work.at_seq.append(lambda seq: setattr(measure, "stage_seq", seq))
    passage = StagePassage(measure_id=measure.id, stage=stage, how="opened_at", entered_at=work.at, values={})
    work.session.add(passage)
    work.at_seq.append(lambda seq: setattr(passage, "entered_seq", seq))
    work.log(
        Event.MEASURE_OPENED_AT,
        {"key": measure.key, "title": measure.title, "stage": stage, **said},
        right=right, object_type="measure", object_id=measure.key, measure_id=measure.id, branch_id=measure.branch_id,
    )  # fmt: skip


def _change_state(
    work: Work, loaded: Loaded, state: str, event: Event, right: str, payload: dict[str, Any]
) -> None:
    """Put on hold, release, cancel or bring back a cancelled measure; the stage stays."""
    before = loaded.snapshot.state
    if state == "cancelled":
        _end_review(work, loaded, "overtaken", payload.get("reason", ""))
    _set(work, loaded, loaded.measure.stage, state)
    work.log(
        event,
        {"from": before, "to": loaded.measure.stage, "state": state, "version": loaded.measure.version, **payload},
        right=right, object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    loaded.snapshot = replace(loaded.snapshot, state=state, version=loaded.measure.version)
