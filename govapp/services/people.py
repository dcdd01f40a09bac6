"""People: adding, editing, disabling and enabling them, and their passwords."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.engine import hold, reading
from govapp.data.people import Password, Person
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.services import passwords
from govapp.services._administrators import _is_last_administrator
from govapp.services._keys import writing_once
from govapp.services._people_rights import _may_anywhere, _may_manage
from govapp.services._work import Origin, Work, writing
from govapp.services.sessions import _check_password, _end_sessions

THEMES = ("", "light", "dark")
LONGEST_NAME = 200
LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True)
class AddPerson:
    """Somebody who may sign in. Without a password nobody can sign in as them until one is set."""

    origin: Origin
    email: str
    name: str
    title: str = ""
    password: str | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class EditPerson:
    """New name, e-mail, title; the version seen guards against two editors."""

    origin: Origin
    person_id: int
    version: int
    name: str
    email: str
    title: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class EditAccount:
    """One's own display: theme and time zone (empty: that of the settings)."""

    origin: Origin
    theme: str
    timezone: str


@dataclass(frozen=True, slots=True)
class PersonCommand:
    """An act on a person: disable, enable."""

    origin: Origin
    person_id: int
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """One's own new password, with the current one; the other sessions end."""

    origin: Origin
    current: str
    new: str
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Somebody's new password, set by who manages people; every session of theirs ends."""

    origin: Origin
    person_id: int
    password: str
    action_key: str = ""


def add_person(command: AddPerson) -> int:
    """Add a person; returns the id. Needs `people:manage`. Raises Invalid by field (name, email, password).

    With a password, a form sent twice raises KeyReused: the password of the second is not the person's.
    """
    hashed = _hash_checked(command.password, command.name, command.email)
    body = [command.email, command.name, command.title, hashed]
    done = writing_once(command, lambda work: {"id": _add_person(work, command, hashed)}, body=body)
    return int(done["id"])


def edit_person(command: EditPerson) -> None:
    """Change name, e-mail or title. Needs `people:manage`. Raises Stale when somebody else changed the person since."""
    writing_once(command, lambda work: _edit_person(work, command))


def edit_account(command: EditAccount) -> None:
    """Change one's own theme and time zone. Raises Invalid for an unknown one."""
    writing(command.origin, lambda work: _edit_account(work, command))


def disable_person(command: PersonCommand) -> None:
    """Close an account and end its sessions at once (R07). Needs `people:manage`.

    Raises Refused for one's own account and for the last administrator's.
    """
    _activity(command, active=False)


def enable_person(command: PersonCommand) -> None:
    """Open a closed account again; grants and parts stand as before. Needs `people:manage`."""
    _activity(command, active=True)


def _activity(command: PersonCommand, *, active: bool) -> None:
    writing_once(
        command,
        lambda work: _set_active(work, command.person_id, active=active),
        body=[command.person_id, active],
    )


def change_password(command: ChangePassword) -> None:
    """Change one's own password; the current one is asked (R22). Ends one's other sessions. Raises Invalid by field."""
    person_id = command.origin.person_id
    if person_id is None:
        raise Refused("no_right", permission=str(Permission.SIGNED_IN))
    with reading() as session:
        name, email, stored = _account_of(session, person_id)
    _check_password(command.origin, email, command.current, stored, "current_password")
    passwords.require_good(command.new, name, email)
    hashed = passwords.hash_of(command.new)
    writing(
        command.origin, lambda work: _set_password(work, person_id, hashed, "own", but=(command.session_id,))
    )


def set_password(command: SetPassword) -> None:
    """Set somebody's password and end their sessions. Needs `people:manage`. Raises Invalid on `new_password`.

    A form sent twice raises KeyReused: the first password counts.
    """
    name, email, _ = writing(command.origin, lambda work: _account_managed(work, command.person_id))
    passwords.require_good(command.password, name, email)
    hashed = passwords.hash_of(command.password)

    def body(work: Work) -> None:
        right = _may_manage(work, command.person_id)
        _set_password(work, command.person_id, hashed, right)

    writing_once(command, body, body=[command.person_id, hashed])


def _hash_checked(password: str | None, *about: str) -> str | None:
    if password is None:
        return None
    passwords.require_good(password, *about, field="password")
    return passwords.hash_of(password)


def _clean(name: str, email: str) -> tuple[str, str]:
    """Name and e-mail as kept. Raises Invalid by field."""
    errors: dict[str, list[str]] = {}
    name, email = " ".join(name.split()), email.strip().casefold()
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = ["required" if not name else "too_long"]
    before, at, after = email.partition("@")
    if (
        not (before and at and after)
        or "@" in after
        or any(sign.isspace() for sign in email)
        or len(email) > LONGEST_EMAIL
    ):
        errors["email"] = ["required" if not email else "email_form"]
    if errors:
        raise Invalid("not_saved", errors)
    return name, email


