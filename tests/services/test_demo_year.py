"""The demonstration year is played in full: reviews, votes, deputies, evidence, refusals, waiting as in the file."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.finance import CurrencyRate
from govapp.data.measures import Card, Measure, Part, StagePassage
from govapp.data.reviews import Condition, Lookback, Review, ReviewStep, Vote
from govapp.data.snapshots import load_measures
from govapp.data.structure import Choice
from govapp.domain.approvals import OPEN, standings, tally
from govapp.domain.rules import parse_rules
from govapp.services.demo.deviations import BASELINE, DEPUTY, DEVIATIONS, HELD, LEADERS, LEAKED, PRODUCT, WORD
from govapp.services.governance import read_set
from tests import databases
from tests.demonstration import ZONE, Year, minute, play_once

VERDICTS = {"approve": "approve", "approve_with_conditions": "approve_with_conditions", "refuse": "send_back"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    year = play_once(tmp_path_factory)
    yield year
    year.engine.dispose()


@pytest.fixture(autouse=True)
def year(played: Year) -> Year:
    """The demonstration is the database of the process."""
    databases.use(played.engine, played.files)
    return played


def deviating(event: str) -> dict[str, set[str]]:
    """What deviates in events of a kind, by measure."""
    found: dict[str, set[str]] = {}
    for one in DEVIATIONS:
        if one.event == event:
            found.setdefault(one.key, set()).add(one.what)
    return found


def logged(event: str) -> list[tuple[str, AuditLog, dict[str, Any]]]:
    """Log rows of an event with the measure's key and payload, in order."""
    with reading() as session:
        rows = session.execute(
            select(Measure.key, AuditLog)
            .join(Measure, Measure.id == AuditLog.measure_id)
            .where(AuditLog.event == event)
            .order_by(AuditLog.sequence)
        ).all()
        return [(key, row, json.loads(row.payload)) for key, row in rows]


def test_nothing_is_left_out_but_what_is_listed_with_its_reason(year: Year) -> None:
    assert year.left_out == []
    assert [(one.key, one.event, one.what, one.why) for one in DEVIATIONS] == [
        ("*", "parts_assigned", "reporting_owner", BASELINE),
        ("M-111", "evidence_submitted", "by", DEPUTY),
        ("M-119", "leakage_booked", "confirmed_2026", LEAKED),
        ("M-126", "move_refused", "rule:closed-by-controller", PRODUCT),
        ("M-130", "move_refused", "rule:one-stage-at-a-time", WORD),
        ("M-136", "put_on_hold", "review_date", HELD),
        ("M-147", "put_on_hold", "review_date", HELD),
        ("M-133", "lookback_escalated", "to", LEADERS),
    ]


def test_the_stages_hold_8_10_12_10_12_and_8_measures(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.stage, func.count()).where(Measure.key.like("M-%")).group_by(Measure.stage)
        ).all()
    found: dict[str | None, int] = dict(rows)
    stages = [stage.key for stage in parse_rules(read_set()).stages]
    assert [found[stage] for stage in stages] == [8, 10, 12, 10, 12, 8]


def test_every_review_was_asked_for_by_whom_when_and_at_the_value_the_file_says(year: Year) -> None:
    people = year.people()
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Review).join(Review, Review.measure_id == Measure.id).order_by(Review.id)
        ).all()
        found = Counter(
            (key, row.into, minute(row.opened_at), people[row.asked_by], people.get(row.on_behalf_of or 0))
            for key, row in rows
        )
    values = {
        (key, payload["into"], minute(row.at)): Decimal(payload["value"])
        for key, row, payload in logged("review:opened")
    }
    wanted = year.events("review_opened")
    assert found == Counter((k, s["to"], s["at"], s["by"], s.get("for")) for k, s in wanted)
    assert values == {(key, said["to"], said["at"]): Decimal(str(said["value_eur"])) for key, said in wanted}


