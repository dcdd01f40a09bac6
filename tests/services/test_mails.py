"""Notices become mail as each person chose: at once, in the digest, or not. Both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.notices import Notice, Outbox
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid
from govapp.services._work import Origin, writing
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.mails import address_now, make_mails
from govapp.services.notices import ChooseMail, choose_mail
from govapp.services.people import PersonCommand, disable_person
from tests.factories import hold, key_of_form, make_measure, measure_row, move, open_review, supply, vote

pytestmark = pytest.mark.usefixtures("database")
CLOCK = Origin(None, "job", "clock")


def mails():
    """Payloads of the mails in the outbox, oldest first."""
    with reading() as session:
        return list(session.scalars(select(Outbox.payload).where(Outbox.kind == "mail").order_by(Outbox.id)))


def make():
    """What the clock makes of the notices that are due; the mails that are new."""
    before = len(mails())
    made = make_mails(CLOCK)
    assert len(mails()) == before + made
    return mails()[before:]


def make_all():
    while make_mails(CLOCK):
        continue


def notice(person, kind="decision_waits"):
    """The newest notice of a kind for a person: how it stands with its mail."""
    with reading() as session:
        found = select(Notice.mail, Notice.digest_on).where(
            Notice.person_id == person.id, Notice.kind == kind
        )
        return tuple(session.execute(found.order_by(Notice.id.desc())).first())


def tell(person, kind, by=None, **about):
    writing(by.origin if by else CLOCK, lambda work: work.tell(person.id, kind, **about))


def choose(person, **choices):
    choose_mail(ChooseMail(person.origin, choices, key_of_form()))


@pytest.fixture
def key(cast):
    """A measure in Defined with a value and all that the next gate asks for; the mails of before are made."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    effect = ("Calls", "ebitda", "recurring", "EUR", cast.owner.origin)
    set_effect_line(SetEffectLine(made, *effect, run_rate=Decimal(70_000)))
    make_all()
    return made


def test_who_decides_gets_one_mail_with_all_it_needs(cast, key):
    move(cast, key, "identified")
    assert notice(cast.sponsor) == ("due", None), "it is promised in the transaction that opens the review"
    (mail,) = make()
    review, _ = open_review(key)
    assert (mail["to"], mail["kind"], mail["key"], mail["review"]) == (
        cast.sponsor.email,
        "decision_waits",
        key,
        review,
    )
    assert (mail["who"], mail["came_from"], mail["into"]) == ("Olga Brandt", "Defined", "Identified")
    assert mail["title"] == "Fewer password calls at the service desk"
    assert mail["values"] == {"EUR": 7_000_000}
    (step,) = mail["steps"]
    assert step["name"]
    assert datetime.fromisoformat(step["since"]) <= datetime.now(UTC)
    assert notice(cast.sponsor) == ("", None)
    assert make() == [], "another clock finds nothing left to do"


def test_nobody_is_mailed_about_their_own_act(cast, key):
    tell(cast.owner, "comment", by=cast.owner, measure_id=measure_row(key).id)
    assert notice(cast.owner, "comment") == ("", None)
    assert make() == []


def test_whoever_chose_the_digest_gets_no_mail_at_once(cast, key):
    choose(cast.sponsor, decision_waits="digest")
    move(cast, key, "identified")
    assert make() == []
    mail, day = notice(cast.sponsor)
    assert mail == "digest"
    assert datetime.now(UTC).date() <= day <= datetime.now(UTC).date() + timedelta(days=4)


def test_whoever_chose_no_mail_gets_none_and_keeps_the_notice(cast, key):
    choose(cast.sponsor, decision_waits="never")
    move(cast, key, "identified")
    assert make() == []
    assert notice(cast.sponsor) == ("", None)


def test_what_may_not_lapse_cannot_be_switched_off(cast):
    with pytest.raises(Invalid) as refused:
        choose(cast.sponsor, escalated="never")
    assert refused.value.errors == {"escalated": ["mail_must_come"]}


def test_a_choice_can_be_taken_back(cast, key):
    choose(cast.sponsor, decision_waits="never")
    choose(cast.sponsor, decision_waits="at_once")
    move(cast, key, "identified")
    assert len(make()) == 1


def test_disabled_people_get_nothing(cast, key):
    move(cast, key, "identified")
    disable_person(PersonCommand(cast.administrator.origin, cast.sponsor.id, key_of_form()))
    assert make() == []
    assert notice(cast.sponsor) == ("", None)


