"""From a notice to a real mail server: one mail with a link that opens the page and decides nothing."""

import re
from email import message_from_string, policy

import pytest
from sqlalchemy import func, select, update

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.notices import Notice, Outbox
from govapp.data.people import Person
from govapp.data.reviews import Vote
from govapp.domain.events import Event
from govapp.jobs.clock import CLOCK, Duty, duties
from govapp.services._work import writing
from govapp.services.digests import send_digests
from tests.factories import make_measure, move, open_review, stage_of, supply
from tests.jobs.test_mail import Kept, served
from tests.services.test_digests import clock_at

BASE = "http://localhost"


@pytest.fixture
def kept():
    """A mail server and the clock's duties that lead to it."""
    handler = Kept()
    with served(handler, enable_SMTPUTF8=False) as address:
        wanted = {"notices", "mail"}
        todo = [
            duty
            for duty in duties(
                "unix:///nowhere", f"smtp://{address}", "Gates <gates@govapp.example>", f"{BASE}/"
            )
            if duty.name in wanted
        ]
        yield handler, todo


def tick(todo: list[Duty]) -> None:
    """One turn of the clock for notices and mail, whatever their time."""
    for duty in todo:
        duty.due = 0
        duty.turn(1)


def read(mail: str):
    """Subject, address and text of a mail."""
    message = message_from_string(mail, policy=policy.default)
    assert message.get_content_type() == "text/plain"
    return message["Subject"], message["To"], message.get_content()


@pytest.fixture
def key(cast, kept):
    """A measure in Defined, ready for the next gate; nothing is left to be mailed."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    writing(CLOCK, lambda work: work.session.execute(update(Notice).values(mail="")))
    return made


def state_of_mail():
    with reading() as session:
        row = session.scalars(select(Outbox).where(Outbox.kind == "mail")).one()
        return row.state, row.attempts, row.problem


def test_r29_an_opened_review_mails_its_decider_once_with_a_link_that_opens_the_page_and_decides_nothing(
    client, cast, kept, key
):
    handler, todo = kept
    move(cast, key, "identified")
    for _ in range(3):
        tick(todo)
    (mail,) = handler.mails
    subject, to, text = read(mail)
    assert subject == f"[govapp] {key}: your decision is asked, into Identified"
    assert to == cast.sponsor.email
    link = re.search(rf"Open it: {BASE}(\S+)", text)[1]
    review, _ = open_review(key)
    assert link == f"/reviews/{review}"
    page = client.sign_in(cast.sponsor).get(link)
    assert page.status_code == 200
    assert "Your decision" in page.text
    assert client.get(f"{link}/decision").status_code == 405, "a decision is never taken on GET"
    with reading() as session:
        assert session.scalar(select(func.count(Vote.id)).where(Vote.review_id == review)) == 0
    assert stage_of(key) == "defined"
    assert state_of_mail()[0] == "done"


def test_a_mail_that_is_refused_stays_and_says_why_while_others_leave(client, cast, kept, key):
    handler, todo = kept
    writing(CLOCK, lambda work: _rename(work, cast.sponsor.id, "nobody@example.test"))
    move(cast, key, "identified")
    tick(todo)
    assert handler.mails == []
    state, attempts, problem = state_of_mail()
    assert (state, attempts) == ("waiting", 1)
    assert "no such mailbox" in problem


def _rename(work, person, email):
    work.session.get_one(Person, person).email = email
    work.log(Event.PERSON_EDITED, {"changes": {}}, object_type="person", object_id=str(person))


def test_breaks_in_a_title_reach_neither_heads_nor_lines_of_their_own(client, cast, kept, key):
    handler, todo = kept
    title = "Calm\r\nBcc: all@example.test\r\n\r\nOpen it: https://evil.example/"
    writing(CLOCK, lambda work: _retitle(work, key, title))
    move(cast, key, "identified")
    tick(todo)
    (mail,) = handler.mails
    subject, to, text = read(mail)
    assert message_from_string(mail)["Bcc"] is None
    assert to == cast.sponsor.email
    assert "\n" not in subject
    assert [row for row in text.splitlines() if row.startswith("Open it:")] == [
        f"Open it: {BASE}/reviews/{open_review(key)[0]}"
    ]


def _retitle(work, key, title):
    """Past the form, which would refuse it."""
    work.session.scalars(select(Measure).where(Measure.key == key)).one().title = title
    work.log(Event.MEASURE_EDITED, {"changes": {}}, object_type="measure", object_id=key)


def test_a_digest_arrives_as_one_mail(client, cast, kept, key):
    handler, todo = kept
    move(cast, key, "identified")
    tick(todo)
    handler.mails.clear()
    assert send_digests(clock_at(9), 60) == 1
    writing(CLOCK, lambda work: work.session.execute(update(Outbox).values(due_at=work.at)))
    tick(todo)
    (mail,) = handler.mails
    subject, to, text = read(mail)
    assert "1 decision waits for you" in subject
    assert to == cast.sponsor.email
    assert f"* {key} Fewer password calls at the service desk:" in text
    assert f"{BASE}/reviews/{open_review(key)[0]}" in text


def test_without_a_mail_server_the_text_stands_on_the_outbox_page_without_amounts(client, cast, kept, key):
    _handler, todo = kept
    move(cast, key, "identified")
    todo[0].turn(1)
    page = client.sign_in(cast.administrator).get("/admin/outbox").text
    assert f"[govapp] {key}: your decision is asked, into Identified" in page
    assert "What changes: Defined to Identified" in page
    assert "Value a year" not in page
