"""How many statements pages and moves ask of the database (budget B3), and how large their answers are (B2, B4)."""

import gzip
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from govapp.data.engine import write_session
from govapp.data.runtime import current
from govapp.services.deputies import SetDeputy, set_deputy
from tests.browser_client import GovappClient
from tests.cast import Cast
from tests.factories import (
    make_measure,
    make_proposal,
    move,
    open_review,
    stage_of,
    submit,
    supply,
    today_of,
    version_of,
    vote,
)
from tests.factories2 import voters
from tests.factories3 import bring_to3, make_measure3, supply3, use_version_3
from tests.support.copies import Copies, copy_measures, newest_sequence

FEW, MANY = 5, 205
BOARD = {"HX-Current-URL": "http://localhost/board?branch=service-quality"}
# B3 names board, list and inbox (the reviews); the others have no budget of their own and keep to the board's
PAGES = {
    "/board": 12,
    "/board?waiting=any": 12,
    "/measures": 8,
    "/reviews": 8,
    "/": 9,  # seven of its own (B3: eight), two of the frame
    "/notices": 8,
    "/admin/people": 12,
}
# A drop that opens a review writes thirteen tables and reads five times: the whole budget.
MOVES = {"accepted": 17, "refused": 17, "review opened": 18}
# The vote that completes the path into Decided also freezes the plan and files the dossier.
VOTE_INTO_DECIDED = 41


