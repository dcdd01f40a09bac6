"""The board's addresses without a browser: what they answer, to whom, with how many queries."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, insert, select
from sqlalchemy.orm import Session

from govapp.data.measures import Card, Measure, Part
from govapp.data.structure import Branch
from govapp.domain import criteria, gates
from govapp.present.findings import known_codes
from govapp.services.measures import ArchiveProposal, archive_proposal
from tests.factories import (
    accept,
    assign_all,
    bring_to,
    hold,
    make_measure,
    make_proposal,
    move,
    stage_of,
    submit,
    supply,
    version_of,
)
from tests.support.copies import count_totals

BOARD = {"HX-Current-URL": "http://localhost/board?branch=service-quality"}


def cards_in(text: str, stage: str) -> list[str]:
    """Keys of the cards of a column."""
    return re.findall(rf'data-card="([^"]+)" data-stage="{stage}"', text)


def ask(client, key: str, to: str, **fields):
    """A move as htmx sends it from the board."""
    sent = {"to": to, "version": version_of(key), "action_key": f"{key}-{to}-{version_of(key)}"} | fields
    return client.submit_htmx(f"/measures/{key}/moves", sent, headers=BOARD)


def copies(engine: Engine, key: str, count: int, stage: str) -> None:
    """So many measures like this one in a stage, with their cards, straight into the tables."""
    with Session(engine) as session, session.begin():
        measure = session.execute(select(Measure).where(Measure.key == key)).scalar_one()
        card = session.get_one(Card, measure.id)
        like = {c.name: getattr(measure, c.name) for c in Measure.__table__.columns}
        shown = {c.name: getattr(card, c.name) for c in Card.__table__.columns}
        start = 1 + (session.scalar(select(func.max(Measure.id))) or 0)
        rows = [
            like | {"id": start + n, "key": f"{stage}-{count}-{n}", "stage": stage, "stage_seq": n}
            for n in range(count)
        ]
        session.execute(insert(Measure.__table__), rows)
        place = [*shown["counted"][:2], stage, *shown["counted"][3:]]
        session.execute(
            insert(Card.__table__), [shown | {"measure_id": row["id"], "counted": place} for row in rows]
        )
        count_totals(session.connection())


def queries_of(engine: Engine, call) -> int:
    """How many statements a call sends."""
    seen: list[str] = []

    def count(connection, cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


def test_columns_are_the_stages_and_cards_carry_their_marks(client, cast):
    key = bring_to(cast, make_measure(cast), "identified")
    page = client.sign_in(cast.owner).get("/board")
    assert page.status_code == 200
    columns = re.findall(r'data-column="([^"]+)"', page.text)
    assert columns == ["proposed", "defined", "identified", "detailed", "decided", "implemented", "closed"]
    assert (
        f'<article class="mc" data-card="{key}" data-stage="identified" data-version="{version_of(key)}"'
        in page.text
    )
    assert f'action="/measures/{key}/moves"' in page.text
    assert "Move to Detailed" in page.text


def test_an_allowed_ask_opens_the_review_and_answers_202_with_head_and_card(client, cast):
    key = make_measure(cast)
    supply(cast, key, "identified")
    answer = ask(client.sign_in(cast.owner), key, "identified")
    assert answer.status_code == 202
    assert cards_in(answer.text, "defined") == [key]
    assert 'data-head="defined"' in answer.text
    assert cast.sponsor.name in answer.text
    again = ask(client, key, "identified", action_key="another")
    assert again.status_code == 202
    assert "still waits" in again.text


def test_a_refusal_answers_422_with_every_finding_and_the_first_form(client, cast):
    key = make_measure(cast)
    answer = ask(client.sign_in(cast.owner), key, "identified")
    assert answer.status_code == 422
    assert 'data-finding="evidence:scope-statement" data-met="false"' in answer.text
    assert 'data-finding="role:sponsor" data-met="true"' in answer.text
    assert 'name="evidence-in_scope"' in answer.text
    assert cards_in(answer.text, "defined") == [key]
    assert len(answer.data) < 12_000


def test_who_cannot_supply_may_ask_those_who_can(client, cast):
    key = make_measure(cast)
    answer = ask(client.sign_in(cast.controller), key, "identified")
    assert answer.status_code == 422
    assert f'action="/measures/{key}/asks"' in answer.text
    assert f"Ask {cast.owner.name}" in answer.text
    assert 'name="evidence-in_scope"' not in answer.text


def test_a_stage_further_on_is_refused_with_the_rule_in_words(client, cast):
    key = make_measure(cast)
    answer = ask(client.sign_in(cast.owner), key, "decided")
    assert answer.status_code == 422
    assert "Identified comes next" in answer.text


def test_a_stale_card_answers_409_with_the_fresh_card(client, cast):
    key = make_measure(cast)
    answer = ask(client.sign_in(cast.owner), key, "identified", version=1)
    assert answer.status_code == 409
    assert f'data-version="{version_of(key)}"' in answer.text


def test_without_htmx_a_move_redirects_to_the_board_and_a_refusal_is_a_page_with_the_dialog(client, cast):
    key = make_measure(cast)
    fields = {"to": "identified", "version": version_of(key), "action_key": "k"}
    seen = {"Referer": "http://localhost/board?branch=service-quality"}
    refused = client.sign_in(cast.owner).submit(f"/measures/{key}/moves", fields, headers=seen)
    assert refused.status_code == 422
    assert '<dialog open id="refusal"' in refused.text
    assert '<main id="main" class="wrap " inert>' in refused.text
    supply(cast, key, "identified")
    moved = client.submit(f"/measures/{key}/moves", fields | {"version": version_of(key)}, headers=seen)
    assert moved.status_code == 303
    assert moved.headers["Location"] == "/board?branch=service-quality"


def test_a_right_that_is_missing_is_403_and_an_unknown_measure_404(client, cast):
    key = make_measure(cast)
    assert ask(client.sign_in(cast.auditor), key, "identified").status_code == 403
    assert ask(client.sign_in(cast.outsider), key, "identified").status_code == 404
    assert client.get(f"/measures/{key}/moves").status_code == 404
    assert client.get("/board?branch=service-quality").status_code == 404
    assert client.get("/board?branch=nowhere").status_code == 404


def test_r09_repeated_and_foreign_fields_do_not_bind(client, cast):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    token = client.csrf_token()
    twice = [("csrf_token", token), ("to", "identified"), ("to", "closed"), ("version", "1")]
    body = "&".join(f"{name}={value}" for name, value in twice)
    sent = client.post(f"/measures/{key}/moves", data=body, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 422
    ask(client, key, "identified", owner_id=cast.member.id, stage="closed", approved_by=cast.owner.id)
    assert stage_of(key) == "defined"


@pytest.mark.parametrize("field", ["version", "to", "ask", "review_date", "action_key"])
def test_a_form_of_the_wrong_shape_is_refused_in_words(client, cast, field):
    key = make_measure(cast)
    sent = {"ask": "hold", "version": version_of(key), "action_key": "k", "reason": "because"}
    wrong = {
        "version": {"version": "x"},
        "to": {"ask": ""},
        "ask": {"ask": "explode"},
        "action_key": {"action_key": ""},
        "review_date": {"review_date": "31.2."},
    }
    answer = client.sign_in(cast.lead).submit_htmx(
        f"/measures/{key}/moves", sent | wrong[field], headers=BOARD
    )
    assert answer.status_code == 422
    assert "_" not in re.sub(r"<[^>]+>", "", answer.text)


def test_hold_shows_on_the_card_and_only_release_is_offered_then(client, cast):
    key = bring_to(cast, make_measure(cast), "identified")
    hold(cast, key)
    page = client.sign_in(cast.lead).get("/board?branch=service-quality")
    assert 'class="wait hold"' in page.text
    moves = client.get(f"/measures/{key}/moves").text
    assert 'data-ask="release"' in moves
    assert 'data-ask="hold"' not in moves
    assert "It is on hold" in moves


def test_filters_stand_in_the_address_and_heads_count_what_fits(client, cast):
    mine = make_measure(cast, title="Shared carrier contract for four sites")
    make_measure(cast, title="Fewer password calls at the desk")
    client.sign_in(cast.owner)
    page = client.get("/board?branch=service-quality&q=carrier").text
    assert cards_in(page, "defined") == [mine]
    assert re.search(r'id="h-defined">.*?<span class="count">1<', page, re.DOTALL)
    assert cards_in(client.get("/board?branch=service-quality&q=100%25").text, "defined") == []
    assert len(cards_in(client.get("/board?branch=service-quality&owner=me").text, "defined")) == 2
    assert len(cards_in(client.get("/board?branch=service-quality&waiting=missing").text, "defined")) == 2
    assert cards_in(client.get("/board?branch=service-quality&waiting=any").text, "defined") == []
    assert cards_in(client.get("/board?branch=service-quality&state=hold").text, "defined") == []
    assert "No measure fits this filter" in client.get("/board?branch=service-quality&q=nothing").text


def test_a_proposal_waits_in_the_intake_strip_and_its_lead_accepts_it(client, cast):
    key = make_proposal(cast)
    page = client.sign_in(cast.owner).get("/board?branch=service-quality").text
    assert cards_in(page, "proposed") == [key]
    assert "Ask for acceptance" in page
    client.sign_in(cast.lead)
    page = client.get("/board?branch=service-quality").text
    assert f'action="/measures/{key}/acceptance"' in page
    answer = client.submit_htmx(f"/measures/{key}/acceptance", form_of(page, key), headers=BOARD)
    assert answer.status_code == 200
    assert stage_of(key) == "defined"
    assert cards_in(answer.text, "defined") == [key]


def form_of(page, key):
    """The hidden fields of a card's form."""
    card = re.search(rf'<article[^>]* data-card="{key}".*?</article>', page, re.DOTALL)[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', card))


def test_r04_acceptance_of_a_card_that_has_changed_answers_409_with_the_fresh_card(client, cast):
    key = make_measure(cast, None)
    move(cast, key, "defined")
    old = form_of(client.sign_in(cast.lead).get("/board?branch=service-quality").text, key)
    submit(cast, key, "scope-statement", cast.owner)
    assert int(old["version"]) == version_of(key), "evidence leaves the version as it is"
    answer = client.submit_htmx(f"/measures/{key}/acceptance", old, headers=BOARD)
    assert (answer.status_code, stage_of(key)) == (409, None)
    without = {name: value for name, value in form_of(answer.text, key).items() if name != "seen"}
    assert client.submit_htmx(f"/measures/{key}/acceptance", without, headers=BOARD).status_code == 409
    fresh = form_of(answer.text, key)
    assert client.submit_htmx(f"/measures/{key}/acceptance", fresh, headers=BOARD).status_code == 200
    assert stage_of(key) == "defined"


def test_a_part_alone_shows_only_its_measures_and_says_so(client, cast):
    key = make_proposal(cast)
    accept(cast, key)
    other = make_measure(cast)
    assign_all(cast, key, service_owner=cast.stranger)
    page = client.sign_in(cast.stranger).get("/board").text
    assert cards_in(page, "defined") == [key]
    assert other not in page
    assert "Figures count only what you may read" in page


def test_an_archived_proposal_is_taken_off_open_boards(client, cast):
    key = make_proposal(cast)
    page = client.sign_in(cast.lead).get("/board?branch=service-quality").text
    since = re.search(r'data-since="(\d+)"', page)[1]
    archive_proposal(ArchiveProposal(key, 1, "Done elsewhere", cast.owner.origin))
    answer = client.fragment(f"/board/changes?branch=service-quality&since={since}")
    assert f'<article data-card="{key}" data-gone></article>' in answer.text
    assert 'id="head-proposed"' in answer.text


def test_others_changes_come_after_a_sequence_and_204_when_there_are_none(client, cast):
    key = bring_to(cast, make_measure(cast), "identified")
    page = client.sign_in(cast.owner).get("/board?branch=service-quality").text
    since = re.search(r'data-since="(\d+)"', page)
    assert since
    address = f"/board/changes?branch=service-quality&since={since[1]}"
    assert client.fragment(address).status_code == 204
    move(cast, key, "defined", by=cast.lead, reason="Baseline is wrong")
    changed = client.fragment(address)
    assert changed.status_code == 200
    assert cards_in(changed.text, "defined") == [key]
    assert 'data-head="identified"' in changed.text
    assert client.sign_in(cast.outsider).fragment("/board/changes?since=0&branch=workplace").status_code in {
        200,
        204,
    }


def test_more_cards_come_with_and_without_scripts(client, cast, sqlite):
    key = make_measure(cast)
    copies(sqlite, key, 60, "detailed")
    client.sign_in(cast.owner)
    page = client.get("/board?branch=service-quality&q=a").text
    assert len(cards_in(page, "detailed")) == 25
    more = re.search(r'href="(/board\?[^"]*more-detailed=50[^"]*)" hx-get="([^"]+)"', page)
    assert more
    assert len(cards_in(client.get(more[1].replace("&amp;", "&")).text, "detailed")) == 50
    below = client.fragment(more[2].replace("&amp;", "&")).text
    assert len(cards_in(below, "detailed")) == 25
    assert not set(cards_in(below, "detailed")) & set(cards_in(page, "detailed"))
    assert 'class="more"' in below


def test_queries_of_board_and_move_do_not_grow_with_the_rows(client, cast, sqlite):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    client.get("/board?branch=service-quality")
    few = queries_of(sqlite, lambda: client.get("/board?branch=service-quality&q=a"))
    move_few = queries_of(sqlite, lambda: ask(client, key, "identified", action_key="a"))
    for stage in ("identified", "detailed", "decided"):
        copies(sqlite, key, 40, stage)
    assert queries_of(sqlite, lambda: client.get("/board?branch=service-quality&q=a")) <= few <= 12
    assert queries_of(sqlite, lambda: client.get("/board?branch=service-quality")) <= 12
    assert queries_of(sqlite, lambda: ask(client, key, "identified", action_key="b")) <= move_few <= 18


def test_a_full_board_stays_small(client, cast, sqlite):
    key = make_measure(cast)
    for stage in ("defined", "identified", "detailed", "decided", "implemented", "closed"):
        copies(sqlite, key, 25 + len(stage), stage)
    page = client.sign_in(cast.owner).get("/board?branch=service-quality&q=a")
    assert page.text.count("<article") >= 150
    assert len(page.data) < 180_000
    card = re.search(r"<article.*?</article>", page.text, re.DOTALL)
    assert card
    assert len(re.findall(r"<[a-z]", card[0])) <= 35


def test_an_empty_board_says_what_belongs_here_and_who_makes_it(client, cast):
    assert "No measures in" in client.sign_in(cast.owner).get("/board?branch=service-quality").text
    assert client.sign_in(cast.stranger).get("/board").status_code == 403


def test_a_branch_that_is_archived_is_gone_from_the_picker(client, cast, sqlite):
    with Session(sqlite) as session, session.begin():
        session.execute(select(Branch).where(Branch.key == "first-contact")).scalar_one().archived = True
    assert "first-contact" not in client.sign_in(cast.owner).get("/board").text


def test_every_code_of_the_rules_has_a_sentence():
    text = "".join(Path(module.__file__ or "").read_text("utf-8") for module in (criteria, gates))
    starts = ("field_", "part_", "parts_", "evidence_", "milestones_", "predecessors_", "risk_")
    wanted = {code for code in re.findall(r'"([a-z]+_[a-z_]+)"', text) if code.startswith(starts)}
    wanted -= {"risk_rating", "evidence_", "part_"} | set(criteria.CHECKS)
    rules = {f"rule_{name.replace('-', '_')}" for name in re.findall(r'_rule\("([a-z-]+)"', text)}
    assert wanted | rules <= known_codes()
    assert {
        "evidence_expired",
        "evidence_returned",
        "evidence_unjudged",
        "evidence_earlier_passage",
        "rule_no_decider",
    } <= known_codes()


def test_part_of_the_board_is_not_read_from_parts_of_others(client, cast, sqlite):
    key = make_measure(cast)
    with Session(sqlite) as session:
        held = session.scalars(select(Part.person_id).join(Measure).where(Measure.key == key)).all()
    assert cast.outsider.id not in held
    assert key not in client.sign_in(cast.outsider).get("/board").text
