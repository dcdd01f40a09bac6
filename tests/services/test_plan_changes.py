"""Change requests for a frozen plan: who asks, who approves, what freezes, what goes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import PlanChange, PlanChangeVote, PlanVersion
from govapp.data.notices import Notice
from govapp.data.plan_queries import changes_between, hands_on_change
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.services._plan_drafts import Measured, measured
from govapp.services.audit import verify
from govapp.services.deputies import SetDeputy, set_deputy
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from govapp.services.plan_changes import (
    AskPlanChange,
    OpenPlanChange,
    VotePlanChange,
    WithdrawPlanChange,
    ask_plan_change,
    open_plan_change,
    vote_plan_change,
    withdraw_plan_change,
)
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.settling import settle_all
from tests.cast import SYSTEM, Cast, Someone
from tests.confirming import confirm, enter
from tests.factories import bring_to, key_of_form, loaded, make_measure, measure_row, move, today_of

pytestmark = pytest.mark.usefixtures("database")
MAY, JUNE, NEXT = date(2026, 5, 1), date(2026, 6, 1), date(2027, 5, 1)
WHY = "The vendor has raised the price"


def frozen(cast: Cast, amount: str = "50000", **more: Any) -> tuple[str, int]:
    """A decided measure with one line that plans this amount in May 2026, and the line's number."""
    key = make_measure(cast, "detailed")
    timing = "recurring" if more else "one_off"
    values: dict[str, Any] = {"name": "Calls", "kind": "ebitda", "timing": timing, "currency": "EUR"} | more
    number = set_effect_line(SetEffectLine(key, origin=cast.owner.origin, **values))
    plan(cast, key, number, {MAY: amount})
    bring_to(cast, key, "decided")
    return key, number


def plan(cast: Cast, key: str, number: int, months: dict[date, str], by: Someone | None = None) -> None:
    amounts = {month: Decimal(amount) for month, amount in months.items()}
    set_monthly_values(SetMonthlyValues(key, number, "plan", amounts, (by or cast.owner).origin))


def change_of(number: int) -> PlanChange:
    with reading() as session:
        row = session.get_one(PlanChange, number)
        session.expunge(row)
        return row


def held(key: str) -> Measured:
    with reading() as session:
        return measured(session, loaded(key), today_of(key))


def opened(cast: Cast, key: str, by: Someone | None = None) -> int:
    return open_plan_change(OpenPlanChange(key, WHY, (by or cast.owner).origin))


def ask(cast: Cast, key: str, number: int, by: Someone | None = None) -> str:
    version = change_of(number).version
    return ask_plan_change(AskPlanChange(key, number, version, (by or cast.owner).origin))


def vote(key: str, number: int, by: Someone, verdict: str = "approve", **more: Any) -> str:
    values: dict[str, Any] = {"digest": held(key).digest, "origin": by.origin} | more
    return vote_plan_change(VotePlanChange(key, number, verdict, **values))


def plan_of(number: int, version: int = 0) -> dict[str, int]:
    with reading() as session:
        rows = session.execute(
            select(EffectValue.month, EffectValue.amount).where(
                EffectValue.line_id == number,
                EffectValue.series == "plan",
                EffectValue.plan_version == version,
            )
        )
        return {row.month.isoformat()[:7] if row.month else "": row.amount for row in rows}


def numbers() -> list[tuple[int, str, int | None]]:
    with reading() as session:
        rows = session.execute(select(PlanVersion.number, PlanVersion.cause, PlanVersion.change_id))
        return sorted((row.number, row.cause, row.change_id) for row in rows)


def asked(cast: Cast) -> tuple[str, int, int]:
    """A measure, its line and a change of EUR 20,000 that is asked for."""
    key, line = frozen(cast)
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "30000"})
    assert ask(cast, key, number) == "asked"
    return key, line, number