class Elements(HTMLParser):
    """Counts elements, as a whole and within each card."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all = 0
        self.cards: list[int] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more; an article begins a card."""
        self.all += 1
        if tag == "article":
            self._inside = True
            self.cards.append(0)
        if self._inside:
            self.cards[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        """The card ends with its article."""
        if tag == "article":
            self._inside = False


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Statements asked since it was last cleared; where transactions begin and end is not counted."""
    asked: list[str] = []

    def note(*what: object) -> None:
        if not str(what[2]).startswith(("BEGIN", "COMMIT")):
            asked.append(str(what[2]))

    engine = current().engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


class Five:
    """A proposal, and measures that lack something, are ready, wait for a decision, or stand a stage further."""

    def __init__(self, cast: Cast) -> None:
        with write_session() as session:
            self._since = newest_sequence(session.connection())
        make_proposal(cast)
        self.lacking = make_measure(cast, "defined")
        self.ready = make_measure(cast, "defined")
        supply(cast, self.ready, "identified")
        self.waiting = make_measure(cast, "defined")
        supply(cast, self.waiting, "identified")
        move(cast, self.waiting, "identified")
        self.further = make_measure(cast, "identified")

    def become(self, number: int) -> None:
        """Copy them until there are so many."""
        assert self.times(number // FEW) == number

    def times(self, number: int) -> int:
        """Copy whatever measures there are; returns how many there are then."""
        with write_session() as session:
            return copy_measures(session.connection(), Copies(number - 1, self._since))


@pytest.fixture
def five(app, cast) -> Five:
    return Five(cast)


def _asked(statements: list[str], ask: Callable[[], TestResponse]) -> tuple[int, TestResponse]:
    statements.clear()
    answer = ask()
    return len(statements), answer


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_the_same_number_of_statements_however_many_measures_there_are(
    client: GovappClient, cast: Cast, five: Five, statements: list[str], address: str
):
    client.sign_in(cast.administrator if address.startswith("/admin") else cast.sponsor)
    assert client.get(address).status_code == 200, "the first request also reads the rules"
    few, _ = _asked(statements, lambda: client.get(address))
    five.become(MANY)
    many, answer = _asked(statements, lambda: client.get(address))
    assert answer.status_code == 200
    assert many == few, statements
    assert many <= PAGES[address], statements


def test_a_review_asks_the_same_number_of_statements_however_much_it_holds(
    client: GovappClient, cast: Cast, five: Five, statements: list[str]
):
    later = make_measure(cast, "detailed")
    supply(cast, later, "decided")
    move(cast, later, "decided")
    client.sign_in(cast.sponsor)
    small, _ = open_review(five.waiting)
    large, _ = open_review(later)
    client.get(f"/reviews/{large}")
    few, _ = _asked(statements, lambda: client.get(f"/reviews/{small}"))
    many, answer = _asked(statements, lambda: client.get(f"/reviews/{large}"))
    assert answer.status_code == 200
    assert few <= 14, statements
    assert many <= 14, statements


def _move(client: GovappClient, cast: Cast, five: Five, kind: str, name: str) -> TestResponse:
    key, fields = {
        "accepted": (five.further, {"to": "defined", "reason": "The scope has changed"}),
        "refused": (five.lacking, {"to": "identified"}),
        "review opened": (five.ready, {"to": "identified"}),
    }[kind]
    fields |= {"version": str(version_of(key)), "action_key": f"of-a-card-{name}"}
    return client.submit_htmx(f"/measures/{key}/moves", fields, headers=BOARD)


@pytest.mark.parametrize("kind", MOVES)
@pytest.mark.parametrize("number", [FEW, MANY])
def test_a_move_asks_few_statements_and_answers_with_a_fragment_however_many_measures_there_are(
    client: GovappClient, cast: Cast, five: Five, statements: list[str], kind: str, number: int
):
    if number > FEW:
        five.become(number)
    client.sign_in(cast.lead)
    client.get("/board")
    before = version_of(five.further)
    asked, answer = _asked(statements, lambda: _move(client, cast, five, kind, str(before)))
    assert answer.status_code == {"accepted": 200, "refused": 422, "review opened": 202}[kind], answer.text
    assert asked - 1 <= MOVES[kind], statements  # one of them is this test's own question for the version
    assert len(answer.data) < 10_000


def test_votes_about_money_ask_few_statements(client: GovappClient, cast: Cast, statements: list[str]):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "detailed")
    supply3(cast, board, key, "decided")
    move(cast, key, "decided")
    while len(left := voters(cast, board, key)) != 1 or left[0][0] != "sponsor-decision":
        vote(cast, key, left[0][1], signed=True)
    number, dossier = open_review(key)
    client.sign_in(cast.sponsor)
    page = client.get(f"/reviews/{number}")
    fields = {"verdict": "approve", "dossier": str(dossier), "reason": "", "action_key": "the-last-vote"}
    asked, _ = _asked(statements, lambda: client.submit(f"/reviews/{number}/decision", fields))
    assert (page.status_code, stage_of(key)) == (200, "decided")
    assert asked <= VOTE_INTO_DECIDED, statements
    bring_to3(cast, board, key, "implemented")
    supply3(cast, board, key, "closed")
    move(cast, key, "closed")
    number, _ = open_review(key)
    client.sign_in(cast.controller)
    asked, page = _asked(statements, lambda: client.get(f"/reviews/{number}"))
    assert "data-proof" in page.text
    assert asked <= 14, statements


def test_a_move_asks_the_same_whatever_evidence_there_is(
    client: GovappClient, cast: Cast, five: Five, statements: list[str]
):
    client.sign_in(cast.lead)
    client.get("/board")
    few, _ = _asked(statements, lambda: _move(client, cast, five, "refused", "a"))
    for _ in range(4):
        submit(cast, five.lacking, "milestone-proof", cast.owner)
    many, _ = _asked(statements, lambda: _move(client, cast, five, "refused", "b"))
    assert many == few, statements


def test_a_board_of_150_cards_keeps_to_its_size(client: GovappClient, cast: Cast, five: Five):
    for stage in ("detailed", "decided", "implemented", "closed"):
        make_measure(cast, stage)
    five.times(25)
    page = client.sign_in(cast.lead).get("/board?branch=service-quality")
    elements = Elements(page.text)
    assert len(elements.cards) == (6 + 1) * 25, "six columns and the proposals"
    assert max(elements.cards) <= 35
    assert len(page.data) < 180_000
    assert len(gzip.compress(page.data, 6)) < 18_000


def test_whoever_stands_in_for_somebody_asks_one_statement_more_at_most(
    client: GovappClient, cast: Cast, five: Five, statements: list[str]
):
    client.sign_in(cast.leader)
    addresses = ("/reviews", "/board", "/measures", "/")
    for address in addresses:
        client.get(address)
    before = {address: _asked(statements, lambda at=address: client.get(at))[0] for address in addresses}
    today = today_of(five.waiting)
    set_deputy(SetDeputy(cast.sponsor.origin, cast.sponsor.id, cast.leader.id, today, today))
    for address in addresses:
        client.get(address)
        few, answer = _asked(statements, lambda at=address: client.get(at))
        assert answer.status_code == 200
        named = 1 if address == "/reviews" else 0  # names of stages are read where something waits
        assert few <= before[address] + 1 + named, (address, statements)
        # My work stands at its limit: who stands in for somebody is one statement past it (docs/decisions.md)
        assert few <= PAGES[address] + (address == "/"), (address, statements)


@pytest.mark.parametrize("address", ["/admin/duties", "/admin/dead-ends", "/admin/deputies"])
def test_pages_of_duties_ask_the_same_however_many_measures_there_are(
    client: GovappClient, cast: Cast, five: Five, statements: list[str], address: str
):
    client.sign_in(cast.administrator)
    client.get(address)
    few, _ = _asked(statements, lambda: client.get(address))
    five.become(MANY)
    many, _ = _asked(statements, lambda: client.get(address))
    assert many == few, statements
    assert many <= 20, statements
