"""The form of a vote: conditions, signature, attestation, ballot; nothing typed is lost; the path beside it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from govapp.data.engine import reading, write_session
from govapp.data.evidence import EvidenceRevision
from govapp.data.people import LoginSession
from govapp.data.reports import Report
from govapp.data.reviews import Condition, Vote
from govapp.services._work import now
from govapp.services.report_runs import Finished, finish_report, start_report
from tests.cast import PASSWORD
from tests.factories import open_review, review_states, stage_of, submit, today_of, vote
from tests.step_sets import COMMITTEE, EVERY, SIGNED, SPONSOR, TWO_OF, asked_for, set_board, use_steps


def decision(**more):
    return {"verdict": "approve", "dossier": "1", "reason": "", "action_key": "a-key-of-the-form"} | more


def condition(number, key, person, days=20, **more):
    day = (today_of(key) + timedelta(days=days)).isoformat()
    fields = {
        "wording": "The vendor signs first",
        "owner": str(person.id),
        "due": day,
        "blocking": "1",
    } | more
    return {f"condition-{number}-{name}": value for name, value in fields.items() if value}


def votes(review):
    with reading() as session:
        found = session.scalars(select(Vote).where(Vote.review_id == review).order_by(Vote.id)).all()
        session.expunge_all()
        return found


def long_ago():
    """Everybody gave their password an hour ago."""
    with write_session() as session:
        session.execute(update(LoginSession).values(password_at=now() - timedelta(hours=1)))


@pytest.fixture
def signed(client, cast):
    """A review whose only step is signed, and that may be passed with conditions; the sponsor is signed in."""
    use_steps(SIGNED)
    key = asked_for(cast)
    client.sign_in(cast.sponsor)
    return key, open_review(key)[0]


@pytest.fixture
def committee(client, cast):
    """A review that a board of five decides, the sponsor left out."""
    use_steps(COMMITTEE)
    set_board(cast.approver, cast.controller, cast.leader, cast.service_owner, cast.sponsor)
    key = asked_for(cast)
    return key, open_review(key)[0]


def test_an_approval_with_conditions_moves_and_binds_them(client, cast, signed):
    key, review = signed
    page = client.get(f"/reviews/{review}").text
    assert 'value="approve_with_conditions"' in page and 'name="condition-5-wording"' in page
    fields = condition(1, key, cast.owner) | condition(4, key, cast.member, blocking="")
    done = client.submit(
        f"/reviews/{review}/decision", decision(verdict="approve_with_conditions", reason="Only so", **fields)
    )
    assert done.status_code == 303, done.text
    assert stage_of(key) == "identified"
    with reading() as session:
        rows = session.scalars(select(Condition).order_by(Condition.id)).all()
        assert [(row.owner_id, row.blocking) for row in rows] == [
            (cast.owner.id, True),
            (cast.member.id, False),
        ]
    page = client.get(f"/reviews/{review}").text
    assert "On condition that:" in page and "closes the next gate until it is fulfilled" in page


def test_faults_of_conditions_stand_at_their_rows_and_nothing_typed_is_lost(client, cast, signed):
    key, review = signed
    fields = condition(2, key, cast.owner, owner="") | condition(3, key, cast.member, days=200)
    done = client.submit(
        f"/reviews/{review}/decision", decision(verdict="approve_with_conditions", reason="Only so", **fields)
    )
    assert done.status_code == 422
    assert 'id="condition-2-owner-e"' in done.text and 'id="condition-3-due-e"' in done.text
    assert 'id="condition-1' in done.text and "condition-1-wording-e" not in done.text
    assert done.text.count("The vendor signs first") == 2
    assert "Only so" in done.text
    assert review_states(key)[-1] == "open"


def test_conditions_without_one_are_refused_and_a_plain_approval_ignores_what_stands_below(
    client, cast, signed
):
    key, review = signed
    none = client.submit(
        f"/reviews/{review}/decision", decision(verdict="approve_with_conditions", reason="Only so")
    )
    assert none.status_code == 422 and "Write at least one condition" in none.text
    client.submit(f"/reviews/{review}/decision", decision(**condition(1, key, cast.owner)))
    assert stage_of(key) == "identified"
    with reading() as session:
        assert session.scalars(select(Condition)).all() == []


def test_r27_a_signed_step_asks_for_the_password_again_after_ten_minutes(client, cast, signed):
    key, review = signed
    long_ago()
    assert 'name="password"' in client.get(f"/reviews/{review}").text
    for password in (None, "not-this-one"):
        fields = decision(reason="All is there") | ({"password": password} if password else {})
        done = client.submit(f"/reviews/{review}/decision", fields)
        assert done.status_code == 422
        assert 'id="password-e"' in done.text and "All is there" in done.text
        assert "not-this-one" not in done.text
    assert votes(review) == []
    assert client.submit(f"/reviews/{review}/decision", decision(password=PASSWORD)).status_code == 303
    assert stage_of(key) == "identified"


def test_r27_the_signature_shows_printed_name_time_and_meaning(client, cast, signed):
    _, review = signed
    page = client.get(f"/reviews/{review}").text
    assert "You gave your password a moment ago" in page and 'name="password"' not in page
    client.submit(f"/reviews/{review}/decision", decision())
    (given,) = votes(review)
    assert given.signed_name == cast.sponsor.name
    page = client.get(f"/reviews/{review}").text
    assert (
        f"Signed: {cast.sponsor.name}, " in page and "UTC, meaning: approved, Decision of the sponsor" in page
    )


def test_a_comment_on_a_signed_step_needs_no_password(client, cast, signed):
    _, review = signed
    long_ago()
    done = client.submit(f"/reviews/{review}/decision", decision(verdict="comment", reason="Which teams?"))
    assert done.status_code == 303
    assert votes(review)[0].signed_name == ""


def test_the_path_shows_rule_needs_and_who_may_still_vote(client, cast, committee):
    key, review = committee
    vote(cast, key, cast.approver)
    page = client.sign_in(cast.owner).get(f"/reviews/{review}").text
    assert "60 % of the votes cast, quorum 3, without the sponsor" in page
    assert "1 of 3 approvals needed, 1 of 3 votes for the quorum" in page
    assert "May still vote: " in page and cast.leader.name in page
    assert f"May still vote: {cast.approver.name}" not in page


def test_whoever_is_barred_stands_beside_the_step_with_the_reason(client, cast):
    use_steps(TWO_OF)
    set_board(cast.approver, cast.controller, cast.owner, cast.leader)
    key = asked_for(cast)
    page = client.sign_in(cast.auditor).get(f"/reviews/{open_review(key)[0]}").text
    assert f"{cast.owner.name} may not decide: owner of the measure" in page
    assert "2 of 3 members" in page


def test_a_step_whose_deciders_are_too_few_says_so_at_once_and_who_can_mend_it(client, cast, committee):
    _, review = committee
    set_board(cast.approver, cast.controller)
    page = client.sign_in(cast.owner).get(f"/reviews/{review}").text
    assert 'data-defect="too_few"' in page
    assert "Only 2 can decide where 3 are needed. An administrator adds members" in page
    assert "/reminders" not in page


def test_who_runs_the_committee_closes_the_ballot_once_the_quorum_has_voted(client, cast, committee):
    key, review = committee
    client.sign_in(cast.lead)
    assert 'name="verdict"' not in client.get(f"/reviews/{review}").text, "nobody has voted yet"
    early = client.submit(f"/reviews/{review}/decision", decision(verdict="close_ballot"))
    assert early.status_code == 422
    vote(cast, key, cast.approver)
    vote(cast, key, cast.controller)
    vote(cast, key, cast.service_owner, "send_back", reason="I would wait")
    assert stage_of(key) == "defined", "one more could still turn it"
    page = client.get(f"/reviews/{review}").text
    assert 'value="close_ballot"' in page and 'value="approve"' not in page
    assert client.submit(f"/reviews/{review}/decision", decision(verdict="close_ballot")).status_code == 303
    assert stage_of(key) == "identified"
    assert votes(review)[-1].right_used.startswith("role:program_lead")


@pytest.mark.parametrize("who", ["owner", "member", "approver", "controller"])
def test_nobody_else_closes_a_ballot(client, cast, committee, who):
    key, review = committee
    for voter in (cast.approver, cast.controller):
        vote(cast, key, voter)
    client.sign_in(getattr(cast, who))
    answer = client.submit(f"/reviews/{review}/decision", decision(verdict="close_ballot"))
    assert answer.status_code == 403
    assert stage_of(key) == "defined"


def test_a_later_rejection_is_refused_in_words_and_overwrites_no_earlier_grant(client, cast):
    use_steps(TWO_OF, SPONSOR)
    set_board(cast.approver, cast.controller, cast.leader)
    key = asked_for(cast)
    review = open_review(key)[0]
    vote(cast, key, cast.approver)
    vote(cast, key, cast.controller)
    client.sign_in(cast.leader)
    late = client.submit(
        f"/reviews/{review}/decision", decision(verdict="send_back", reason="Too late, perhaps")
    )
    assert late.status_code == 403
    assert "A decided step stays decided" in late.text
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_every_member_is_needed_and_one_approval_alone_moves_nothing(client, cast):
    use_steps(EVERY)
    set_board(cast.approver, cast.controller)
    key = asked_for(cast)
    client.sign_in(cast.approver)
    client.submit(f"/reviews/{open_review(key)[0]}/decision", decision())
    assert stage_of(key) == "defined"
    vote(cast, key, cast.controller)
    assert stage_of(key) == "identified"


def test_two_sessions_at_once_count_as_one_vote_and_a_stale_one_keeps_what_was_typed(
    app, client, cast, signed
):
    key, review = signed
    other = app.test_client().sign_in(cast.sponsor)
    submit(cast, key, "rough-numbers", run_rate=90_000)
    fields = decision(verdict="approve_with_conditions", reason="Only so", **condition(1, key, cast.owner))
    stale = other.submit(f"/reviews/{review}/decision", fields)
    assert stale.status_code == 409
    assert "dossier 2 replaces 1" in stale.text and "What changed since dossier 1" in stale.text
    assert "Only so" in stale.text and "The vendor signs first" in stale.text
    assert client.submit(f"/reviews/{review}/decision", decision(dossier="2")).status_code == 303
    again = other.submit(f"/reviews/{review}/decision", decision(dossier="2", action_key="another"))
    assert again.status_code == 409
    assert len(votes(review)) == 1


def test_an_attestation_is_signed_with_the_vote_and_a_plain_approval_is_enough(client, cast):
    acceptance = {"key": "acceptance", "name": "Acceptance", "submitted_by": ["service_owner"], "attested": True,
                  "purpose": "Takes it over.",
                  "fields": [{"name": "remarks", "label": "Remarks", "type": "long_text", "max": 200}]}  # fmt: skip
    step = {"key": "acceptance", "name": "Acceptance", "waits_for": "acceptance", "attests": "acceptance",
            "deciders": {"parts": ["service_owner"]}, "rule": {"type": "all"}}  # fmt: skip
    use_steps(step, kinds=[acceptance])
    for remark in ("", "Runs well so far"):
        key = asked_for(cast)
        review = open_review(key)[0]
        client.sign_in(cast.service_owner)
        assert 'name="evidence-remarks"' in client.get(f"/reviews/{review}").text
        too_long = decision(action_key=f"long-{remark}", **{"evidence-remarks": "x" * 300})
        refused = client.submit(f"/reviews/{review}/decision", too_long)
        assert refused.status_code == 422 and "x" * 300 in refused.text
        more = {"evidence-remarks": remark} if remark else {}
        done = client.submit(f"/reviews/{review}/decision", decision(action_key=f"once-{remark}", **more))
        assert done.status_code == 303, done.text
        assert stage_of(key) == "identified"
        (given,) = votes(review)
        with reading() as session:
            row = session.get_one(EvidenceRevision, given.attested_revision_id)
            assert (row.person_id, row.values.get("remarks", "")) == (cast.service_owner.id, remark)


def test_the_filed_dossier_is_downloaded_from_review_and_measure(client, cast, signed):
    key, review = signed
    client.submit(f"/reviews/{review}/decision", decision())
    client.sign_in(cast.owner)
    assert "Being filed" in client.get(f"/reviews/{review}").text
    assert client.get(f"/reviews/{review}/file").status_code == 404
    with reading() as session:
        report = session.scalars(select(Report.id).where(Report.review_id == review)).one()
    start_report(report)
    finish_report(Finished(report, b"%PDF-1.7 made by a test", 3, "c" * 64))
    for address in (f"/reviews/{review}", f"/measures/{key}/approvals"):
        page = client.get(address).text
        assert f'href="/reviews/{review}/file"' in page and 'data-report-state="ready"' in page
    got = client.get(f"/reviews/{review}/file", buffered=True)
    assert got.data.startswith(b"%PDF") and "attachment" in got.headers["Content-Disposition"]
    assert "sandbox" in got.headers["Content-Security-Policy"]
    client.sign_in(cast.outsider)
    assert client.get(f"/reviews/{review}/file").status_code == 404


def test_a_decided_item_is_not_left_in_the_inbox(client, cast, committee):
    key, review = committee
    for who in (cast.approver, cast.controller, cast.service_owner):
        vote(cast, key, who)
    assert stage_of(key) == "identified"
    page = client.sign_in(cast.leader).get("/reviews").text
    assert "Nothing waits for your decision" in page
    assert client.submit(f"/reviews/{review}/decision", decision()).status_code == 409