def test_a_small_change_is_frozen_at_once_when_it_is_asked_for(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "45001"})
    assert held(key).change.delta == {"EUR": -4999_00}
    assert ask(cast, key, number) == "frozen", "4,999 is less than 10,000 and less than a tenth of 50,000"
    assert numbers() == [(1, "decided", None), (2, "change", number)]
    assert (plan_of(line, 1), plan_of(line, 2)) == ({"2026-05": 50000_00}, {"2026-05": 45001_00})
    with pytest.raises(Invalid):
        plan(cast, key, line, {MAY: "1"})
    assert loaded(key).plan_number == 2
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


@pytest.mark.parametrize(
    ("before", "after", "size", "state"),
    [
        ("50000", {MAY: "45000"}, 5000_00, "asked"),  # a tenth
        ("500000", {MAY: "490000"}, 10000_00, "asked"),  # ten thousand
        ("500000", {MAY: "490001"}, 9999_00, "frozen"),
        ("500000", {MAY: "480000", JUNE: "20000"}, 0, "frozen"),  # within the year
        ("500000", {MAY: "480000", NEXT: "20000"}, 20000_00, "asked"),  # to the next year, total as it was
    ],
)  # fmt: skip
def test_what_needs_approval_is_measured_by_line_and_year(
    cast: Cast, before: str, after: dict[date, str], size: int, state: str
) -> None:
    key, line = frozen(cast, before)
    number = opened(cast, key)
    plan(cast, key, line, after)
    assert held(key).change.size == size
    assert ask(cast, key, number) == state


def test_a_run_rate_and_posts_count_too(cast: Cast) -> None:
    key, line = frozen(cast, run_rate=Decimal(600000))
    number = opened(cast, key)
    same = {"name": "Calls", "kind": "ebitda", "timing": "recurring", "currency": "EUR", "line_id": line}
    set_effect_line(SetEffectLine(key, origin=cast.owner.origin, run_rate=Decimal(589000), **same))
    found = held(key)
    assert (found.change.delta, found.change.size, found.needs) == ({}, 11000_00, ["controller", "sponsor"])
    assert ask(cast, key, number) == "asked"


def test_both_parts_approve_and_the_last_one_freezes(cast: Cast) -> None:
    key, line, number = asked(cast)
    assert vote(key, number, cast.controller) == "asked"
    assert numbers() == [(1, "decided", None)]
    assert vote(key, number, cast.sponsor, reason="As agreed") == "frozen"
    assert numbers() == [(1, "decided", None), (2, "change", number)]
    assert plan_of(line, 2) == {"2026-05": 30000_00}
    with reading() as session:
        votes = session.scalars(select(PlanChangeVote).order_by(PlanChangeVote.id)).all()
        told = session.execute(
            select(Notice.kind, Notice.person_id).where(Notice.kind.like("plan_change%"))
        ).all()
    assert [(each.part, each.verdict, each.right_used) for each in votes] == [
        ("controller", "approve", "part:controller"), ("sponsor", "approve", "part:sponsor"),
    ]  # fmt: skip
    assert len({each.asked_digest for each in votes}) == 1
    assert {tuple(row) for row in told} == {
        ("plan_change_waits", cast.controller.id), ("plan_change_waits", cast.sponsor.id),
        ("plan_change_done", cast.owner.id),
    }  # fmt: skip
    assert verify(state=True).ok


def test_a_refusal_needs_a_reason_and_brings_the_draft_back(cast: Cast) -> None:
    key, line, number = asked(cast)
    with pytest.raises(Invalid) as refused:
        vote(key, number, cast.sponsor, "refuse")
    assert refused.value.errors == {"reason": ["reason_needed"]}
    assert vote(key, number, cast.sponsor, "refuse", reason="Not this year") == "refused"
    assert (plan_of(line), numbers()) == ({"2026-05": 50000_00}, [(1, "decided", None)])
    with pytest.raises(Stale):
        vote(key, number, cast.controller)
    again = opened(cast, key)
    plan(cast, key, line, {MAY: "20000"})
    ask(cast, key, again)
    assert vote(key, again, cast.sponsor) == "asked", "who refused the last one did not edit this one"


