"""What two people do at the same moment for the first time: nobody gets past a limit or into a fault."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from govapp.data import runtime
from govapp.data.audit import AuditHead
from govapp.data.engine import reading
from govapp.data.evidence import Blob
from govapp.data.people import Person, SignInFailure
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.services._work import Origin, now, writing
from govapp.services.audit import verify
from govapp.services.people import AddPerson, EditPerson, add_person, edit_person
from govapp.services.sessions import SignIn, sign_in
from govapp.services.structure import AddBranch, add_branch
from govapp.services.uploads import RegisterFiles, register_files
from tests.cast import SYSTEM, Cast
from tests.many import at_once

TOGETHER = 8


def kinds(results: list[object]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_r23_attempts_at_the_same_moment_do_not_slip_past_the_limit(database, cast: Cast) -> None:
    moment = now()
    here = Origin(None, "web", "test", "192.0.2.9", moment)
    wrong = SignIn(here, cast.owner.email, "wrong", timedelta(hours=1), "")
    for _ in range(4):
        with pytest.raises(Invalid):
            sign_in(wrong)
    results = at_once([partial(sign_in, wrong) for _ in range(TOGETHER)])
    assert kinds(results) == ["Invalid"] + ["TooMany"] * (TOGETHER - 1)
    with reading() as session:
        counted = select(func.count()).where(SignInFailure.subject.startswith("both:"))
        assert session.scalar(counted) == 5


def test_the_first_writers_of_an_empty_history_wait_for_each_other(empty_database) -> None:
    with reading() as session:
        assert set(session.execute(select(AuditHead.chain, AuditHead.sequence))) == {
            ("business", 0),
            ("security", 0),
        }

    def begin() -> None:
        writing(SYSTEM, lambda work: work.log(Event.ROLES_SET, {}))

    assert at_once([begin] * TOGETHER) == [None] * TOGETHER
    assert verify(state=True).rows == TOGETHER


def test_of_two_people_added_with_one_address_the_second_is_told(database, cast: Cast) -> None:
    new = AddPerson(SYSTEM, "new@example.test", "New Person")
    results = at_once([partial(add_person, new) for _ in range(TOGETHER)])
    assert kinds(results) == ["Invalid"] * (TOGETHER - 1) + ["int"]
    assert {str(each.errors) for each in results if isinstance(each, Invalid)} == {
        "{'email': ['email_taken']}"
    }


def test_of_two_people_renamed_to_one_address_the_second_is_told(database, cast: Cast) -> None:
    wanted = "both@example.test"
    acts = [
        partial(edit_person, EditPerson(SYSTEM, who.id, 1, who.name, wanted)) for who in cast.all[:TOGETHER]
    ]
    assert kinds(at_once(acts)) == ["Invalid"] * (TOGETHER - 1) + ["NoneType"]
    with reading() as session:
        assert session.scalar(select(func.count()).where(Person.email == wanted)) == 1


def test_branches_added_at_once_get_keys_of_their_own_and_one_key_is_given_once(database) -> None:
    under = ("service-quality", "workplace")
    named = [partial(add_branch, AddBranch(SYSTEM, "project", "Same", under[n % 2])) for n in range(TOGETHER)]
    results = at_once(named)
    assert len({result.key for result in results}) == TOGETHER, results
    keyed = [
        partial(add_branch, AddBranch(SYSTEM, "project", "Keyed", under[n % 2], key="keyed"))
        for n in range(TOGETHER)
    ]
    assert kinds(at_once(keyed)) == ["BranchAdded"] + ["Invalid"] * (TOGETHER - 1)


def test_r35_uploads_at_once_do_not_slip_past_the_quota_and_one_file_is_known_once(database, cast) -> None:
    runtime.configure(replace(runtime.current(), upload_quota=100))
    own = [
        partial(register_files, RegisterFiles(((f"{n:064}", 40, "text/plain"),), cast.owner.origin))
        for n in range(TOGETHER)
    ]
    results = at_once(own)
    assert sum(result is None for result in results) == 2, results
    assert all(isinstance(result, Refused) for result in results if result is not None)
    same = [
        partial(register_files, RegisterFiles((("f" * 64, 40, "text/plain"),), who.origin))
        for who in (cast.lead, cast.sponsor, cast.member, cast.finance)
    ]
    assert at_once(same) == [None] * 4
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 3
