"""Ask and Remind: a notice for those who can help, none twice within four hours, nothing said that was not done."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.notices import Notice
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.services._work import now
from govapp.services.asking import AskPeople, ask_people
from govapp.services.board_moves import decision_on, lesson, standing
from govapp.services.people import PersonCommand, disable_person
from tests.cast import SYSTEM
from tests.factories import assign_all, loaded, make_measure, make_proposal, move, submit, supply, vote
from tests.many import everything

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def key(cast):
    """A measure in Identified whose gate into Detailed waits for controller and sponsor."""
    made = make_measure(cast, "identified")
    supply(cast, made, "detailed")
    move(cast, made, "detailed")
    return made


def notices(person, kind):
    with reading() as session:
        found = select(Notice.id).where(Notice.person_id == person.id, Notice.kind == kind)
        return len(session.scalars(found).all())


def asked_rows():
    with reading() as session:
        found = select(AuditLog.payload, AuditLog.right_used).where(AuditLog.event == "review:asked")
        return [
            (json.loads(row.payload), row.right_used)
            for row in session.execute(found.order_by(AuditLog.sequence))
        ]


def test_a_reminder_reaches_only_those_who_still_decide_and_says_by_what_right_it_was_sent(key, cast):
    vote(cast, key, cast.controller)
    assert ask_people(AskPeople(key, cast.owner.origin)) == [cast.sponsor.name]
    assert (notices(cast.sponsor, "decision_reminder"), notices(cast.controller, "decision_reminder")) == (
        1,
        0,
    )
    assert [(row["people"], right) for row, right in asked_rows()] == [([cast.sponsor.id], "part:owner")]


def test_asking_again_within_four_hours_writes_nothing_and_says_so(key, cast):
    ask_people(AskPeople(key, cast.owner.origin))
    before = everything()
    with pytest.raises(Invalid) as refused:
        ask_people(AskPeople(key, cast.lead.origin))
    assert refused.value.code == "asked_already"
    assert cast.sponsor.name in refused.value.values["who"]
    assert everything() == before
    later = replace(cast.owner.origin, at=now() + timedelta(hours=5))
    assert ask_people(AskPeople(key, later)) == [cast.controller.name, cast.sponsor.name]


def test_who_was_asked_lately_is_left_out_while_others_are_asked(key, cast):
    vote(cast, key, cast.controller)
    ask_people(AskPeople(key, cast.owner.origin))
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert ask_people(AskPeople(key, cast.owner.origin)) == [cast.controller.name]
    assert notices(cast.sponsor, "decision_reminder") == 1


def test_whoever_cannot_decide_is_not_asked_to(cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    submit(cast, made, "rough-numbers", by=cast.lead)
    before = notices(cast.lead, "decision_waits")
    assign_all(cast, made, sponsor=cast.lead)
    assert notices(cast.lead, "decision_waits") == before
    with pytest.raises(Invalid) as refused:
        ask_people(AskPeople(made, cast.owner.origin))
    assert refused.value.code == "nobody_to_ask"


def test_those_are_asked_whom_the_refusal_names(cast):
    made = make_measure(cast)
    assign_all(cast, made)
    with reading() as session:
        lead = load_actor(session, cast.lead.id, now())
    here = standing(lead, made, now())
    named = lesson(lead, here, decision_on(lead, here, "identified", None)).suppliers
    named = {finding: set(found.names) for finding, found in named.items() if found.names}
    assert len(named) > 1
    for finding, names in named.items():
        assert set(ask_people(AskPeople(made, cast.lead.origin, finding))) == names


def test_the_holder_of_a_part_who_is_disabled_is_neither_named_nor_asked(cast):
    made = make_measure(cast)
    disable_person(PersonCommand(SYSTEM, cast.owner.id))
    with reading() as session:
        lead = load_actor(session, cast.lead.id, now())
    here = standing(lead, made, now())
    found = lesson(lead, here, decision_on(lead, here, "identified", None)).suppliers
    assert cast.owner.name not in found["evidence:scope-statement"].names
    asked = ask_people(AskPeople(made, cast.sponsor.origin, "evidence:scope-statement"))
    assert asked == [cast.lead.name], "where nobody named is left, the program lead helps"


def test_r08_who_may_not_read_reviews_reminds_nobody_and_strangers_know_of_nothing(key, cast):
    before = everything()
    with pytest.raises(NotFound):
        ask_people(AskPeople(key, cast.outsider.origin))
    with pytest.raises(NotFound):
        ask_people(AskPeople(key, cast.owner.origin, "evidence:nothing"))
    assert loaded(key).snapshot.review is not None
    assert everything() == before


def test_r08_who_only_reads_asks_and_reminds_nobody(key, cast):
    before = everything()
    for reader in (cast.auditor, cast.administrator):
        for finding in ("", "evidence:business-case"):
            with pytest.raises(Refused):
                ask_people(AskPeople(key, reader.origin, finding))
    assert everything() == before


def test_without_an_open_review_there_is_nobody_to_remind(cast):
    with pytest.raises(Invalid):
        ask_people(AskPeople(make_proposal(cast), cast.owner.origin))