def test_withdrawing_restores_run_rates_amounts_and_takes_new_lines_out_of_the_plan(cast: Cast) -> None:
    key, line = frozen(cast, run_rate=Decimal(100))
    number = opened(cast, key)
    same = {"kind": "ebitda", "timing": "recurring", "currency": "EUR", "origin": cast.owner.origin}
    set_effect_line(SetEffectLine(key, "Calls", line_id=line, run_rate=Decimal(90), **same))
    plan(cast, key, line, {MAY: "1", JUNE: "2"})
    late = set_effect_line(
        SetEffectLine(key, "More", run_rate=Decimal(7), totals={"plan": Decimal(3)}, **same)
    )
    withdraw_plan_change(WithdrawPlanChange(key, number, cast.owner.origin))
    assert (plan_of(line), plan_of(late)) == ({"2026-05": 50000_00}, {})
    with reading() as session:
        rates = dict(session.execute(select(EffectLine.id, EffectLine.run_rate)).all())
    assert rates == {line: 100_00, late: None}
    assert change_of(number).state == "withdrawn"
    assert verify(state=True).ok


def test_while_a_change_is_asked_for_nobody_edits_the_draft(cast: Cast) -> None:
    key, line, number = asked(cast)
    with pytest.raises(Invalid):
        plan(cast, key, line, {MAY: "31000"})
    with pytest.raises(Invalid):
        open_plan_change(OpenPlanChange(key, WHY, cast.owner.origin))
    with pytest.raises(Stale):
        ask_plan_change(AskPlanChange(key, number, change_of(number).version, cast.owner.origin))
    assert plan_of(line) == {"2026-05": 30000_00}


def test_r04_an_approval_is_bound_to_the_draft_that_was_seen(cast: Cast) -> None:
    key, _, number = asked(cast)
    with pytest.raises(Stale):
        vote(key, number, cast.controller, digest="another")
    assert change_of(number).state == "asked"


def test_r03_who_asked_or_edited_approves_nothing_and_two_approvals_are_two_people(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "30000"}, by=cast.lead)
    ask(cast, key, number)
    for person in (cast.owner, cast.lead, cast.finance, cast.leader):
        with pytest.raises(Refused):
            vote(key, number, person)
    vote(key, number, cast.controller)
    with pytest.raises(Refused):
        vote(key, number, cast.controller)
    assert change_of(number).state == "asked"


def stands_in(absent: Someone, deputy: Someone, cast: Cast, key: str) -> None:
    day = today_of(key)
    set_deputy(SetDeputy(absent.origin, absent.id, deputy.id, day, day + timedelta(days=3)))


def test_r58_a_deputy_approves_with_both_names_and_never_what_they_edited(cast: Cast) -> None:
    key, _, number = asked(cast)
    stands_in(cast.sponsor, cast.leader, cast, key)
    assert vote(key, number, cast.leader) == "asked"
    with reading() as session:
        row = session.scalars(select(PlanChangeVote)).one()
    assert (row.person_id, row.on_behalf_of, row.part) == (cast.leader.id, cast.sponsor.id, "sponsor")
    assert vote(key, number, cast.controller) == "frozen"


def test_r13_a_replayed_approval_counts_once(cast: Cast) -> None:
    key, _, number = asked(cast)
    form, digest = key_of_form(), held(key).digest
    for _ in range(2):
        vote(key, number, cast.controller, action_key=form, digest=digest)
    with reading() as session:
        assert len(session.scalars(select(PlanChangeVote)).all()) == 1


def test_r10_two_last_approvals_at_once_freeze_one_version(cast: Cast) -> None:
    key, _, number = asked(cast)
    digest = held(key).digest
    commands = [
        VotePlanChange(key, number, "approve", digest, who.origin) for who in (cast.controller, cast.sponsor)
    ]
    with ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(vote_plan_change, commands))
    assert states == ["asked", "frozen"]
    assert [each[0] for each in numbers()] == [1, 2]


def test_r10_an_edit_that_comes_with_the_asking_is_in_it_or_refused(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "30000"})

    def edit() -> bool:
        try:
            plan(cast, key, line, {JUNE: "500"})
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        edited, asking = pool.submit(edit), pool.submit(ask, cast, key, number)
        assert asking.result() == "asked"
        told = change_of(number).delta["EUR"]
    assert told == (-19500_00 if edited.result() else -20000_00)
    assert sum(plan_of(line).values()) - 50000_00 == told


