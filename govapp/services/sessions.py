"""Sessions: signing in and out, ending sessions, their last use, and asking for the password again (R21-R28)."""

import contextlib
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select, update

from govapp.data.engine import reading, write_session
from govapp.data.people import LoginSession, Password, Person
from govapp.data.settings import is_demo
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.services import passwords
from govapp.services._limits import _forget_failures, _reserve_attempt
from govapp.services._people_rights import _may_manage
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._work import Origin, Work, now, writing


@dataclass(frozen=True, slots=True)
class SignIn:
    """An attempt to sign in. `lifetime`: how long the session may last; `agent`: the browser's name of itself."""

    origin: Origin
    email: str
    password: str
    lifetime: timedelta
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignInDemo:
    """One-click sign-in as a demonstration person; the caller has checked mode and loopback address."""

    origin: Origin
    email: str
    lifetime: timedelta
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh session: its token, known to the browser only, and whose it is."""

    token: str
    person_id: int


@dataclass(frozen=True, slots=True)
class TouchSession:
    """A session that was used."""

    session_id: str


@dataclass(frozen=True, slots=True)
class EndSession:
    """End one session: by signing out, or from the list of sessions."""

    origin: Origin
    session_id: str
    signing_out: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmPassword:
    """The password given again before a weighty act (R27)."""

    origin: Origin
    session_id: str
    password: str


def digest_of(token: str) -> str:
    """The session's id: SHA-256 of its token, so that the table gives nobody a way in."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(command: SignIn) -> Opened:
    """Open a session for the person with this e-mail and password; always under a new id.

    Raises TooMany with the seconds to wait; Invalid in the same words and time for unknown, disabled, wrong (R23).
    """
    email = command.email.strip().casefold()
    address = command.origin.address
    reserved = writing(
        command.origin, lambda work: [row.id for row in _reserve_attempt(work, email, address)]
    )
    with reading() as session:
        found = session.execute(
            select(Person.id, Person.active, Password.hash).outerjoin(Password).where(Person.email == email)
        ).first()
    good = passwords.fits(command.password, found.hash if found and found.active else None)
    if not found or not good:
        writing(command.origin, lambda work: _sign_in_failed(work, found.id if found else None))
        raise Invalid("sign_in_failed")
    fresh = passwords.hash_of(command.password) if passwords.is_outdated(found.hash) else None
    who = replace(command.origin, person_id=found.id)

    def body(work: Work) -> Opened:
        _forget_failures(work, email, address, reserved)
        if fresh:
            work.session.execute(update(Password).where(Password.person_id == found.id).values(hash=fresh))
        return _open_session(work, found.id, command.lifetime, command.agent, "password")

    return writing(who, body)


def sign_in_demo(command: SignInDemo) -> Opened:
    """Open a session for a demonstration person. Raises NotFound unless the database is marked as demonstration."""
    with reading() as session:
        person_id = session.scalar(
            select(Person.id).where(Person.email == command.email.casefold(), Person.active)
        )
        if not is_demo(session) or person_id is None:
            raise NotFound("not_found")
    who = replace(command.origin, person_id=person_id)
    return writing(who, lambda work: _open_session(work, person_id, command.lifetime, command.agent, "demo"))


def touch(command: TouchSession) -> None:
    """Note that a session was used; asked for at most once a minute (R29). Never fails a request."""
    with contextlib.suppress(Exception), write_session() as session:
        session.execute(
            update(LoginSession)
            .where(LoginSession.id == command.session_id, LoginSession.ended_at.is_(None))
            .values(seen_at=now())
        )


def end_session(command: EndSession) -> None:
    """End a session: one's own, or somebody else's with `people:manage`. Ending an ended one changes nothing."""
    writing(command.origin, lambda work: _end_session(work, command))


def confirm_password(command: ConfirmPassword) -> None:
    """Note that the password was given again in this session. Raises Invalid when wrong, TooMany after many tries."""
    who = command.origin.person_id
    with reading() as session:
        found = session.execute(
            select(Person.email, Password.hash).outerjoin(Password).where(Person.id == who)
        ).one()
        free = is_demo(session) and found.hash is None
    if not free:
        _check_password(command.origin, found.email, command.password, found.hash, "password")
    writing(command.origin, lambda work: _note_password(work, command.session_id))


def _check_password(origin: Origin, email: str, password: str, stored: str | None, field: str) -> None:
    """Check a signed-in person's password under the same limits as a sign-in."""
    reserved = writing(origin, lambda work: [row.id for row in _reserve_attempt(work, email, origin.address)])
    if not passwords.fits(password, stored):
        writing(origin, lambda work: _sign_in_failed(work, origin.person_id))
        raise Invalid("not_saved", {field: ["password_wrong"]})
    writing(origin, lambda work: _forget_failures(work, email, origin.address, reserved))


def _note_password(work: Work, session_id: str) -> None:
    row = work.session.get(LoginSession, session_id)
    if row is None or row.person_id != work.actor.id:
        raise NotFound("not_found")
    row.password_at = work.at


def _open_session(work: Work, person_id: int, lifetime: timedelta, agent: str, how: str) -> Opened:
    token = secrets.token_urlsafe(32)
    row = LoginSession(
        id=digest_of(token),
        person_id=person_id,
        created_at=work.at,
        seen_at=work.at,
        expires_at=work.at + lifetime,
        password_at=work.at,
        address=work.origin.address,
        agent=agent[:300],
    )
    work.session.add(row)
    payload = {"how": how, "address": work.origin.address, "session": row.id[:12]}
    work.log(Event.SIGNED_IN, payload, object_type="person", object_id=str(person_id))
    return Opened(token, person_id)


def _sign_in_failed(work: Work, person_id: int | None) -> None:
    """Log a failed attempt; what was typed is not kept, since people type passwords into the wrong field (R17)."""
    subject = f"sign-in:{work.origin.address}"
    if _count_refusal(work, subject) <= LOGGED_A_MINUTE:
        payload = {"person": person_id, "address": work.origin.address}
        work.log(Event.SIGN_IN_FAILED, payload, object_type="person", object_id=str(person_id or ""))


def _end_session(work: Work, command: EndSession) -> None:
    row = work.session.get(LoginSession, command.session_id)
    if row is None:
        raise NotFound("not_found")
    right = "own"
    if row.person_id != work.actor.id:
        try:
            right = _may_manage(work, row.person_id)
        except Refused:
            raise NotFound("not_found") from None
    if row.ended_at is not None:
        return
    row.ended_at, row.ended_by = work.at, "sign-out" if command.signing_out else f"person:{work.actor.id}"
    event = Event.SIGNED_OUT if command.signing_out else Event.SESSION_ENDED
    payload = {"session": row.id[:12], "person": row.person_id}
    work.log(event, payload, right=right, object_type="person", object_id=str(row.person_id))


def _end_sessions(work: Work, person_id: int, why: str, but: Collection[str] = ()) -> int:
    """End every live session of a person, but for those named: after disabling or a new password (R24)."""
    rows = work.session.scalars(
        select(LoginSession).where(
            LoginSession.person_id == person_id, LoginSession.ended_at.is_(None), LoginSession.id.not_in(but)
        )
    ).all()
    for row in rows:
        row.ended_at, row.ended_by = work.at, why
    if rows:
        payload = {"person": person_id, "sessions": len(rows), "why": why}
        work.log(Event.SESSION_ENDED, payload, object_type="person", object_id=str(person_id))
    return len(rows)
