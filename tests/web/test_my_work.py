"""My work: what waits for a decision, votes from the list, one's measures, evidence, conditions and look-backs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from govapp.data.engine import reading
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.measures import Milestone
from govapp.data.reviews import Condition, Lookback, ReviewStep
from govapp.domain.events import Event
from govapp.services._work import Origin, writing
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.plans import SetMilestone, set_milestone
from tests.factories import (
    judge,
    make_measure,
    make_proposal,
    measure_row,
    move,
    open_review,
    review_states,
    stage_of,
    submit,
    supply,
    today_of,
    vote,
)
from tests.judged_set import use_judged_set

SYSTEM = Origin(None, "job", "test")


def waiting_measure(cast):
    """A measure in Defined that waits for its sponsor."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    return made


@pytest.fixture
def key(client, cast):
    return waiting_measure(cast)


def approve(client, key, **more):
    """Send the small form of the row."""
    number, dossier = open_review(key)
    fields = {"verdict": "approve", "dossier": str(dossier), "action_key": f"row-{key}"} | more
    return client.submit(f"/reviews/{number}/decision", fields)


def add(row, what=Event.MEASURE_COMMENTED):
    def put(work):
        work.session.add(row(work))
        work.log(what, {})

    writing(SYSTEM, put)


def test_a_decision_shows_what_is_asked_by_whom_and_that_it_is_new(client, cast, key):
    page = client.sign_in(cast.sponsor).get("/").text
    assert f'data-review="{open_review(key)[0]}"' in page
    assert "Defined to Identified, asked by Olga Brandt" in page
    assert ">New<" in page
    assert "working hours" in page


