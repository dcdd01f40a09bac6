"""Sessions by their verbs: opened, refused, slowed down, ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.people import LoginSession, Password
from govapp.domain.errors import Invalid, NotFound, TooMany
from govapp.services import passwords
from govapp.services._work import Origin
from govapp.services.people import ChangePassword, PersonCommand, change_password, disable_person
from govapp.services.sessions import EndSession, Opened, SignIn, digest_of, end_session, sign_in
from tests.cast import PASSWORD, SYSTEM, Cast

LIFE = timedelta(hours=8)
HERE = Origin(None, "web", "test", "192.0.2.7")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def attempt(email: str, password: str = PASSWORD, **origin: object) -> Opened:
    return sign_in(SignIn(replace(HERE, **origin), email, password, LIFE, "Firefox"))


def failed(email: str, times: int, **origin: object) -> None:
    for _ in range(times):
        with pytest.raises(Invalid, match="sign_in_failed"):
            attempt(email, "wrong", **origin)


def row_of(opened: Opened) -> LoginSession:
    with reading() as session:
        return session.get_one(LoginSession, digest_of(opened.token))


def events(name: str) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.event == name)) or 0


def test_r24_signing_in_opens_a_row_under_the_digest_of_the_token(database, cast: Cast) -> None:
    opened = attempt(" Owner@Example.test ")
    row = row_of(opened)
    assert opened.token not in row.id and row.person_id == cast.owner.id == opened.person_id
    assert row.expires_at - row.created_at == LIFE
    assert events("session:signed-in") == 1


def test_r24_every_sign_in_has_a_session_of_its_own(database, cast: Cast) -> None:
    assert attempt(cast.owner.email).token != attempt(cast.owner.email).token


@pytest.mark.parametrize("email", ["owner@example.test", "nobody@example.test", "", "owner@example.test' --"])
def test_r23_a_wrong_password_and_an_unknown_person_get_the_same_answer(database, email: str) -> None:
    failed(email, 1)
    assert events("session:sign-in-failed") == 1


def test_r17_what_was_typed_is_not_logged(database) -> None:
    failed("my-secret-password-in-the-wrong-field", 1)
    with reading() as session:
        payloads = session.scalars(select(AuditLog.payload).where(AuditLog.event == "session:sign-in-failed"))
        assert all("secret" not in (text or "") for text in payloads)


def test_r23_after_five_failures_an_account_rests_and_the_rest_grows(database, cast: Cast) -> None:
    failed(cast.owner.email, 5, at=NOON)
    with pytest.raises(TooMany) as first:
        attempt(cast.owner.email, at=NOON)
    later = NOON + timedelta(seconds=31)
    failed(cast.owner.email, 1, at=later)
    with pytest.raises(TooMany) as second:
        attempt(cast.owner.email, at=later)
    assert 0 < first.value.values["retry_after"] <= 31 < second.value.values["retry_after"] <= 61
    assert attempt(cast.owner.email, at=later + timedelta(seconds=61)).person_id == cast.owner.id


def test_r23_a_stranger_elsewhere_cannot_keep_somebody_out(database, cast: Cast) -> None:
    attempt(cast.owner.email, at=NOON)
    for n in range(20):
        failed(cast.owner.email, 1, at=NOON, address=f"198.51.100.{n}")
    with pytest.raises(TooMany) as slowed:
        attempt(cast.owner.email, "wrong", at=NOON, address="198.51.100.99")
    assert slowed.value.values["retry_after"] <= 30
    assert attempt(cast.owner.email, at=NOON).person_id == cast.owner.id


def test_r23_one_address_that_tries_many_accounts_is_slowed_down(database) -> None:
    for n in range(40):
        failed(f"guess-{n}@example.test", 1, at=NOON)
    with pytest.raises(TooMany):
        attempt("guess-41@example.test", at=NOON)


def test_r23_a_success_takes_the_failures_back(database, cast: Cast) -> None:
    failed(cast.owner.email, 4, at=NOON)
    attempt(cast.owner.email, at=NOON)
    failed(cast.owner.email, 4, at=NOON)
    assert attempt(cast.owner.email, at=NOON).person_id == cast.owner.id


def test_r21_an_old_hash_is_made_anew_at_sign_in(sqlite, cast: Cast) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with write_session() as session:
        session.execute(update(Password).where(Password.person_id == cast.owner.id).values(hash=weak))
    attempt(cast.owner.email)
    with reading() as session:
        stored = session.scalar(select(Password.hash).where(Password.person_id == cast.owner.id))
    assert (
        stored and stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and not passwords.is_outdated(stored)
    )


def test_r24_a_session_ends_once_and_by_its_owner_only(database, cast: Cast) -> None:
    opened = attempt(cast.owner.email)
    with pytest.raises(NotFound):
        end_session(EndSession(cast.member.origin, digest_of(opened.token)))
    end_session(EndSession(cast.owner.origin, digest_of(opened.token), signing_out=True))
    end_session(EndSession(cast.owner.origin, digest_of(opened.token), signing_out=True))
    assert row_of(opened).ended_by == "sign-out" and events("session:signed-out") == 1


def test_r24_an_administrator_ends_the_session_of_another(database, cast: Cast) -> None:
    opened = attempt(cast.owner.email)
    end_session(EndSession(cast.administrator.origin, digest_of(opened.token)))
    assert row_of(opened).ended_by == f"person:{cast.administrator.id}"


def test_r24_a_new_password_ends_the_other_sessions(database, cast: Cast) -> None:
    here, there = attempt(cast.owner.email), attempt(cast.owner.email)
    change_password(ChangePassword(cast.owner.origin, PASSWORD, "tin lamp over river", digest_of(here.token)))
    assert row_of(here).ended_at is None and row_of(there).ended_at is not None
    failed(cast.owner.email, 1)
    assert attempt(cast.owner.email, "tin lamp over river").person_id == cast.owner.id


def test_r22_the_current_password_is_asked_before_a_new_one(database, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        change_password(ChangePassword(cast.owner.origin, "guess", "tin lamp over river"))
    assert refused.value.errors == {"current_password": ["password_wrong"]}


def test_r07_disabling_ends_every_session_and_closes_the_door(database, cast: Cast) -> None:
    opened = attempt(cast.owner.email)
    disable_person(PersonCommand(SYSTEM, cast.owner.id))
    assert row_of(opened).ended_at is not None
    failed(cast.owner.email, 1)
