"""Comments on a measure; never edited."""

from dataclasses import dataclass

from govapp.data.measures import Comment
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.domain.measures import LONG, text_fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, right_of
from govapp.services._belongs import _settle_again, _where, visible
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

# Reading alone gives no word: whoever works on the measure or decides about it may comment.
_MAY_COMMENT = (
    Permission.MEASURE_EDIT, Permission.MEASURE_MOVE, Permission.MEASURE_CREATE, Permission.REVIEW_DECIDE,
    Permission.EVIDENCE_SUBMIT, Permission.MEASURE_RECYCLE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddComment:
    """A remark on a measure."""

    key: str
    text: str
    origin: Origin
    action_key: str = ""


def comment_right(actor: Actor, place: Place) -> str | None:
    """The right that lets this person comment, or None."""
    return next((right for each in _MAY_COMMENT if (right := right_of(actor, each, place)) is not None), None)


def add_comment(command: AddComment) -> int:
    """Keep a comment and tell the owner; returns its id. Raises NotFound, Refused, Invalid (`text`), KeyReused."""
    return writing(command.origin, lambda work: _add_comment(work, command), action_key=command.action_key)


def _add_comment(work: Work, command: AddComment) -> int:
    loaded = visible(work, command.key)
    right = comment_right(work.actor, loaded.place)
    if right is None:
        raise Refused("no_right", permission="measure:comment")
    text = command.text.replace("\r\n", "\n").strip()
    body = ["comment", command.key, text]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    fault = "required" if not text else text_fault(text, LONG)
    if fault:
        raise Invalid("comment_invalid", {"text": [fault]})
    row = Comment(measure_id=loaded.measure.id, person_id=work.actor.id, text=text, at=work.at)
    work.session.add(row)
    work.session.flush()
    work.log(
        Event.MEASURE_COMMENTED, {"comment": row.id, "text": text},
        made=(row,), right=right, object_type="comment", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    owner = loaded.place.parts.get("owner")
    if owner is not None and owner != work.actor.id:
        work.tell(owner, "comment", measure_id=loaded.measure.id, payload={"comment": row.id})
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id