def test_the_steps_of_every_review_are_those_of_the_file_in_their_order(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Review.into, Review.opened_at, ReviewStep.key, ReviewStep.position)
            .join(Review, Review.measure_id == Measure.id)
            .join(ReviewStep, ReviewStep.review_id == Review.id)
        ).all()
    found: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
    for key, into, opened, step, order in rows:
        found.setdefault((key, into, minute(opened)), set()).add((step, order))
    wanted = {
        (key, said["to"], said["at"]): {(one["step"], one["order"]) for one in said["steps"]}
        for key, said in year.events("review_opened")
    }
    assert found == wanted


def test_every_vote_is_by_whom_and_for_whom_on_the_step_the_file_says(year: Year) -> None:
    people = year.people()
    with reading() as session:
        rows = session.execute(
            select(Measure.key, ReviewStep.key, Vote)
            .join(ReviewStep, ReviewStep.id == Vote.step_id)
            .join(Review, Review.id == Vote.review_id)
            .join(Measure, Measure.id == Review.measure_id)
        ).all()
        found = Counter(
            (key, step, minute(vote.at), people[vote.person_id], people.get(vote.on_behalf_of or 0), vote.verdict,
             vote.reason)
            for key, step, vote in rows
        )  # fmt: skip
    wanted = Counter(
        (key, said["step"], said["at"], said["by"], said.get("for"), VERDICTS[said["decision"]],
         said.get("comment", ""))
        for key, said in year.events("vote")
    )  # fmt: skip
    assert sum(wanted.values()) == 471
    assert found == wanted


def test_every_measure_entered_its_stages_at_the_minute_of_the_file(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, StagePassage.stage, StagePassage.entered_at, StagePassage.how)
            .join(StagePassage, StagePassage.measure_id == Measure.id)
            .where(StagePassage.how != "opened_at")
        ).all()
    found = Counter((key, stage, minute(at)) for key, stage, at, _ in rows)
    assert found == Counter((key, said["to"], said["at"]) for key, said in year.events("moved"))
    how = {(key, stage): way for key, stage, _, way in rows if way != "advance"}
    assert how == {
        ("M-131", "detailed"): "recycle",
        ("M-138", "identified"): "recycle",
        ("M-133", "implemented"): "emergency",
    } | {key: way for key, way in how.items() if way == "recycle" and key[0] in {"M-131", "M-138"}}


def test_open_reviews_wait_for_the_step_and_the_people_since_the_minute_of_the_file(year: Year) -> None:
    people = year.people()
    end = datetime.combine(year.as_of, time(12), ZONE).astimezone(UTC)
    away = {
        one["person"]: one["deputy"]
        for one in year.programme["absences"]
        if one["from"] <= year.as_of <= one["to"]
    }
    found = {}
    with reading() as session:
        ids = session.scalars(select(Review.measure_id).where(Review.state == "open"))
        for loaded in load_measures(session, ids, at=end):
            review = loaded.snapshot.review
            assert review is not None
            states = standings(review, review.basis, loaded.rules)
            found[loaded.measure.key] = {
                "to": review.into,
                "opened": minute(review.opened_at),
                "steps": [_step(step, review.basis, people, away) for step in review.steps
                          if states[step.id].state == OPEN],
            }  # fmt: skip
        stale = dict(
            session.execute(
                select(Measure.key, Card.stale_votes).join(Card).where(Card.stale_votes > 0)
            ).all()
        )
    wanted = {
        key: {
            "to": one["waiting"]["to"],
            "opened": one["waiting"]["opened"],
            "steps": [{**step, "waits_for": sorted(step["waits_for"])} for step in one["waiting"]["steps"]],
        }
        for key, one in year.measures.items()
        if one.get("waiting")
    }
    assert len(wanted) == 15
    assert found == wanted
    assert stale == {}


def _step(step: Any, basis: str, people: dict[int, str], away: dict[str, str]) -> dict[str, Any]:
    count = tally(step, basis)
    return {
        "step": step.key,
        "since": minute(step.opened_at),
        "votes_given": count.cast,
        "votes_needed": max(count.needed, count.quorum),
        "waits_for": sorted(away.get(people[one], people[one]) for one in count.pending),
    }