def test_nothing_changed_is_not_asked_for_and_a_plan_that_is_open_needs_no_request(cast: Cast) -> None:
    key, _ = frozen(cast)
    number = opened(cast, key)
    with pytest.raises(Invalid, match="plan_unchanged"):
        ask(cast, key, number)
    early = make_measure(cast, "detailed")
    with pytest.raises(Invalid, match="plan_open"):
        opened(cast, early)
    for person in (cast.sponsor, cast.controller, cast.auditor):
        with pytest.raises(Refused):
            opened(cast, key, person)


def test_a_recycle_overtakes_the_request_and_its_draft_goes_on(cast: Cast) -> None:
    key, line, number = asked(cast)
    move(cast, key, "detailed", ask=AskKind.RECYCLE, by=cast.lead, reason="The offer has expired")
    row = change_of(number)
    assert (row.state, row.end_reason, plan_of(line)) == ("withdrawn", "recycled", {"2026-05": 30000_00})
    plan(cast, key, line, {MAY: "29000"})
    bring_to(cast, key, "decided")
    assert numbers() == [(1, "decided", None), (2, "decided", None)]


def test_the_draft_of_a_request_changes_no_value_and_no_gate(cast: Cast) -> None:
    key, line = frozen(cast, run_rate=Decimal(100))
    opened(cast, key)
    same = {"kind": "ebitda", "timing": "recurring", "currency": "EUR", "line_id": line}
    set_effect_line(SetEffectLine(key, "Calls", origin=cast.owner.origin, run_rate=Decimal(1), **same))
    measure = loaded(key)
    assert measure.card is not None
    assert (measure.card.values, measure.snapshot.figures[f"{line}:run_rate"]) == ({"EUR": 100_00}, 100_00)


def edit(cast: Cast, key: str, number: int, **more: Any) -> None:
    """Change what the line of `frozen` is, its amounts aside."""
    same: dict[str, Any] = {"name": "Calls", "kind": "ebitda", "timing": "one_off", "currency": "EUR"}
    set_effect_line(SetEffectLine(key, origin=cast.owner.origin, line_id=number, **(same | more)))


def fields_of(number: int) -> tuple[str, str]:
    with reading() as session:
        row = session.get_one(EffectLine, number)
        return row.category, row.cost_object


MEANINGS = pytest.mark.parametrize("more", [{"category": "licences"}, {"cost_object": "CT-9"}])


def test_many_small_changes_add_up_until_somebody_approves_one(cast: Cast) -> None:
    key, line = frozen(cast, "500000")
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "490001"})
    assert ask(cast, key, number) == "frozen"
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "490000"})
    assert (held(key).change.size, held(key).needs) == (1_00, ["controller", "sponsor"]), (
        "10,000 since Decided"
    )
    assert ask(cast, key, number) == "asked"
    vote(key, number, cast.controller)
    assert vote(key, number, cast.sponsor) == "frozen"
    number = opened(cast, key)
    plan(cast, key, line, {MAY: "480001"})
    assert ask(cast, key, number) == "frozen", "9,999 since the approved version"


def test_a_small_change_back_to_what_was_approved_needs_nobody(cast: Cast) -> None:
    key, line = frozen(cast, "500000")
    for amount in ("490001", "500000", "509999"):
        number = opened(cast, key)
        plan(cast, key, line, {MAY: amount})
        assert ask(cast, key, number) == "frozen"


@MEANINGS
def test_category_and_cost_object_of_a_frozen_line_stand_still(cast: Cast, more: dict[str, str]) -> None:
    key, line = frozen(cast)
    with pytest.raises(Invalid) as refused:
        edit(cast, key, line, **more)
    assert refused.value.errors == {next(iter(more)): ["plan_frozen"]}
    key, line, _ = asked(cast)
    with pytest.raises(Invalid):
        edit(cast, key, line, **more)