def _refuse_taken(work: Work, email: str, but: int | None = None) -> None:
    hold(work.session, f"email:{email}")
    taken = work.session.scalar(select(Person.id).where(Person.email == email))
    if taken is not None and taken != but:
        raise Invalid("not_saved", {"email": ["email_taken"]})


def _add_person(work: Work, command: AddPerson, hashed: str | None) -> int:
    right = _may_anywhere(work, Permission.PEOPLE_MANAGE)
    name, email = _clean(command.name, command.email)
    _refuse_taken(work, email)
    return _make_person(work, name, email, command.title, hashed, right)


def _make_person(work: Work, name: str, email: str, title: str, hashed: str | None, right: str) -> int:
    person = Person(email=email, name=name, title=title.strip()[:LONGEST_NAME], created_at=work.at)
    work.session.add(person)
    work.session.flush()
    if hashed is not None:
        work.session.add(Password(person_id=person.id, hash=hashed, changed_at=work.at))
    payload = {"name": person.name, "email": person.email, "title": person.title}
    work.log(Event.PERSON_ADDED, payload, right=right, object_type="person", object_id=str(person.id))
    return person.id


def _person(work: Work, person_id: int) -> Person:
    person = work.session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound("not_found")
    return person


def _edit_person(work: Work, command: EditPerson) -> None:
    right = _may_manage(work, command.person_id)
    person = _person(work, command.person_id)
    if person.version != command.version:
        raise Stale("stale")
    name, email = _clean(command.name, command.email)
    _refuse_taken(work, email, but=person.id)
    _change(
        work, person, {"name": name, "email": email, "title": command.title.strip()[:LONGEST_NAME]}, right
    )


def _edit_account(work: Work, command: EditAccount) -> None:
    if work.actor.id is None:
        raise Refused("no_right", permission=str(Permission.SIGNED_IN))
    errors: dict[str, list[str]] = {}
    if command.theme not in THEMES:
        errors["theme"] = ["unknown_choice"]
    if command.timezone and command.timezone not in available_timezones():
        errors["timezone"] = ["unknown_choice"]
    if errors:
        raise Invalid("not_saved", errors)
    _change(work, _person(work, work.actor.id), {"theme": command.theme, "timezone": command.timezone}, "own")


def _change(work: Work, person: Person, wanted: dict[str, Any], right: str) -> None:
    changes = {
        key: [getattr(person, key), value] for key, value in wanted.items() if getattr(person, key) != value
    }
    if not changes:
        return
    for key, (_, value) in changes.items():
        setattr(person, key, value)
    person.version += 1
    work.log(
        Event.PERSON_EDITED, {"changes": changes}, right=right, object_type="person", object_id=str(person.id)
    )


def _set_active(work: Work, person_id: int, *, active: bool) -> None:
    right = _may_manage(work, person_id)
    person = _person(work, person_id)
    if person.active is active:
        return
    if not active and person_id == work.actor.id:
        raise Refused("own_account")
    if not active and _is_last_administrator(work, person_id):
        raise Refused("last_administrator")
    person.active = active
    person.version += 1
    event = Event.PERSON_ENABLED if active else Event.PERSON_DISABLED
    work.log(event, {"name": person.name}, right=right, object_type="person", object_id=str(person_id))
    if not active:
        _end_sessions(work, person_id, "disabled")


def _account_of(session: Session, person_id: int) -> tuple[str, str, str | None]:
    row = session.execute(
        select(Person.name, Person.email, Password.hash).outerjoin(Password).where(Person.id == person_id)
    ).first()
    if row is None:
        raise NotFound("not_found")
    return row.name, row.email, row.hash


def _account_managed(work: Work, person_id: int) -> tuple[str, str, str | None]:
    _may_manage(work, person_id)
    return _account_of(work.session, person_id)


def _set_password(work: Work, person_id: int, hashed: str, right: str, but: tuple[str, ...] = ()) -> None:
    row = work.session.get(Password, person_id)
    if row is None:
        work.session.add(Password(person_id=person_id, hash=hashed, changed_at=work.at))
    else:
        row.hash, row.changed_at = hashed, work.at
    work.log(
        Event.PASSWORD_CHANGED,
        {"by": work.actor.id},
        right=right,
        object_type="person",
        object_id=str(person_id),
    )
    _end_sessions(work, person_id, "password changed", but)