def test_the_refused_moves_are_in_the_log_with_every_finding(year: Year) -> None:
    found = [
        (key, minute(row.at), row.actor_id, row.on_behalf_of, payload["to"], {name for name, _ in payload["findings"]})
        for key, row, payload in logged("measure:move-refused")
    ]  # fmt: skip
    people = year.people()
    said = {
        (key, at): (people[by], people.get(behalf or 0), to, names)
        for key, at, by, behalf, to, names in found
    }
    deviate = deviating("move_refused")
    instead = {"rule:one-stage-at-a-time": "rule:next-stage-only"}
    wanted = {}
    for key, one in year.events("move_refused"):
        names = {
            instead.get(name) if name in deviate.get(key, ()) else name for name in one["findings"]
        }  # fmt: skip
        wanted[key, one["at"]] = (one["by"], one.get("for"), one["to"], names - {None})
    assert len(wanted) == 9
    assert said.keys() == wanted.keys()
    for which, (by, behalf, to, names) in wanted.items():
        assert said[which][:3] == (by, behalf, to)
        assert names <= said[which][3], which
    more = {which[0]: said[which][3] - wanted[which][3] for which in wanted}
    assert {key: names for key, names in more.items() if names} == MISSING_TOO


# The file names some of what is missing, the answer lists all of it.
MISSING_TOO = {
    "M-103": {"evidence:milestone-proof"},
    "M-114": {"role:finance-contact", "figures:effect-lines", "risk:register"},
    "M-125": {"risk:first-rating"},
    "M-126": {"evidence:lessons-learned", "field:sustain-dates", "kpi:reached-or-explained"},
    "M-133": {
        "evidence:kpi-proof",
        "evidence:closing-figures",
        "evidence:lessons-learned",
        "field:sustain-dates",
        "figures:one-off-booked",
        "kpi:reached-or-explained",
    },
    "M-143": {"evidence:milestone-proof", "evidence:change-record", "evidence:handover-record"},
    "M-151": {"evidence:business-case", "evidence:budget-source", "evidence:vendor-assessment"},
}


def revisions(year: Year) -> list[tuple[str, str, EvidenceRevision]]:
    with reading() as session:
        return [
            tuple(row)
            for row in session.execute(
                select(Measure.key, Evidence.kind, EvidenceRevision)
                .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
                .join(Measure, Measure.id == EvidenceRevision.measure_id)
            )
        ]


def test_evidence_was_handed_in_judged_and_ends_as_the_file_says(year: Year) -> None:
    people = year.people()
    kinds = {one["kind"] for m in year.measures.values() for one in m["evidence"]}
    found = Counter(
        (key, kind, minute(row.at), people[row.person_id], people.get(row.on_behalf_of or 0), row.effective_on,
         row.valid_until, row.judged, people.get(row.judged_by or 0), people.get(row.judged_for or 0),
         minute(row.judged_at))
        for key, kind, row in revisions(year)
        if kind in kinds
    )  # fmt: skip
    handed = {("M-111", "lessons-learned"): ("tomasz", None)}  # not the deputy, who holds a part of her own
    assert deviating("evidence_submitted") == {"M-111": {"by"}}
    for_whom = {(key, said["evidence"]): said.get("for") for key, said in year.events("evidence_submitted")}
    wanted = Counter(
        (key, one["kind"], one["submitted_at"],
         *handed.get((key, one["kind"]), (one["submitted_by"], for_whom[key, one["id"]])), one["effective"],
         one.get("valid_until"), _judged(one), one.get("judged_by"), one.get("judged_for"), one.get("judged_at", ""))
        for key, m in year.measures.items()
        for one in m["evidence"]
    )  # fmt: skip
    assert sum(wanted.values()) == 392
    assert found == wanted


def _judged(one: dict[str, Any]) -> str:
    if one["status"] == "returned":
        return "returned"
    return "accepted" if one.get("judged_by") else ""


def test_returned_and_expired_evidence_stand_on_the_cards(year: Year) -> None:
    with reading() as session:
        expired = dict(
            session.execute(select(Measure.key, Card.expired).join(Card, Card.measure_id == Measure.id)).all()
        )
    newest: dict[tuple[str, str], EvidenceRevision] = {}
    for key, kind, row in revisions(year):
        if (key, kind) not in newest or newest[key, kind].number < row.number:
            newest[key, kind] = row
    returned = {(key, kind) for (key, kind), row in newest.items() if row.judged == "returned"}
    assert returned == {("M-109", "business-case"), ("M-125", "baseline-record")}
    assert {key: found for key, found in expired.items() if found} == {
        "M-143": ["change-plan"],
        "M-148": ["business-case"],
    }


