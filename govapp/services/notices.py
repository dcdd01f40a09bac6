"""What a person does with their notices: mark them as read, choose how each kind comes by mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from govapp.data.notices import Notice, NoticeChoice
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.domain.notices import faults_of, kind_of
from govapp.domain.permissions import Permission
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work, writing


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Mark one's own notices as read: these, or all up to a number, of one kind where it is named."""

    origin: Origin
    notices: tuple[int, ...] = ()
    up_to: int | None = None
    kind: str = ""


def mark_read(command: MarkRead) -> int:
    """Returns how many became read. Notices of others are left alone; nothing of the record changes."""
    return writing(command.origin, lambda work: _mark_read(work, command))


def _mark_read(work: Work, command: MarkRead) -> int:
    statement = update(Notice).where(Notice.person_id == work.actor.id, Notice.read_at.is_(None))
    if command.up_to is not None:
        statement = statement.where(Notice.id <= command.up_to)
        if command.kind:
            statement = statement.where(Notice.kind == command.kind)
    else:
        statement = statement.where(Notice.id.in_(command.notices))
    read = statement.values(read_at=work.at).returning(Notice.id).execution_options(synchronize_session=False)
    return len(work.session.execute(read).all())


@dataclass(frozen=True, slots=True)
class ChooseMail:
    """How one's own notices come by mail: at_once, digest or never by kind; kinds not named stay as they are."""

    origin: Origin
    choices: Mapping[str, str]
    action_key: str = ""


def choose_mail(command: ChooseMail) -> int:
    """Keep the choices; returns how many changed. It counts for what is mailed from now on.

    Raises Invalid by kind: unknown_choice, mail_must_come where a kind may not be switched off; KeyReused.
    """
    body = sorted(command.choices.items())
    return int(writing_once(command, lambda work: _choose_mail(work, command), body=body)["changed"])


def _choose_mail(work: Work, command: ChooseMail) -> dict[str, Any]:
    me = work.actor.id
    if me is None:
        raise Refused("no_right", permission=str(Permission.SIGNED_IN))
    faults = faults_of(command.choices)
    if faults:
        raise Invalid("not_saved", faults)
    rows = {row.kind: row for row in work.session.scalars(_chosen(me).with_for_update())}
    changes = {}
    for kind, way in command.choices.items():
        before = rows[kind].mail if kind in rows else kind_of(kind).mail
        if before == way:
            continue
        changes[f"mail_{kind}"] = [before, way]
        if kind in rows:
            rows[kind].mail = way
        else:
            work.session.add(NoticeChoice(person_id=me, kind=kind, mail=way))
    if changes:
        work.log(
            Event.PERSON_EDITED, {"changes": changes}, right="own", object_type="person", object_id=str(me)
        )
    return {"changed": len(changes)}


def _chosen(person_id: int) -> Any:
    return select(NoticeChoice).where(NoticeChoice.person_id == person_id)
