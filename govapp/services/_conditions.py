"""The step that writes down conditions set with a vote; their own verbs are in `conditions.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from govapp.data.reviews import Condition
from govapp.data.snapshots import Loaded
from govapp.domain.events import Event
from govapp.domain.snapshot import ConditionFact
from govapp.services._work import Work


@dataclass(frozen=True, slots=True)
class VoteConditions:
    """Conditions one decider attached to a vote: each with wording, owner (person id), due and blocking."""

    set_by: int
    voted_at: datetime
    conditions: Sequence[Mapping[str, Any]]


def _set_conditions(
    work: Work, loaded: Loaded, review_id: int, given: Sequence[VoteConditions], right: str
) -> None:
    """Make the conditions of a conditional advance binding and tell who owns them.

    A day that passed between the vote and the last one of the step is moved: nothing is overdue before it binds.
    """
    today = work.today(loaded.timezone)
    rows = [
        Condition(
            measure_id=loaded.measure.id,
            review_id=review_id,
            wording=str(one["wording"]).strip(),
            owner_id=int(one["owner"]),
            due=_due(date.fromisoformat(str(one["due"])), _day(each.voted_at, loaded), today),
            blocking=bool(one.get("blocking")),
            state="open",
            set_by=each.set_by,
            set_at=work.at,
            fulfilled_note="",
            version=1,
        )
        for each in given
        for one in each.conditions
    ]
    work.session.add_all(rows)
    work.session.flush()
    facts = [
        ConditionFact(row.id, row.state, row.due, row.blocking, row.owner_id, row.set_by) for row in rows
    ]
    loaded.snapshot = replace(loaded.snapshot, conditions=(*loaded.snapshot.conditions, *facts))
    voted = [str(one["due"]) for each in given for one in each.conditions]
    for row, due in zip(rows, voted, strict=True):
        moved = {} if row.due.isoformat() == due else {"voted_due": due}
        work.log(
            Event.CONDITION_SET,
            {
                "condition": row.id, "wording": row.wording, "owner": row.owner_id, "due": row.due.isoformat(),
                "blocking": row.blocking, "set_by": row.set_by, "review": review_id, **moved,
            },
            right=right, object_type="condition", object_id=str(row.id),
            measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
        )  # fmt: skip
        work.tell(
            row.owner_id,
            "condition_set",
            measure_id=loaded.measure.id,
            payload={"condition": row.id, "wording": row.wording, "due": row.due.isoformat()},
        )


def _day(moment: datetime, loaded: Loaded) -> date:
    return moment.astimezone(ZoneInfo(loaded.timezone)).date()


def _due(due: date, voted: date, today: date) -> date:
    """The day by which it is due: as voted, or as many days from today as there were then where that day has passed."""
    return due if due >= today else today + max(due - voted, timedelta(days=1))
