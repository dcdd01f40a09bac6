"""Absences are set, told, ended and refused in words (R58; fault of other tools: the deputy was not notified)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.deputies import Deputy
from govapp.data.engine import reading
from govapp.data.notices import Notice
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.permissions import Permission
from govapp.services._work import Origin, now, writing
from govapp.services.deputies import EndDeputy, SetDeputy, end_deputy, preview_absence, set_deputy
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import AddPerson, PersonCommand, add_person, disable_person
from tests.cast import SYSTEM, Someone
from tests.factories import loaded, make_measure

pytestmark = pytest.mark.usefixtures("database")
TODAY = now().date()


def absent(person, deputy, first=0, last=9, by=None, **more):
    days = (TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    return SetDeputy((by or person).origin, person.id, deputy.id, *days, **more)


def refused(command):
    with pytest.raises(Invalid) as error:
        set_deputy(command)
    return error.value.errors


def stands_in(person, at=None):
    with reading() as session:
        actor = load_actor(session, person.id, at or now())
    return {(each.actor.id, tuple(sorted(each.kinds))) for each in actor.stands_in}


def notices(kind):
    with reading() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


def logged(event):
    with reading() as session:
        return session.scalars(select(AuditLog.payload).where(AuditLog.event == event)).all()


def test_fault_deputy_not_notified_the_deputy_is_told_and_the_history_says_so(cast):
    set_deputy(absent(cast.controller, cast.leader, reason="Parental leave"))
    assert notices("deputy_set") == {cast.leader.id}
    (row,) = logged("people:deputy-set")
    assert f'"deputy":{cast.leader.id}' in row and "Parental leave" in row


def test_who_names_a_deputy_for_somebody_tells_both(cast):
    set_deputy(absent(cast.sponsor, cast.leader, by=cast.administrator))
    assert notices("deputy_set") == {cast.leader.id, cast.sponsor.id}


def test_only_whoever_manages_deputies_names_them_for_others(cast):
    for by in (cast.lead, cast.auditor, cast.leader):
        with pytest.raises(Refused):
            set_deputy(absent(cast.sponsor, cast.leader, by=by))
    with pytest.raises(Refused):
        set_deputy(absent(cast.auditor, cast.leader))


def test_r58_a_voice_is_lent_from_the_first_day_to_the_last_in_the_organization(cast):
    set_deputy(absent(cast.sponsor, cast.leader, 2, 4, kinds=("decide", "judge")))
    whole = {(cast.sponsor.id, ("decide", "judge"))}
    noon = now().replace(hour=12, minute=0)
    assert [stands_in(cast.leader, noon + timedelta(days=n)) for n in (1, 2, 4, 5)] == [
        set(),
        whole,
        whole,
        set(),
    ]
    assert stands_in(cast.sponsor, noon + timedelta(days=3)) == set()


def test_r58_an_absence_ended_lends_nothing_any_more_and_both_are_told(cast):
    number = set_deputy(absent(cast.sponsor, cast.leader))
    assert stands_in(cast.leader)
    with pytest.raises(Stale):
        end_deputy(EndDeputy(cast.sponsor.origin, number, 9))
    with pytest.raises(Refused):
        end_deputy(EndDeputy(cast.owner.origin, number, 1))
    end_deputy(EndDeputy(cast.administrator.origin, number, 1, "Back early"))
    assert not stands_in(cast.leader)
    assert notices("deputy_ended") == {cast.leader.id, cast.sponsor.id}
    assert "Back early" in logged("people:deputy-ended")[0]


def test_a_deputy_may_hand_the_task_back(cast):
    number = set_deputy(absent(cast.sponsor, cast.leader))
    end_deputy(EndDeputy(cast.leader.origin, number, 1))
    assert notices("deputy_ended") == {cast.sponsor.id}


def test_r58_chains_and_cycles_are_refused_in_words_and_logged(cast):
    set_deputy(absent(cast.sponsor, cast.leader))
    assert refused(absent(cast.leader, cast.lead)) == {"from_day": ["deputy_stands_in"]}
    assert refused(absent(cast.leader, cast.sponsor)) == {"deputy": ["deputy_cycle"]}
    assert refused(absent(cast.lead, cast.sponsor)) == {"deputy": ["deputy_absent"]}
    assert refused(absent(cast.sponsor, cast.lead)) == {"from_day": ["absence_overlaps"]}
    assert len(logged("people:deputy-refused")) == 4
    set_deputy(absent(cast.leader, cast.lead, 10, 12))


def test_r58_nobody_unfit_stands_in(cast):
    assert refused(absent(cast.sponsor, cast.sponsor)) == {"deputy": ["deputy_self"]}
    for unfit in (cast.administrator, cast.auditor):
        assert refused(absent(cast.sponsor, unfit)) == {"deputy": ["deputy_unfit"]}
    assert refused(absent(cast.sponsor, cast.stranger)) == {"deputy": ["deputy_elsewhere"]}
    disable_person(PersonCommand(cast.administrator.origin, cast.leader.id))
    assert refused(absent(cast.sponsor, cast.leader)) == {"deputy": ["person_disabled"]}
    with reading() as session:
        assert not session.scalars(select(Deputy)).all()


def test_r07_whose_account_is_disabled_lends_no_voice(cast):
    set_deputy(absent(cast.sponsor, cast.leader))
    disable_person(PersonCommand(cast.administrator.origin, cast.sponsor.id))
    assert not stands_in(cast.leader)


def test_a_form_sent_twice_sets_one_absence(cast):
    command = absent(cast.sponsor, cast.leader, action_key="once")
    assert set_deputy(command) == set_deputy(command)


def test_r02_a_voice_asked_for_without_a_row_in_force_is_refused(cast):
    claimed = Origin(cast.lead.id, on_behalf_of=cast.sponsor.id)
    with pytest.raises(Refused) as error:
        writing(claimed, lambda work: None)
    assert error.value.code == "not_their_deputy"
    set_deputy(absent(cast.sponsor, cast.lead, 1, 2))
    with pytest.raises(Refused):
        writing(claimed, lambda work: None)


def test_r58_a_voice_is_used_only_for_the_kinds_of_work_it_was_lent_for_and_by_verbs_that_ask(cast):
    key = make_measure(cast, "defined")
    set_deputy(absent(cast.sponsor, cast.member, kinds=("decide",)))
    lent = Origin(cast.member.id, on_behalf_of=cast.sponsor.id)
    with pytest.raises(Refused) as error:
        writing(lent, lambda work: None)
    assert error.value.code == "deputy_not_for_this"

    def act(permission):
        place = loaded(key).place

        def body(work):
            right = work.may(permission, place)
            return right, work.on_behalf_of

        return body

    assert writing(lent, act(Permission.REVIEW_DECIDE)) == ("part:sponsor", cast.sponsor.id)
    with pytest.raises(Refused):
        writing(lent, act(Permission.MEASURE_CANCEL))
    own = Origin(cast.member.id)
    assert writing(own, act(Permission.MEASURE_MOVE))[1] is None
    assert writing(Origin(cast.lead.id), act(Permission.MEASURE_CANCEL))[1] is None


def test_r58_ones_own_right_comes_before_a_lent_one_and_a_lent_one_is_found_without_being_named(cast):
    key = make_measure(cast, "defined")
    place = loaded(key).place
    set_deputy(absent(cast.sponsor, cast.member))

    def used(permission):
        return writing(cast.member.origin, lambda work: (work.may(permission, place), work.on_behalf_of))

    assert used(Permission.MEASURE_HOLD) == ("part:sponsor", cast.sponsor.id)
    assert used(Permission.EVIDENCE_SUBMIT)[1] is None


def test_a_deputy_reads_what_the_absent_person_may_read(cast):
    key = make_measure(cast, "defined")
    helper = Someone(
        add_person(AddPerson(SYSTEM, "h@example.test", "Hana Sato")), "h@example.test", "Hana Sato"
    )
    grant_role(GrantRole(SYSTEM, helper.id, "member", "workplace"))
    set_deputy(absent(cast.sponsor, helper))
    place = loaded(key).place
    assert writing(helper.origin, lambda work: work.may(Permission.MEASURE_VIEW, place))


def test_a_preview_names_the_measures_on_which_the_deputy_will_not_act(cast):
    key = make_measure(cast, "defined")
    command = absent(cast.sponsor, cast.controller)
    with reading() as session:
        actor = load_actor(session, cast.sponsor.id, now())
        preview = preview_absence(session, command, actor)
    assert not preview.faults
    assert [(c.measure, c.one, c.other) for c in preview.conflicts] == [
        (key, "part:sponsor", "part:controller")
    ]