def test_amounts_stand_beside_it_only_for_who_may_see_them(client, cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    effect = ("Calls", "ebitda", "recurring", "EUR", cast.owner.origin)
    set_effect_line(SetEffectLine(made, *effect, run_rate=Decimal(84_000)))
    move(cast, made, "identified")
    assert "EUR 84,000" in client.sign_in(cast.sponsor).get("/").text


def test_what_changed_since_the_own_vote_is_named(client, cast):
    made = make_measure(cast, "identified")
    supply(cast, made, "detailed")
    move(cast, made, "detailed")
    vote(cast, made, cast.controller)
    submit(cast, made, "plan-numbers", run_rate=70_000)
    page = client.sign_in(cast.controller).get("/").text
    row = page.split(f'data-review="{open_review(made)[0]}"')[1].split("</tr>")[0]
    assert ">New<" not in row
    assert "since " in row
    assert "Rev" in row or "more" in row or "numbers" in row.lower()


def test_a_vote_from_the_list_opens_the_next_decision_and_says_what_was_done(client, cast, key):
    second = waiting_measure(cast)
    client.sign_in(cast.sponsor)
    done = approve(client, key)
    assert done.status_code == 303
    assert done.location == f"/reviews/{open_review(second)[0]}"
    page = client.get(done.location).text
    assert f"Recorded. {key} is now in Identified. The next decision is below." in page
    assert stage_of(key) == "identified"


def test_after_the_last_vote_my_work_says_that_nothing_waits(client, cast, key):
    client.sign_in(cast.sponsor)
    done = approve(client, key)
    assert done.location == "/"
    page = client.get("/").text
    assert f"{key} is now in Identified. Nothing waits for you." in page
    assert "When a gate asks for your decision, it appears here" in page


def test_decided_items_are_never_left_in_the_inbox(client, cast, key):
    client.sign_in(cast.sponsor)
    number = open_review(key)[0]
    approve(client, key)
    for address in ("/", "/reviews?page=1"):
        waiting = client.get(address).text.split("Decided lately")[0]
        assert f'data-review="{number}"' not in waiting
    assert "waiting</span>" not in client.get("/").text, "nor in the counter"


def test_a_review_that_was_sent_back_is_not_left_in_the_inbox(client, cast, key):
    number = open_review(key)[0]
    vote(cast, key, cast.sponsor, "send_back", reason="Too thin.")
    assert review_states(key)[-1] == "sent_back"
    assert f'data-review="{number}"' not in client.sign_in(cast.sponsor).get("/").text


def test_r13_the_small_form_sent_twice_votes_once(client, cast, key):
    client.sign_in(cast.sponsor)
    number, _ = open_review(key)
    fields = {"verdict": "approve", "dossier": "1", "action_key": "row-once"}
    first, again = (client.submit(f"/reviews/{number}/decision", fields) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)


def test_r04_the_small_form_of_a_stale_page_does_not_approve_unseen(client, cast, key):
    client.sign_in(cast.sponsor)
    submit(cast, key, "rough-numbers", by=cast.owner, run_rate=90_000)
    answer = approve(client, key, dossier="1")
    assert answer.status_code == 409
    assert stage_of(key) == "defined"


def test_a_step_that_asks_for_a_signature_is_decided_on_its_page_only(client, cast, key):
    assert ">Approve<" in client.sign_in(cast.sponsor).get("/").text
    number = open_review(key)[0]
    writing(
        SYSTEM,
        lambda work: work.session.execute(
            update(ReviewStep).where(ReviewStep.review_id == number).values(sign=True)
        ),
    )
    page = client.get("/").text
    assert ">Approve<" not in page
    assert f'href="/reviews/{number}"' in page


def test_the_owner_sees_what_the_measure_waits_for_and_whom(client, cast, key):
    page = client.sign_in(cast.owner).get("/").text
    assert key in page
    assert "Samir Haddad" in page
    assert "Nothing waits for you." in page


def test_a_lead_sees_proposals_and_how_many(client, cast):
    made = make_proposal(cast)
    page = client.sign_in(cast.lead).get("/").text
    assert f"/measures/{made}" in page.split("Proposals to accept")[1]
    assert "Proposals to accept" not in client.sign_in(cast.member).get("/").text


def test_returned_evidence_names_its_judge_and_reason_to_who_handed_it_in(client, cast):
    made = make_measure(cast, "defined")
    submit(cast, made, "scope-statement")
    judged = {
        "judged": "returned",
        "judged_by": cast.controller.id,
        "judged_reason": "The period is missing.",
    }
    number = measure_row(made).id
    writing(
        SYSTEM,
        lambda work: work.session.execute(
            update(EvidenceRevision)
            .where(EvidenceRevision.measure_id == number)
            .values(judged_at=work.at, **judged)
        ),
    )
    page = client.sign_in(cast.owner).get("/").text
    assert 'data-due="evidence_returned"' in page
    assert "was returned by Carla Nowak" in page
    assert "The period is missing." in page
    assert 'data-due="evidence_returned"' not in client.sign_in(cast.leader).get("/").text


def test_evidence_that_waits_for_ones_judgement_stands_there_until_it_is_judged(client, cast):
    use_judged_set()
    made = make_measure(cast, "defined")
    submit(cast, made, "baseline-record")
    with reading() as session:
        piece = session.scalars(
            select(EvidenceRevision.evidence_id).where(EvidenceRevision.measure_id == measure_row(made).id)
        ).one()
    page = client.sign_in(cast.controller).get("/").text
    assert f'data-judging="{piece}"' in page
    assert f"/measures/{made}/evidence/{piece}" in page
    assert "data-judging" not in client.sign_in(cast.owner).get("/").text
    judge(cast, made, "baseline-record")
    assert "data-judging" not in client.sign_in(cast.controller).get("/").text


def test_evidence_that_ends_within_a_month_or_has_ended_stands_there_for_its_owner(client, cast):
    made = make_measure(cast, "defined")
    submit(cast, made, "scope-statement")
    assert 'data-due="evidence_expires"' not in client.sign_in(cast.owner).get("/").text
    for days, words in ((20, "expires"), (-3, "has expired")):
        copy = _newer(made, today_of(made) + timedelta(days=days))
        page = client.get("/").text
        assert 'data-due="evidence_expires"' in page
        assert words in page
        assert f"/measures/{made}/evidence/{copy}" in page


def _newer(key, until):
    """A further revision of the piece, valid until then; its number in the database is that of the piece."""
    number = measure_row(key).id
    with reading() as session:
        old = session.scalars(
            select(EvidenceRevision)
            .where(EvidenceRevision.measure_id == number)
            .order_by(EvidenceRevision.id.desc())
        ).first()
        values = {
            column.key: getattr(old, column.key)
            for column in EvidenceRevision.__mapper__.column_attrs
            if column.key not in {"id", "seq"}
        }

    def put(work):
        row = EvidenceRevision(**values | {"number": old.number + 1, "valid_until": until})
        work.session.add(row)
        piece = work.session.get_one(Evidence, old.evidence_id)
        piece.revisions += 1
        work.log(
            Event.EVIDENCE_SUBMITTED,
            {"kind": piece.kind, "revision": piece.revisions, "digest": "x"},
            made=(row,),
        )

    writing(SYSTEM, put)
    return old.evidence_id


def test_conditions_stand_there_for_who_owes_them_and_once_fulfilled_for_who_confirms(client, cast, key):
    number, day = measure_row(key).id, today_of(key)
    add(
        lambda work: Condition(
            measure_id=number, wording="Sign the contract.", owner_id=cast.member.id, due=day - timedelta(days=2),
            set_by=cast.sponsor.id, set_at=work.at,
        )
    )  # fmt: skip
    page = client.sign_in(cast.member).get("/").text
    assert "Condition: Sign the contract. Due" in page
    assert "2 d late" in page
    assert 'data-due="condition' not in client.sign_in(cast.sponsor).get("/").text
    writing(SYSTEM, _fulfil)
    assert "Mina Park fulfilled a condition: Sign the contract. You confirm it." in client.get("/").text
    assert 'data-due="condition' not in client.sign_in(cast.member).get("/").text


def _fulfil(work):
    row = work.session.scalars(select(Condition)).one()
    row.state, row.fulfilled_at = "fulfilled", work.at
    work.log(Event.MEASURE_COMMENTED, {})


def test_look_backs_stand_there_for_the_owner_until_they_are_accepted(client, cast, key):
    number, day = measure_row(key).id, today_of(key)
    add(
        lambda work: Lookback(
            measure_id=number, into="detailed", reason="Outage", due=day + timedelta(days=5), set_by=cast.lead.id,
            set_at=work.at,
        )
    )  # fmt: skip
    for person in (cast.owner, cast.lead):
        assert "Look-back on the emergency advance into Detailed" in client.sign_in(person).get("/").text
    assert 'data-due="lookback"' not in client.sign_in(cast.sponsor).get("/").text


def test_r08_what_is_due_on_a_measure_that_may_not_be_read_is_not_shown(client, cast, key):
    number = measure_row(key).id
    add(
        lambda work: Condition(
            measure_id=number, wording="Sign the contract.", owner_id=cast.outsider.id, due=today_of(key),
            set_by=cast.sponsor.id, set_at=work.at,
        )
    )  # fmt: skip
    page = client.sign_in(cast.outsider).get("/").text
    assert "Sign the contract" not in page
    assert key not in page


def test_milestones_past_their_day_are_overdue_for_their_owner(client, cast, key):
    yesterday = today_of(key) - timedelta(days=1)
    set_milestone(SetMilestone(key, "Pilot", cast.owner.origin, owner_id=cast.member.id, plan_date=yesterday))
    with reading() as session:
        assert session.scalars(select(Milestone.name)).all() == ["Pilot"]
    for person in (cast.member, cast.owner):
        assert f"{key} milestone: Pilot" in client.sign_in(person).get("/").text


def test_whoever_holds_nothing_is_told_how_that_changes(client, cast):
    page = client.sign_in(cast.stranger).get("/").text
    assert "You hold no role yet." in page
    assert "You owe no condition" in page