def test_holds_cancellations_conditions_and_the_look_back_are_those_of_the_file(year: Year) -> None:
    people = year.people()
    with reading() as session:
        rows = session.scalars(select(Measure).where(Measure.state.in_(["on_hold", "cancelled"]))).all()
        stopped = {row.key: row for row in rows}
        conditions = {
            (key, row.wording): row
            for key, row in session.execute(
                select(Measure.key, Condition).join(Condition, Condition.measure_id == Measure.id)
            )
        }
        lookback = session.execute(
            select(Measure.key, Lookback).join(Lookback, Lookback.measure_id == Measure.id)
        ).one()
    for key, said in year.events("put_on_hold"):
        row = stopped[key]
        assert (row.state, row.hold_cause, row.value_treatment) == (
            "on_hold",
            said["cause"],
            said["value_treatment"],
        )
        on = date.fromisoformat(said["at"][:10])
        days = deviating("put_on_hold")
        assert row.hold_review_date == (on + timedelta(days=30) if key in days else said["review_date"])
    held = {key: minute(row.at) for key, row, _ in logged("measure:held")}
    assert held == {key: said["at"] for key, said in year.events("put_on_hold")}
    for key, said in year.events("cancelled"):
        row = stopped[key]
        assert (row.state, row.cancel_cause, row.value_treatment) == (
            "cancelled", said["cause"], said["value_treatment"],
        )  # fmt: skip
    assert stopped.keys() == {key for key, _ in year.events("put_on_hold", "cancelled")}
    wanted = {
        (key, one["wording"]): one for key, m in year.measures.items() for one in m.get("conditions", ())
    }
    assert conditions.keys() == wanted.keys()
    for which, one in wanted.items():
        row = conditions[which]
        assert (people[row.owner_id], row.due, row.blocking) == (one["owner"], one["due"], one["blocking"])
        assert (people[row.set_by], minute(row.set_at)) == (one["set_by"], one["set_at"])
        assert row.state == {"confirmed": "confirmed", "overdue": "open"}[one["status"]]
        for act in ("fulfilled", "confirmed"):
            by, at = getattr(row, f"{act}_by"), getattr(row, f"{act}_at")
            assert (people.get(by or 0), minute(at)) == (one.get(f"{act}_by"), one.get(f"{act}_at", ""))
    key, row = lookback
    ((_, said),) = year.events("emergency_advance")
    assert (key, row.state, row.due, row.into) == ("M-133", "open", said["lookback_due"], said["to"])
    assert [people[one] for one in row.informed] == said["informed"]
    assert set(row.debts) == set(said["debts"])
    assert minute(row.escalated_at) == "2026-11-02 08:30"
    ((_, _, told),) = logged("lookback:escalated")
    assert {people[one] for one in told["people"]} == {"ingrid", "rashid"}


def test_the_vote_that_went_stale_and_the_refused_review_are_in_the_record(year: Year) -> None:
    people = year.people()
    ((key, row, payload),) = logged("review:votes-stale")
    ((wanted, said),) = year.events("approval_stale")
    assert (key, minute(row.at), [people[one] for one in payload["people"]]) == (
        wanted,
        said["at"],
        ["yasmin"],
    )
    with reading() as session:
        ended = session.execute(
            select(Measure.key, Review.into, Review.state, Review.ended_at)
            .join(Review, Review.measure_id == Measure.id)
            .where(Review.state.not_in(["open", "passed"]))
        ).all()
    sent_back = [(key, into, minute(at)) for key, into, state, at in ended if state == "sent_back"]
    assert sent_back == [("M-121", "decided", "2026-07-06 13:33")]


