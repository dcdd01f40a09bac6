"""Review pages: the inbox, the dossier, what changed, votes and why somebody may not vote."""

import pytest
from sqlalchemy import event, select

from govapp.data.engine import reading
from govapp.data.reviews import Vote
from govapp.data.runtime import current
from govapp.services.measures import EditMeasure, edit_measure
from tests.factories import (
    assign_all,
    make_measure,
    make_proposal,
    move,
    open_review,
    review_states,
    stage_of,
    submit,
    supply,
    version_of,
    vote,
)


@pytest.fixture
def key(cast):
    """A measure in Defined that waits for its sponsor."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    return made


@pytest.fixture
def number(client, key):
    """The open review."""
    return open_review(key)[0]


def decision(**more):
    return {"verdict": "approve", "dossier": "1", "reason": "", "action_key": "a-key-of-the-form"} | more


def test_the_inbox_of_a_decider_shows_what_waits(client, cast, key, number):
    client.sign_in(cast.sponsor)
    page = client.get("/reviews")
    assert page.status_code == 200
    assert "1 decision waits for you" in page.text
    assert f'href="/reviews/{number}"' in page.text
    assert "Olga Brandt" in page.text


def test_the_inbox_tells_a_barred_decider_why_and_does_not_count_it(client, cast, key, number):
    submit(cast, key, "rough-numbers", by=cast.lead)
    assign_all(cast, key, sponsor=cast.lead)
    page = client.sign_in(cast.lead).get("/reviews")
    assert "Nothing waits for your decision" in page.text
    assert f'data-barred="{number}"' in page.text
    assert "You handed in evidence that counts for this gate" in page.text
    assert f'href="/reviews/{number}"' not in client.get("/").text


def test_the_inbox_of_who_asked_shows_what_is_open(client, cast, key, number):
    client.sign_in(cast.owner)
    page = client.get("/reviews")
    assert "Nothing waits for your decision" in page.text
    assert "Samir Haddad" in page.text


def test_the_page_shows_question_criteria_evidence_and_digest(client, cast, key, number):
    client.sign_in(cast.sponsor)
    page = client.get(f"/reviews/{number}")
    assert page.status_code == 200
    assert "Is it owned, scoped and roughly sized?" in page.text
    assert 'data-finding="evidence:scope-statement" data-met="true"' in page.text
    assert "Scope statement" in page.text
    assert "What changed since the last decision" in page.text
    assert 'name="verdict" value="approve"' in page.text


def test_a_comment_is_said_to_decide_nothing_and_the_review_stays_in_sight(client, cast, key, number):
    client.sign_in(cast.sponsor)
    client.get(f"/reviews/{number}")
    answer = client.submit(f"/reviews/{number}/decision", decision(verdict="comment", reason="Which teams?"))
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"/reviews/{number}")
    page = client.get(f"/reviews/{number}").text
    assert "It decides nothing" in page and "Which teams?" in page
    assert "Remind who still decides" not in page, "only the reader is waited for"


def test_a_sent_back_review_shows_on_the_measure_with_its_reason(client, cast, key, number):
    vote(cast, key, cast.sponsor, "send_back", reason="Name the teams first")
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}").text
    assert "was sent back on" in page and "Name the teams first" in page


def test_a_proposal_offers_no_acts_that_cannot_fit_it(client, cast):
    client.sign_in(cast.member)
    page = client.get(f"/measures/{make_proposal(cast, by=cast.member)}/moves").text
    assert 'data-way="defined"' in page and "data-ask" not in page


def test_an_approval_moves_the_card_and_says_so(client, cast, key, number):
    client.sign_in(cast.sponsor)
    done = client.submit(f"/reviews/{number}/decision", decision())
    assert done.status_code == 303
    assert "is now in Identified" in client.get(done.location).text
    assert stage_of(key) == "identified"


def test_a_send_back_without_reason_is_422_under_its_field(client, cast, key, number):
    client.sign_in(cast.sponsor)
    done = client.submit(f"/reviews/{number}/decision", decision(verdict="send_back"))
    assert done.status_code == 422
    assert "Say why you send it back" in done.text
    assert 'value="send_back" checked' in done.text
    assert review_states(key)[-1] == "open"


def test_a_vote_on_an_old_dossier_is_409_with_the_difference_and_what_was_typed(client, cast, key, number):
    submit(cast, key, "rough-numbers", run_rate=90_000)
    client.sign_in(cast.sponsor)
    done = client.submit(
        f"/reviews/{number}/decision", decision(verdict="send_back", reason="The numbers are too rough.")
    )
    assert done.status_code == 409
    assert "dossier 2 replaces 1" in done.text
    assert "The numbers are too rough." in done.text
    assert "What changed since dossier 1" in done.text
    assert "+6,000" in done.text
    assert 'name="dossier" value="2"' in done.text
    assert client.submit(f"/reviews/{number}/decision", decision(dossier="2")).status_code == 303


def test_an_older_dossier_stays_viewable_and_takes_no_vote(client, cast, key, number):
    submit(cast, key, "rough-numbers", run_rate=90_000)
    client.sign_in(cast.sponsor)
    page = client.get(f"/reviews/{number}/dossiers/1")
    assert page.status_code == 200
    assert "a newer one replaced it" in page.text
    assert 'name="verdict"' not in page.text
    assert client.get(f"/reviews/{number}/dossiers/9").status_code == 404


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("owner", "barred_owner_votes"),
        ("leader", "not_a_decider"),
        ("controller", "not_a_decider"),
        ("auditor", "not_a_decider"),
    ],
)
def test_who_may_not_vote_sees_why(client, cast, key, number, who, why):
    client.sign_in(getattr(cast, who))
    page = client.get(f"/reviews/{number}")
    assert page.status_code == 200
    assert 'name="verdict"' not in page.text
    assert "data-why-not=" in page.text
    assert client.submit(f"/reviews/{number}/decision", decision()).status_code == 403
    assert review_states(key)[-1] == "open"
    if why != "barred_owner_votes":
        assert f'data-why-not="{why}"' in page.text


def test_r08_a_review_one_may_not_read_is_not_found(client, cast, key, number):
    client.sign_in(cast.outsider)
    assert client.get(f"/reviews/{number}").status_code == 404
    assert client.get(f"/reviews/{number}/dossiers/1").status_code == 404
    assert client.submit(f"/reviews/{number}/withdrawal").status_code == 404
    assert client.submit(f"/reviews/{number}/reminders").status_code == 404
    assert client.get("/reviews/4711").status_code == 404


def test_a_change_outside_the_basis_is_shown_and_makes_nothing_stale(client, cast, key, number):
    changes = {"description": "A longer text about the calls."}
    edit_measure(EditMeasure(key, version_of(key), changes, cast.owner.origin))
    client.sign_in(cast.sponsor)
    page = client.get(f"/reviews/{number}")
    assert "Changed since this dossier was frozen" in page.text
    assert "A longer text about the calls." in page.text
    assert 'name="dossier" value="1"' in page.text


def test_the_second_decision_shows_what_changed_since_the_first(client, cast, key, number):
    vote(cast, key, cast.sponsor, "send_back", reason="The numbers are too rough.")
    submit(cast, key, "rough-numbers", run_rate=90_000)
    move(cast, key, "identified")
    client.sign_in(cast.sponsor)
    page = client.get(f"/reviews/{open_review(key)[0]}")
    assert "+6,000" in page.text
    assert "EUR 84,000" in page.text


def test_who_asked_withdraws(client, cast, key, number):
    client.sign_in(cast.owner)
    done = client.submit(f"/reviews/{number}/withdrawal", {"reason": "Not yet", "action_key": "w"})
    assert done.status_code == 303
    assert review_states(key)[-1] == "withdrawn"
    assert "Withdrawn" in client.get(done.location).text
    assert client.submit(f"/reviews/{number}/withdrawal", {"action_key": "w2"}).status_code == 409


def test_the_next_decision_that_waits_opens_after_a_vote(client, cast, key, number):
    other = make_measure(cast, "defined")
    supply(cast, other, "identified")
    move(cast, other, "identified")
    client.sign_in(cast.sponsor)
    done = client.submit(f"/reviews/{number}/decision", decision())
    assert done.location.endswith(f"/reviews/{open_review(other)[0]}")


def test_r13_a_vote_sent_twice_counts_once(client, cast, key, number):
    client.sign_in(cast.sponsor)
    for _ in range(2):
        assert client.submit(f"/reviews/{number}/decision", decision()).status_code == 303
    assert stage_of(key) == "identified"


def test_r09_foreign_fields_of_a_vote_never_bind(client, cast, key, number):
    client.sign_in(cast.sponsor)
    twice = decision(verdict=["approve", "send_back"])
    assert client.submit(f"/reviews/{number}/decision", twice).status_code == 422
    assert review_states(key)[-1] == "open"
    foreign = decision(
        verdict="comment", reason="Fine", person_id=str(cast.lead.id), right_used="role:controller"
    )
    client.submit(f"/reviews/{number}/decision", foreign)
    with reading() as session:
        row = session.scalars(select(Vote).order_by(Vote.id.desc())).first()
        assert (row.person_id, row.right_used) == (cast.sponsor.id, "part:sponsor")


def test_a_proposal_is_reviewed_too(client, cast):
    key = make_proposal(cast)
    move(cast, key, "defined")
    client.sign_in(cast.lead)
    page = client.get(f"/reviews/{open_review(key)[0]}")
    assert page.status_code == 200
    assert "Proposed" in page.text


def _queries(client, address):
    statements = []

    def count(conn, cursor, statement, *more):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    event.listen(current().engine, "before_cursor_execute", count)
    assert client.get(address).status_code == 200
    event.remove(current().engine, "before_cursor_execute", count)
    return statements


def test_b3_a_review_takes_at_most_14_queries_and_the_inbox_8(client, cast, key, number):
    submit(cast, key, "rough-numbers", run_rate=90_000)
    client.sign_in(cast.sponsor)
    client.get("/reviews")
    assert len(_queries(client, f"/reviews/{number}")) <= 14
    assert len(_queries(client, "/reviews")) <= 8


def test_r08_an_auditor_sees_a_review_without_a_way_to_remind(client, cast, key, number):
    client.sign_in(cast.auditor)
    page = client.get(f"/reviews/{number}")
    assert page.status_code == 200
    assert "/reminders" not in page.text
    assert client.submit(f"/reviews/{number}/reminders").status_code == 403
    assert client.submit(f"/measures/{key}/asks", {"finding": ""}).status_code == 403
    client.sign_in(cast.owner)
    assert "/reminders" in client.get(f"/reviews/{number}").text


def test_a_review_that_nobody_may_decide_says_so_and_offers_no_reminder(client, cast, key, number):
    assign_all(cast, key, sponsor=cast.lead)
    submit(cast, key, "rough-numbers", by=cast.lead)
    page = client.sign_in(cast.owner).get(f"/reviews/{number}").text
    assert "Lucía Ortega may not decide here, so nobody can." in page
    assert "/reminders" not in page
    assert "somebody instead of Lucía Ortega" in client.get(f"/measures/{key}").text


def test_what_was_sent_back_says_so_until_its_basis_changes(client, cast, key, number):
    vote(cast, key, cast.sponsor, "send_back", reason="The baseline has no source.")
    client.sign_in(cast.owner)
    for address in (f"/measures/{key}", f"/measures/{key}/plan", "/"):
        page = client.get(address).text
        assert "Sent back by Samir Haddad" in page, address
        assert "The baseline has no source." in page
        assert f'href="/reviews/{number}"' in page
    client.sign_in(cast.administrator)
    assert "Sent back by" not in client.get(f"/measures/{key}").text, "reviews are not theirs to read"
    submit(cast, key, "rough-numbers", run_rate=90_000)
    client.sign_in(cast.owner)
    assert "data-sent-back" not in client.get(f"/measures/{key}").text
    assert "data-sent-back" not in client.get("/").text


def test_what_was_sent_back_is_gone_once_it_is_asked_for_again(client, cast, key, number):
    vote(cast, key, cast.sponsor, "send_back", reason="The baseline has no source.")
    move(cast, key, "identified")
    client.sign_in(cast.owner)
    assert "data-sent-back" not in client.get(f"/measures/{key}").text
    assert "data-sent-back" not in client.get("/").text