@MEANINGS
def test_r04_the_digest_of_a_draft_tells_category_and_cost_object(cast: Cast, more: dict[str, str]) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    before = held(key)
    edit(cast, key, line, **more)
    assert (before.differs, held(key).differs, held(key).change.size) == (False, True, 0)
    assert held(key).digest != before.digest
    assert ask(cast, key, number) == "frozen"
    with reading() as session:
        newest = session.scalars(select(PlanVersion).order_by(PlanVersion.number.desc())).first()
    assert newest is not None
    assert newest.lines[str(line)].items() >= more.items()
    assert settle_all(SYSTEM) == 0


def gone_live(cast: Cast) -> tuple[str, int, int, int]:
    """A frozen plan whose line starts with the first of two milestones, and a draft that starts with the second."""
    key = make_measure(cast, "detailed")
    first, second = (
        set_milestone(SetMilestone(key, f"Go live {n}", cast.owner.origin, cast.owner.id, MAY)) for n in "AB"
    )
    fields: dict[str, Any] = {"name": "Calls", "kind": "ebitda", "timing": "one_off", "currency": "EUR"}
    number = set_effect_line(SetEffectLine(key, origin=cast.owner.origin, start_milestone_id=first, **fields))
    plan(cast, key, number, {MAY: "50000"})
    bring_to(cast, key, "decided")
    change = opened(cast, key)
    edit(cast, key, number, start_milestone_id=second)
    plan(cast, key, number, {MAY: "30000"})
    assert ask(cast, key, change) == "asked"
    return key, number, change, first


def test_r04_where_a_line_starts_stands_still_while_a_change_that_shows_it_is_voted_on(cast: Cast) -> None:
    key, number, _, _ = gone_live(cast)
    with pytest.raises(Invalid) as refused:
        edit(cast, key, number, start=date(2029, 1, 1))
    assert refused.value.errors == {"start": ["plan_frozen"], "start_milestone_id": ["plan_frozen"]}


def test_what_a_version_changed_names_milestones_as_they_were_called_then(cast: Cast) -> None:
    key, _, change, first = gone_live(cast)
    for who in (cast.controller, cast.sponsor):
        vote(key, change, who)

    def starts() -> list[Any]:
        with reading() as session:
            found = changes_between(session, measure_row(key).id, 1, 2)
        return [(old, new) for line in found for name, old, new in line.fields if name == "start_milestone"]

    assert starts() == [("Go live A", "Go live B")]
    set_milestone(SetMilestone(key, "Renamed", cast.owner.origin, cast.owner.id, MAY, milestone_id=first))
    assert starts() == [("Go live A", "Go live B")]


def test_r03_who_gave_a_line_another_cost_object_does_not_approve_the_change(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    set_effect_line(
        SetEffectLine(
            key, "Calls", "ebitda", "one_off", "EUR", cast.lead.origin, cost_object="CT-9", line_id=line
        )
    )
    with reading() as session:
        assert hands_on_change(session, change_of(number)) == {cast.owner.id, cast.lead.id}


def test_withdrawing_brings_category_and_cost_object_back(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    edit(cast, key, line, category="licences", cost_object="CT-9")
    assert fields_of(line) == ("licences", "CT-9")
    withdraw_plan_change(WithdrawPlanChange(key, number, cast.owner.origin))
    assert fields_of(line) == ("", "")
    assert not held(key).differs
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_a_cost_object_on_which_amounts_were_confirmed_meanwhile_does_not_go_back(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    edit(cast, key, line, cost_object="CT-9")
    enter(cast, key, line, {"2026-08": "100"})
    confirm(cast.controller, line, "2026-08")
    withdraw_plan_change(WithdrawPlanChange(key, number, cast.owner.origin))
    assert fields_of(line) == ("", "CT-9")


def test_a_line_that_a_change_takes_out_of_the_plan_leaves_its_sums(cast: Cast) -> None:
    key, line = frozen(cast)
    number = opened(cast, key)
    set_monthly_values(SetMonthlyValues(key, line, "plan", {MAY: None}, cast.owner.origin))
    assert ask(cast, key, number) == "asked"
    vote(key, number, cast.controller)
    assert vote(key, number, cast.sponsor) == "frozen"
    assert settle_all(SYSTEM) == 0