def test_rates_and_the_catalogue_are_those_of_the_file(year: Year) -> None:
    with reading() as session:
        rates = {
            row.currency: row.rate
            for row in session.scalars(select(CurrencyRate).where(CurrencyRate.kind == "plan"))
        }
        services = {
            row.key: row.details for row in session.scalars(select(Choice).where(Choice.list == "services"))
        }
        entities = {
            row.key: row.details
            for row in session.scalars(select(Choice).where(Choice.list == "legal_entities"))
        }
    people = year.people()
    assert rates == {"USD": "0.92", "GBP": "1.17"}
    for one in year.programme["services"]:
        kept = services[one["key"]]
        assert (kept["tier"], people[kept["owner"]]) == (one["tier"], one["owner"])
    for one in year.programme["organization"]["legal_entities"]:
        assert entities[one["key"]] == {"currency": one["currency"], "calendar": one["calendar"]}


# The checks that hold of every seed (service-team: Checks that hold, 1 to 5).


def test_every_step_of_the_set_is_voted_on_and_every_rule_occurs(year: Year) -> None:
    rules = parse_rules(read_set())
    with reading() as session:
        voted = set(session.scalars(select(ReviewStep.key).join(Vote, Vote.step_id == ReviewStep.id)))
        kinds = set(session.scalars(select(Evidence.kind)))
    assert voted == set(rules.steps)
    assert {str(step.rule["type"]) for step in rules.steps.values()} == {"any", "all", "at_least", "percent"}
    reached = {step for row in rules.table for step in row.steps}
    assert reached == set(rules.steps)
    asked = {c.params["kind"] for gate in rules.gates.values() for c in gate.criteria if c.kind == "evidence"}
    assert asked <= kinds


def test_judges_are_never_who_handed_in_and_only_one_report_waits_for_its_judge(year: Year) -> None:
    rules = parse_rules(read_set())
    waiting = []
    for key, kind, row in revisions(year):
        if not rules.kinds[kind].judged:
            assert row.judged == ""
            continue
        if not row.judged:
            waiting.append((key, kind))
        assert not {row.person_id, row.on_behalf_of} & {row.judged_by, row.judged_for} - {None}
    assert waiting == [("M-133", "lookback-report")]


def test_four_parts_are_four_people_and_the_finance_contact_is_neither_owner_nor_controller(
    year: Year,
) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Part.part, Part.person_id).join(Part, Part.measure_id == Measure.id)
        ).all()
    held: dict[str, dict[str, int]] = {}
    for key, part, person in rows:
        held.setdefault(key, {})[part] = person
    for key, parts in held.items():
        four = [parts[part] for part in ("owner", "sponsor", "controller", "service_owner") if part in parts]
        assert len(set(four)) == len(four), key
        assert parts.get("finance_contact", 0) not in {parts.get("owner"), parts.get("controller")}


def test_every_passed_review_had_each_step_granted_and_nobody_voted_twice_in_it(year: Year) -> None:
    with reading() as session:
        states = session.execute(
            select(ReviewStep.state)
            .join(Review, Review.id == ReviewStep.review_id)
            .where(Review.state == "passed", ReviewStep.state != "dropped")
        ).all()
        votes = session.execute(
            select(Vote.review_id, Vote.step_id, Vote.person_id, Vote.on_behalf_of).where(
                Vote.verdict.in_(["approve", "approve_with_conditions", "send_back"])
            )
        ).all()
    assert {state for (state,) in states} == {"granted"}
    steps: dict[tuple[int, int], set[int]] = {}
    for review, step, person, behalf in votes:
        for one in {person, behalf} - {None}:
            steps.setdefault((review, one), set()).add(step)
    assert {len(found) for found in steps.values()} == {1}


def test_entries_rise_on_working_days_and_no_date_of_a_milestone_lies_ahead(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, StagePassage.entered_at)
            .join(StagePassage, StagePassage.measure_id == Measure.id)
            .where(StagePassage.how != "opened_at")
            .order_by(Measure.key, StagePassage.id)
        ).all()
    entered: dict[str, list[datetime]] = {}
    for key, at in rows:
        entered.setdefault(key, []).append(at)
    for key, moments in entered.items():
        assert moments == sorted(moments), key
        days = [date.fromisoformat(minute(at)[:10]).weekday() for at in moments]
        assert max(days) < 5, key
    done = [one["actual"] for m in year.measures.values() for one in m["milestones"] if one.get("actual")]
    assert max(done) <= date(2026, 11, 22)
