"""What deciders of the demonstration do: ask, vote, meet conditions, hold, cancel, go back, use the emergency."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.reviews import Condition
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import GovappError
from govapp.services.conditions import ConditionAct, act_on_condition, hold_overdue
from govapp.services.demo.play import Play, measure_row, open_review
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.reviews import CastVote, cast_vote

VERDICTS = {"approve": "approve", "approve_with_conditions": "approve_with_conditions", "refuse": "send_back"}
# Names of the file for the details of a decision, and those the rules know them by.
DETAILS = {
    "cause": {"hold": "hold_cause", "cancel": "cancel_cause"},
    "review_date": {"hold": "review_date"},
    "value_treatment": {"hold": "value_treatment", "cancel": "value_treatment"},
    "sunk_cost": {"cancel": "sunk_cost"},
    "incident": {"emergency_advance": "incident_number"},
    "lookback_due": {"emergency_advance": "lookback_due"},
}


def ask(play: Play, key: str, at: datetime, said: Mapping[str, Any], kind: AskKind) -> MoveOutcome | None:
    """Ask for a decision with the reason and the details of the file; None when that raised, which is noted."""
    details: dict[str, Any] = {
        names[str(kind)]: str(said[name])
        for name, names in DETAILS.items()
        if name in said and str(kind) in names
    }
    if kind is AskKind.EMERGENCY:
        details |= {"informed_people": [play.stage.people[one] for one in said["informed"]], "signed": True}
    reason = "" if kind is AskKind.ADVANCE else said["reason"]
    command = MoveMeasure(
        key, play.origin(said, at), measure_row(key)[1], said.get("to"), kind, reason, details=details
    )
    try:
        return move_measure(command)
    except GovappError as error:
        play.leave(key, f"{kind} to {said.get('to')} by {said['by']}", error)
        return None


def open_a_review(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Drop the card on the next stage; the criteria hold, so a review opens."""
    done = ask(play, key, at, said, AskKind.ADVANCE)
    if done is not None and not done.opened:
        play.note(key, f"review into {said['to']} by {said['by']}", done)


def be_refused(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Drop the card where it may not go."""
    done = ask(play, key, at, said, AskKind.ADVANCE)
    if done is not None and done.outcome is not Outcome.REFUSED:
        play.note(key, f"refusal into {said['to']}", done)


def do(play: Play, key: str, at: datetime, said: Mapping[str, Any], kind: AskKind) -> None:
    """Hold, cancel, recycle or advance in an emergency."""
    done = ask(play, key, at, said, kind)
    if done is not None and done.outcome is not Outcome.ALLOWED:
        play.note(key, f"{kind} by {said['by']}", done)


def vote(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Vote on the step of the open review that the file names; conditions are those the file has set by this vote."""
    review = open_review(key)
    if review is None:
        play.left_out.append(f"{key} vote of {said['by']} on {said['step']}: no open review")
        return
    number, dossier, _ = review
    conditions = _conditions(play, key, said) if said["decision"] == "approve_with_conditions" else ()
    comment = said.get("comment", "")
    try:
        cast_vote(
            CastVote(
                number, VERDICTS[said["decision"]], dossier, play.origin(said, at), comment,
                conditions=conditions, signed=True, step=said["step"],
            )
        )  # fmt: skip
    except GovappError as error:
        play.leave(key, f"vote of {said['by']} on {said['step']}", error)


def _conditions(play: Play, key: str, said: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    people = play.stage.people
    return tuple(
        {
            "wording": one["wording"],
            "owner": people[one["owner"]],
            "due": str(one["due"]),
            "blocking": one["blocking"],
        }
        for one in play.measures[key].get("conditions", ())
        if (one["set_by"], one["set_at"]) == (said["by"], said["at"])
    )


def act_on(play: Play, key: str, at: datetime, said: Mapping[str, Any], act: str) -> None:
    """Report a condition as fulfilled, or confirm it."""
    wanted = next(one for one in play.measures[key]["conditions"] if one["id"] == said["condition"])
    with reading() as session:
        row = session.execute(
            select(Condition.id, Condition.version)
            .join(Measure, Measure.id == Condition.measure_id)
            .where(Measure.key == key, Condition.wording == wanted["wording"])
        ).first()
    if row is None:
        play.left_out.append(f"{key} {act} {said['condition']}: it was never set")
        return
    act_on_condition(ConditionAct(row.id, act, play.origin(said, at), row.version))


def hold_what_is_overdue(play: Play, key: str, at: datetime) -> None:
    """The clock's round of that minute: whose condition is overdue goes on hold by itself."""
    if key not in hold_overdue(play.stage.origin("system", at)):
        play.left_out.append(f"{key} overdue condition: not put on hold")
