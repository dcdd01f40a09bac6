"""The daily digest: what is marked for it and what still waits, once a person and day. Both databases."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.data.notices import Notice, Outbox
from govapp.data.people import Person
from govapp.data.reviews import Condition
from govapp.domain.events import Event
from govapp.services import digests
from govapp.services._work import Origin, writing
from govapp.services.digests import send_digests
from govapp.services.mails import make_mails
from govapp.services.notices import ChooseMail, choose_mail
from tests.factories import key_of_form, make_measure, measure_row, move, supply, vote

pytestmark = pytest.mark.usefixtures("database")
CLOCK = Origin(None, "job", "clock")
ZONE = ZoneInfo("Europe/Berlin")
_SOON = datetime.now(UTC).date() + timedelta(days=2)
# the next Thursday: what the measure's evidence is valid for ends long after it
DAY = _SOON + timedelta(days=(3 - _SOON.weekday()) % 7)
FRIDAY, SATURDAY, SUNDAY, MONDAY = (DAY + timedelta(days=n) for n in (1, 2, 3, 4))


def clock_at(hour=9, day=DAY):
    """The clock at an hour of a day in the larger organization."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)
    return Origin(None, "job", "clock", at=at)


def send(hour=9, day=DAY):
    """What two clocks send at that hour; digests by address."""
    before = len(letters())
    made = send_digests(clock_at(hour, day), 60) + send_digests(clock_at(hour, day), 60)
    new = letters()[before:]
    assert len(new) == made
    assert len({mail["to"] for mail in new}) == made
    return {mail["to"]: mail for mail in new}


def letters():
    with reading() as session:
        found = session.scalars(select(Outbox).where(Outbox.key.startswith("digest:")).order_by(Outbox.id))
        return [row.payload for row in found]


def make_all():
    while make_mails(CLOCK):
        continue


@pytest.fixture
def key(cast):
    """A measure in Defined; of what came before no notice waits for a digest."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    make_all()
    writing(CLOCK, lambda work: work.session.execute(update(Notice).values(mail="")))
    return made


def test_where_nothing_is_to_be_told_nothing_is_sent(cast, key):
    assert send() == {}


def test_who_decides_is_reminded_of_what_waits_until_it_is_decided(cast, key):
    move(cast, key, "identified")
    make_all()
    sent = send()
    assert set(sent) == {cast.sponsor.email}
    (decision,) = sent[cast.sponsor.email]["decisions"]
    assert (decision["key"], decision["title"]) == (key, "Fewer password calls at the service desk")
    assert set(send(day=FRIDAY)) == {cast.sponsor.email}
    vote(cast, key, cast.sponsor)
    assert cast.sponsor.email not in send(day=MONDAY), "decided items are told no more"


def test_notices_marked_for_it_come_once(cast, key):
    number = measure_row(key).id
    writing(cast.lead.origin, lambda work: work.tell(cast.owner.id, "put_on_hold", measure_id=number,
                                                     payload={"reason": "The vendor has to answer"}))  # fmt: skip
    make_all()
    (mail,) = send().values()
    assert mail["to"] == cast.owner.email
    assert [(told["kind"], told["about"]["reason"]) for told in mail["notices"]] == [
        ("put_on_hold", "The vendor has to answer")
    ]
    assert send(day=FRIDAY) == {}


@pytest.mark.parametrize(("day", "hour"), [(DAY, 6), (SATURDAY, 12), (SUNDAY, 12)])
def test_it_leaves_at_seven_there_and_not_at_weekends(cast, key, day, hour):
    move(cast, key, "identified")
    make_all()
    assert send(hour, day) == {}
    later = DAY if day == DAY else MONDAY
    assert set(send(7, later)) == {cast.sponsor.email}


def test_who_wants_no_mail_about_decisions_is_not_reminded_of_them(cast, key):
    choose_mail(ChooseMail(cast.sponsor.origin, {"decision_waits": "never"}, key_of_form()))
    move(cast, key, "identified")
    make_all()
    assert send() == {}


def test_disabled_people_get_none(cast, key):
    move(cast, key, "identified")
    make_all()
    writing(CLOCK, lambda work: _disable(work, cast.sponsor.id))
    assert send() == {}


def _disable(work, person):
    work.session.get_one(Person, person).active = False
    work.log(Event.PERSON_DISABLED, {}, object_type="person", object_id=str(person))


def test_whoever_belongs_to_two_organizations_gets_one(cast, key):
    writing(CLOCK, lambda work: work.tell(cast.outsider.id, "deputy_ended"))
    make_all()
    assert set(send(12)) == {cast.outsider.email}


def test_conditions_owed_and_evidence_that_ends_are_told_to_who_can_mend_them(cast, key):
    number = measure_row(key).id

    def owe(work):
        work.session.add(
            Condition(
                measure_id=number, wording="Sign the contract.", owner_id=cast.member.id, due=DAY,
                set_by=cast.sponsor.id, set_at=work.at,
            )
        )  # fmt: skip
        work.log(Event.MEASURE_COMMENTED, {}, measure_id=number)

    writing(CLOCK, owe)
    assert [due["name"] for due in send()[cast.member.email]["dues"]] == ["Sign the contract."]
    with reading() as session:
        ends = session.scalar(
            select(func.min(EvidenceRevision.valid_until)).where(EvidenceRevision.measure_id == number)
        )
    day = ends - timedelta(days=7)
    mail = send(day=day - timedelta(days=max(0, day.weekday() - 4)))[cast.owner.email]
    assert ("evidence_expires", ends.isoformat()) in {(due["what"], due["day"]) for due in mail["dues"]}


def test_a_round_goes_on_where_it_was_left(cast, key, monkeypatch):
    monkeypatch.setattr(digests, "CHUNK", 2)
    for person in cast.all[:5]:
        writing(CLOCK, lambda work, person=person: work.tell(person.id, "deputy_ended"))
    make_all()
    at = clock_at(12)
    assert send_digests(at, 0) == 0
    told = 0
    for _ in range(40):
        told += send_digests(at, 0.000001)
    assert told == 5
    assert len(letters()) == 5