def test_a_mail_made_before_somebody_was_disabled_goes_nowhere(cast, key):
    move(cast, key, "identified")
    (mail,) = make()
    assert address_now(mail) == cast.sponsor.email
    disable_person(PersonCommand(cast.administrator.origin, cast.sponsor.id, key_of_form()))
    assert address_now(mail) is None


def test_of_one_kind_about_one_measure_one_mail_a_minute_leaves_and_the_rest_is_for_the_digest(cast, key):
    number = measure_row(key).id
    at = datetime.now(UTC).replace(second=5)

    def three(work):
        work.at = at
        for finding in ("evidence:a", "evidence:b"):
            work.tell(cast.owner.id, "supply_asked", measure_id=number, payload={"finding": finding})
        work.at = at + timedelta(minutes=1)
        work.tell(cast.owner.id, "supply_asked", measure_id=number, payload={"finding": "evidence:c"})

    writing(cast.lead.origin, three)
    assert [mail["about"]["finding"] for mail in make()] == ["evidence:a", "evidence:c"]
    with reading() as session:
        left = select(Notice.payload).where(Notice.mail == "digest", Notice.kind == "supply_asked")
        assert [payload["finding"] for payload in session.scalars(left)] == ["evidence:b"]


def test_history_that_is_replayed_or_imported_mails_nobody(cast, key):
    for origin in (Origin(None, "job", at=datetime(2026, 1, 5, tzinfo=UTC)), Origin(None, "import")):
        writing(origin, lambda work: work.tell(cast.owner.id, "supply_asked"))
    assert make() == []


def test_r08_amounts_and_titles_are_told_only_to_who_may_see_them(cast, key):
    number = measure_row(key).id
    for person in (cast.administrator, cast.outsider, cast.leader):
        tell(person, "supply_asked", by=cast.lead, measure_id=number, payload={"finding": "evidence:secret"})
    by_person = {mail["to"]: mail for mail in make()}
    assert by_person[cast.leader.email]["values"] == {"EUR": 7_000_000}
    assert "values" not in by_person[cast.administrator.email]
    assert by_person[cast.administrator.email]["title"]
    outside = by_person[cast.outsider.email]
    assert outside["key"] == key
    assert not {"title", "about", "values", "effect"} & outside.keys()


def test_a_deputy_is_told_for_whom(cast, key):
    tell(cast.leader, "decision_waits", measure_id=measure_row(key).id, on_behalf_of=cast.sponsor.id)
    (mail,) = make()
    assert (mail["to"], mail["stands_in_for"]) == (cast.leader.email, cast.sponsor.name)


def test_an_unknown_kind_raises_and_leaves_nothing(cast):
    with pytest.raises(ValueError, match="no notice of the kind"):
        tell(cast.owner, "good_news")


def test_choices_are_on_record_once_and_a_form_sent_twice_changes_nothing(cast):
    command = ChooseMail(cast.owner.origin, {"comment": "at_once", "moved": "digest"}, key_of_form())
    assert choose_mail(command) == 1, "moved comes with the digest anyway"
    assert choose_mail(command) == 1
    assert choose_mail(ChooseMail(cast.owner.origin, {"comment": "at_once"}, key_of_form())) == 0


def test_a_decision_taken_before_its_mail_was_made_is_not_asked_for_any_more(cast, key):
    move(cast, key, "identified")
    vote(cast, key, cast.sponsor)
    assert "decision_waits" not in {mail["kind"] for mail in make()}


def test_a_mail_names_the_step_of_its_reader_only(cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    make_all()
    move(cast, key, "detailed")
    named = {mail["to"]: [step["name"] for step in mail["steps"]] for mail in make()}
    assert named == {
        cast.sponsor.email: ["Decision of the sponsor"],
        cast.controller.email: ["Controller's check of the numbers"],
    }


def test_a_hold_is_told_to_owner_and_sponsor_but_not_to_who_took_it(cast, key):
    hold(cast, key)
    assert notice(cast.owner, "put_on_hold")[0] == "due"
    assert notice(cast.sponsor, "put_on_hold")[0] == "due"
    move(cast, key, ask=AskKind.RELEASE, by=cast.sponsor, reason="The vendor has answered")
    with reading() as session:
        told = select(Notice.person_id).where(Notice.kind == "released")
        assert session.scalars(told).all() == [cast.owner.id]
