"""People and their roles by the verbs, with the duties kept apart."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event, func, select

from govapp.data.actors import load_actor
from govapp.data.audit import ActionKey, AuditLog
from govapp.data.base import HISTORY
from govapp.data.engine import reading
from govapp.data.people import Grant, Password, Person
from govapp.data.people_queries import people_page
from govapp.data.structure import Branch
from govapp.domain.errors import GovappError, Invalid, KeyReused, NotFound, Refused, Stale
from govapp.services import passwords
from govapp.services._work import Origin, now
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import (
    AddPerson,
    EditAccount,
    EditPerson,
    PersonCommand,
    SetPassword,
    add_person,
    disable_person,
    edit_account,
    edit_person,
    enable_person,
    set_password,
)
from govapp.services.structure import AddOrganization, add_organization
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure, version_of


def branch_id(key: str) -> int:
    with reading() as session:
        return session.execute(select(Branch.id).where(Branch.key == key)).scalar_one()


def grants(person: int) -> list[int]:
    with reading() as session:
        return list(
            session.scalars(select(Grant.id).where(Grant.person_id == person, Grant.ended_at.is_(None)))
        )


def test_an_administrator_adds_somebody_and_it_is_logged_with_the_right_used(database, cast: Cast) -> None:
    new = add_person(
        AddPerson(cast.administrator.origin, "  Zoë@Example.Test ", " Zoë   Östlund ", "Analyst")
    )
    with reading() as session:
        person = session.get_one(Person, new)
        row = session.scalars(select(AuditLog).order_by(AuditLog.sequence.desc()).limit(1)).one()
    assert (person.email, person.name) == ("zoë@example.test", "Zoë Östlund")
    assert row.event == "people:added" and row.right_used.startswith("role:administrator@")


@pytest.mark.parametrize(
    ("email", "name", "field", "code"),
    [
        ("", "A", "email", "required"),
        ("a@", "A", "email", "email_form"),
        ("a b@c.d", "A", "email", "email_form"),
        ("owner@example.test", "A", "email", "email_taken"),
        ("a@b.c", " ", "name", "required"),
        ("a@b.c", "n" * 201, "name", "too_long"),
    ],
)
def test_a_person_without_proper_name_and_address_is_refused(sqlite, cast, email, name, field, code) -> None:
    with pytest.raises(Invalid) as refused:
        add_person(AddPerson(cast.administrator.origin, email, name))
    assert refused.value.errors == {field: [code]}


@pytest.mark.parametrize("role", ["owner", "lead", "controller", "leader", "auditor", "stranger"])
def test_r06_nobody_but_an_administrator_touches_people_and_roles(sqlite, cast: Cast, role: str) -> None:
    who: Origin = getattr(cast, role).origin
    for act in (
        lambda: add_person(AddPerson(who, "x@example.test", "X")),
        lambda: disable_person(PersonCommand(who, cast.member.id)),
        lambda: set_password(SetPassword(who, cast.member.id, "tin lamp over river")),
        lambda: grant_role(GrantRole(who, cast.member.id, "leader", "OI")),
        lambda: end_grant(EndGrant(who, grants(cast.member.id)[0])),
    ):
        with pytest.raises((Refused, NotFound)):
            act()


def test_r06_nobody_changes_their_own_roles(database, cast: Cast) -> None:
    me = cast.administrator
    with pytest.raises(Refused, match="own_roles"):
        grant_role(GrantRole(me.origin, me.id, "controller", "OI"))
    with pytest.raises(Refused, match="own_roles"):
        end_grant(EndGrant(me.origin, grants(me.id)[0]))
    with pytest.raises(Refused, match="own_account"):
        disable_person(PersonCommand(me.origin, me.id))


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ("controller", "administrator"),
        ("approver", "administrator"),
        ("lead", "administrator"),
        ("administrator", "controller"),
        ("administrator", "approver"),
        ("administrator", "program_lead"),
        ("member", "auditor"),
        ("auditor", "member"),
        ("auditor", "administrator"),
    ],
)
def test_r06_duties_kept_apart_are_not_granted_together(sqlite, cast: Cast, person: str, role: str) -> None:
    with pytest.raises(Invalid) as refused:
        grant_role(GrantRole(SYSTEM, getattr(cast, person).id, role, "service-quality"))
    assert refused.value.errors == {"role": ["role_conflict"]}


def test_r06_the_same_duties_in_two_organizations_are_allowed(sqlite, cast: Cast) -> None:
    assert grant_role(GrantRole(SYSTEM, cast.controller.id, "administrator", "NW"))


def test_r06_the_last_administrator_stays(database, cast: Cast) -> None:
    with pytest.raises(Refused, match="last_administrator"):
        disable_person(PersonCommand(SYSTEM, cast.administrator.id))
    with pytest.raises(Refused, match="last_administrator"):
        end_grant(EndGrant(SYSTEM, grants(cast.administrator.id)[0]))
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "administrator", "OI"))
    disable_person(PersonCommand(SYSTEM, cast.administrator.id))


def test_r06_two_administrators_ending_each_other_at_once_leave_one(database, cast: Cast) -> None:
    second = grant_role(GrantRole(SYSTEM, cast.stranger.id, "administrator", "OI"))
    first = grants(cast.administrator.id)[0]
    refused: list[GovappError] = []

    def end(who: Origin, grant: int) -> None:
        try:
            end_grant(EndGrant(who, grant))
        except GovappError as error:
            refused.append(error)

    acts = [(cast.administrator.origin, second), (cast.stranger.origin, first)]
    threads = [threading.Thread(target=end, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(grants(cast.administrator.id)) + len(grants(cast.stranger.id)) == 1


def test_r06_an_administrator_of_a_branch_has_no_power_over_the_administrator_above(
    sqlite, cast: Cast
) -> None:
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "administrator", "workplace"))
    for act in (
        lambda: set_password(SetPassword(cast.stranger.origin, cast.administrator.id, "tin lamp over river")),
        lambda: disable_person(PersonCommand(cast.stranger.origin, cast.administrator.id)),
        lambda: grant_role(GrantRole(cast.stranger.origin, cast.member.id, "leader", "OI")),
    ):
        with pytest.raises((Refused, NotFound)):
            act()


def test_a_grant_counts_from_the_next_act_on_until_its_day(database, cast: Cast) -> None:
    with pytest.raises((Refused, NotFound)):
        add_person(AddPerson(cast.stranger.origin, "x@example.test", "X"))
    grant_role(
        GrantRole(SYSTEM, cast.stranger.id, "administrator", "OI", until=date.today() + timedelta(days=1))
    )
    assert add_person(AddPerson(cast.stranger.origin, "x@example.test", "X"))
    with pytest.raises(Invalid) as refused:
        grant_role(
            GrantRole(SYSTEM, cast.stranger.id, "leader", "OI", until=date.today() - timedelta(days=2))
        )
    assert refused.value.errors == {"until": ["day_past"]}


def test_a_grant_begins_and_ends_at_midnight_of_its_organization(database, cast: Cast) -> None:
    add_organization(AddOrganization(SYSTEM, "Pacific", "PA", timezone="Pacific/Auckland", key_prefix="P"))
    noon = datetime.combine(
        date.today() + timedelta(days=3), time(12), UTC
    )  # in Auckland it is past midnight
    day = noon.date()
    for key, last in (("OI", day), ("PA", day)):
        grant_role(GrantRole(SYSTEM, cast.stranger.id, "leader", key, until=last))
    grant_role(GrantRole(SYSTEM, cast.approver.id, "leader", "PA", since=day + timedelta(days=1)))
    with reading() as session:
        held = load_actor(session, cast.stranger.id, noon)
        begun = load_actor(session, cast.approver.id, noon)
        before = load_actor(session, cast.approver.id, noon - timedelta(hours=12))
    assert held is not None
    assert [grant.branch_id for grant in held.grants] == [branch_id("OI")]
    assert begun is not None
    assert branch_id("PA") in {grant.branch_id for grant in begun.grants}
    assert before is not None
    assert branch_id("PA") not in {grant.branch_id for grant in before.grants}


def test_a_grant_that_is_over_keeps_nobody_from_being_looked_after(database, cast: Cast) -> None:
    keeper = Origin(add_person(AddPerson(SYSTEM, "keeper@example.test", "Kim Keeper")), "web")
    grant_role(GrantRole(SYSTEM, keeper.person_id or 0, "administrator", "workplace"))
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "member", "workplace"))
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "leader", "OI", until=date.today() + timedelta(days=1)))
    edit = EditPerson(
        origin=keeper, person_id=cast.stranger.id, version=1, name="Stella Marsh",
        email=cast.stranger.email,
    )  # fmt: skip
    with pytest.raises(Refused):
        edit_person(edit)
    edit_person(replace(edit, origin=replace(keeper, at=now() + timedelta(days=3))))


@pytest.mark.parametrize(
    ("role", "branch"), [("king", "OI"), ("member", "nowhere"), ("member", "service-quality")]
)
def test_an_unknown_role_or_branch_or_one_held_already_is_refused(
    sqlite, cast: Cast, role: str, branch: str
) -> None:
    with pytest.raises(Invalid):
        grant_role(GrantRole(SYSTEM, cast.member.id, role, branch))


def test_r10_two_editors_of_one_person_get_a_conflict(database, cast: Cast) -> None:
    edit_person(EditPerson(SYSTEM, cast.owner.id, 1, "Olga Brandt-Sato", cast.owner.email))
    with pytest.raises(Stale):
        edit_person(EditPerson(SYSTEM, cast.owner.id, 1, "Olga", cast.owner.email))


def test_earlier_names_are_kept_with_the_sequence_that_changed_them(database, cast: Cast) -> None:
    edit_person(EditPerson(SYSTEM, cast.owner.id, 1, "Olga Sato", cast.owner.email))
    twin = HISTORY["person"]
    with reading() as session:
        rows = session.execute(
            select(twin.c.name, twin.c.to_seq).where(twin.c.id == cast.owner.id).order_by(twin.c.from_seq)
        ).all()
    assert [row.name for row in rows] == ["Olga Brandt", "Olga Sato"]
    assert rows[0].to_seq is not None and rows[1].to_seq is None


def test_disabling_and_enabling_twice_changes_nothing_more(database, cast: Cast) -> None:
    for act in (disable_person, disable_person, enable_person, enable_person):
        act(PersonCommand(cast.administrator.origin, cast.member.id))
    with reading() as session:
        logged = (
            select(func.count())
            .select_from(AuditLog)
            .where(AuditLog.event.in_(("people:disabled", "people:enabled")))
        )
        assert session.scalar(logged) == 2


@pytest.mark.parametrize(("theme", "zone"), [("blue", ""), ("dark", "Mars/Base")])
def test_an_unknown_theme_or_zone_is_refused(sqlite, cast: Cast, theme: str, zone: str) -> None:
    with pytest.raises(Invalid):
        edit_account(EditAccount(cast.owner.origin, theme, zone))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ortega", 1),
        ("LUCÍA", 1),
        ("lucía ortega", 1),
        ("example.test", 13),
        ("%", 0),
        ("_", 1),
        ("' or 1=1", 0),
    ],
)
def test_the_list_of_people_finds_by_words_and_takes_signs_as_they_are(
    database, cast, words, expected
) -> None:
    with reading() as session:
        assert people_page(session, date.today(), words=words)[1] == expected


def test_the_list_of_people_needs_the_same_queries_for_one_and_for_all(sqlite, cast: Cast) -> None:
    asked: list[str] = []
    event.listen(sqlite, "before_cursor_execute", lambda *call: asked.append(call[2]))
    with reading() as session:
        session.connection()
        asked.clear()
        people_page(session, date.today(), words="ortega")
        for_one = len(asked)
        people_page(session, date.today())
    assert for_one == len(asked) - for_one == 5


def test_r06_who_holds_a_part_cannot_become_auditor(database, cast: Cast) -> None:
    key = make_measure(cast)
    named = {"escalation_contact": cast.stranger.id}
    assign_parts(AssignParts(key, version_of(key), named, cast.lead.origin))
    with pytest.raises(Invalid) as refused:
        grant_role(GrantRole(cast.administrator.origin, cast.stranger.id, "auditor", "OI"))
    assert refused.value.errors == {"role": ["auditor_holds_part"]}


def test_r13_a_form_about_a_person_sent_twice_does_it_once(database, cast: Cast) -> None:
    by, who = cast.administrator.origin, cast.stranger.id
    new = AddPerson(by, "twice@example.test", "Twice", action_key="a")
    grant = GrantRole(by, who, "member", "workplace", action_key="b")
    edit = EditPerson(by, who, 1, "Stella Grant-Ito", cast.stranger.email, action_key="c")
    assert add_person(new) == add_person(new)
    assert grant_role(grant) == grant_role(grant)
    assert edit_person(edit) is None and edit_person(edit) is None
    close = PersonCommand(by, who, "d")
    disable_person(close)
    with pytest.raises(KeyReused):
        enable_person(close)


def test_r13_of_a_form_that_makes_a_password_the_first_password_counts(database, cast: Cast) -> None:
    by = cast.administrator.origin
    first, second = "walnut-harbour-1234", "lantern-harbour-5678"
    add_person(AddPerson(by, "once@example.test", "Once", password=first, action_key="a"))
    with pytest.raises(KeyReused):
        add_person(AddPerson(by, "once@example.test", "Once", password=second, action_key="a"))
    set_password(SetPassword(by, cast.stranger.id, first, "b"))
    with pytest.raises(KeyReused):
        set_password(SetPassword(by, cast.stranger.id, second, "b"))
    with reading() as session:
        stored = session.scalar(select(Password.hash).where(Password.person_id == cast.stranger.id))
        kept = session.scalars(select(ActionKey.body_digest)).all()
    assert passwords.fits(first, stored)
    assert len(kept) == 2
