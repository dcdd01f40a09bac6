"""Two measures on one cost object: who is told, what a split settles, what can be confirmed (issue, item 6)."""

from decimal import Decimal
from functools import partial

import pytest

from govapp.data.engine import reading
from govapp.data.measures import Card
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.services.claims import SetCostObject, SplitClaims, set_cost_object, split_claims
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from govapp.services.grants import GrantRole, grant_role
from govapp.services.leakage import BookLeakage, book_leakage
from govapp.services.settling import settle_all, settle_due
from tests.cast import SYSTEM
from tests.confirming import codes, confirm, cost_object, enter, ledger, make_line, month, reverse
from tests.factories import bring_to, key_of_form, loaded, make_measure, measure_row, move
from tests.many import at_once

pytestmark = pytest.mark.usefixtures("database")
CALLS = {f"2026-{n:02}": "10500" for n in range(8, 13)} | {f"2027-{n:02}": "10500" for n in range(1, 13)}
PRICE = {f"2027-{n:02}": "11000" for n in range(4, 13)}


def overlapping(key: str) -> list[str]:
    with reading() as session:
        card = session.get(Card, measure_row(key).id)
        return card.overlapping


@pytest.fixture
def both(cast) -> tuple[str, str]:
    """As M-113 and M-151: EUR 126,000 and 132,000 a year on a contract of EUR 240,000."""
    cost_object(cast, "CT-2207", "240000")
    one, other = make_measure(cast, "defined"), make_measure(cast, "defined")
    make_line(cast, one, CALLS, cost_object="CT-2207", run_rate=Decimal(126_000))
    make_line(cast, other, PRICE, cost_object="CT-2207", run_rate=Decimal(132_000))
    return one, other


def split(cast, shares: dict[str, str], **more) -> None:
    values = {"kind": "ebitda", "reason": "Agreed with both owners.", "by": cast.controller} | more
    who = values.pop("by")
    split_claims(
        SplitClaims(
            "OI", "CT-2207", shares={key: Decimal(share) for key, share in shares.items()}, origin=who.origin,
            action_key=key_of_form(), **values,
        )
    )  # fmt: skip


def test_ct_2207_is_a_conflict_on_both_cards_and_the_gate_reads_it(cast, both):
    assert [overlapping(key) for key in both] == [["CT-2207"], ["CT-2207"]]
    assert [loaded(key).snapshot.claims for key in both] == [("CT-2207",), ("CT-2207",)]
    settle_due(SYSTEM)
    assert settle_all(SYSTEM) == 0


def test_claims_that_do_not_meet_in_any_month_are_no_conflict(cast):
    cost_object(cast, "CT-1", "240000")
    keys = [make_measure(cast, "defined") for _ in range(2)]
    for key, year in zip(keys, (2026, 2027), strict=True):
        plan = {f"{year}-{n:02}": "11000" for n in range(1, 13)}
        make_line(cast, key, plan, cost_object="CT-1", run_rate=Decimal(132_000))
    assert [overlapping(key) for key in keys] == [[], []]


def test_a_plan_that_is_frozen_anew_is_what_the_cards_tell_of(cast):
    cost_object(cast, "CT-1", "240000")
    years = [{f"{year}-{n:02}": "11000" for n in range(1, 13)} for year in (2026, 2027)]
    keys = [make_measure(cast, "detailed") for _ in years]
    first, _ = [
        make_line(cast, key, plan, cost_object="CT-1", run_rate=Decimal(132_000))
        for key, plan in zip(keys, years, strict=True)
    ]
    bring_to(cast, keys[0], "decided")
    move(cast, keys[0], "detailed", by=cast.lead, reason="It begins a year later")
    plan = {month(said): None for said in years[0]} | {month(said): Decimal(11000) for said in years[1]}
    set_monthly_values(SetMonthlyValues(keys[0], first, "plan", plan, cast.owner.origin))
    assert [overlapping(key) for key in keys] == [[], []]
    bring_to(cast, keys[0], "decided")
    settle_due(SYSTEM)
    assert [overlapping(key) for key in keys] == [["CT-1"], ["CT-1"]]
    assert settle_all(SYSTEM) == 0


@pytest.mark.parametrize("said", ["ct-2207", "CT\u20132207", "CT-2207\u200b", "\uff23T-2207"])
def test_a_cost_object_is_found_however_its_key_is_typed(cast, both, said):
    key = make_measure(cast, "defined")
    make_line(cast, key, PRICE, cost_object=said, run_rate=Decimal(132_000))
    assert overlapping(key) == ["CT-2207"]


def test_a_split_settles_it_and_ending_the_split_opens_it_again(cast, both):
    one, other = both
    split(cast, {one: "126000", other: "114000"})
    assert [overlapping(key) for key in both] == [[], []]
    split(cast, {})
    assert [overlapping(key) for key in both] == [["CT-2207"], ["CT-2207"]]


def test_cancelling_one_of_them_leaves_no_conflict_and_reopening_brings_it_back(cast, both):
    _, other = both
    details = {"cancel_cause": "merged"}
    move(cast, other, ask=AskKind.CANCEL, by=cast.lead, reason="Merged into the other.", details=details)
    settle_due(SYSTEM)
    assert [overlapping(key) for key in both] == [[], []]
    move(cast, other, ask=AskKind.REOPEN, by=cast.controller, reason="It is still wanted after all.")
    assert [overlapping(key) for key in both] == [["CT-2207"], ["CT-2207"]]


def test_a_higher_cost_a_lower_run_rate_or_another_object_ends_it(cast, both):
    _, other = both
    (line,) = loaded(other).lines
    command = SetEffectLine(
        other, "Price", "ebitda", "recurring", "EUR", cast.owner.origin, cost_object="CT-2207",
        run_rate=Decimal(114_000), line_id=line.id,
    )  # fmt: skip
    set_effect_line(command)
    assert [overlapping(key) for key in both] == [[], []]


def test_a_split_must_fit_and_only_a_controller_of_the_organization_agrees_it(cast, both):
    one, other = both
    for shares, found in (
        ({one: "126000", other: "114000.01"}, ["split_too_large"]),
        ({one: "126000"}, ["split_of_few"]),
        ({one: "-1", other: "2"}, ["split_negative"]),
        ({one: "1", "M-999": "2"}, ["split_unknown"]),
    ):
        with pytest.raises(Invalid) as refused:
            split(cast, shares)
        assert refused.value.errors == {"shares": found}
    with pytest.raises(Invalid) as refused:
        split(cast, {one: "1", other: "2"}, reason=" ")
    assert refused.value.errors == {"reason": ["reason_needed"]}
    for who in (cast.owner, cast.lead, cast.administrator, cast.auditor):
        with pytest.raises(Refused):
            split(cast, {one: "1", other: "2"}, by=who)
    with pytest.raises(NotFound):
        split(cast, {one: "1", other: "2"}, by=cast.stranger)
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "service-desk"))
    split(cast, {one: "1", other: "2"}, by=cast.leader)


def test_a_cost_object_seen_in_another_version_is_not_changed(cast, both):
    command = SetCostObject(
        "OI", "CT-2207", "Calls", "contract", "EUR", cast.controller.origin, Decimal(1), 0, key_of_form()
    )
    with pytest.raises(Stale):
        set_cost_object(command)
    with pytest.raises(Invalid) as refused:
        cost_object(cast, "CT-2", "-1", kind="ship", currency="ZZZ", name="")
    assert set(refused.value.errors) == {"name", "kind", "currency"}


def confirming(cast, yearly: str, *actuals: str) -> list[tuple[str, int]]:
    """Measures on one contract of a yearly cost, each with an actual amount of August that awaits."""
    cost_object(cast, "CT-1", yearly)
    found = []
    for actual in actuals:
        key = make_measure(cast, "defined")
        line = make_line(cast, key, cost_object="CT-1", run_rate=Decimal(10))
        enter(cast, key, line, {"2026-08": actual})
        found.append((key, line))
    return found


def test_a_confirmation_that_would_pass_the_yearly_cost_is_refused_and_names_the_others(cast):
    (one, first), (_, second) = confirming(cast, "1000", "600.00", "400.01")
    assert codes(confirm(cast.controller, first, "2026-08")) == [()]
    refused = confirm(cast.controller, second, "2026-08")
    assert codes(refused) == [("baseline_passed",)]
    assert refused[0].values == {
        "object": "CT-1",
        "cost": 100_000,
        "currency": "EUR",
        "measures": [one],
        "alone": False,
    }
    enter(cast, refused[0].measure, second, {"2026-08": "400.00"})
    assert codes(confirm(cast.controller, second, "2026-08")) == [()]


def test_a_year_starts_with_the_fiscal_year_and_what_was_taken_back_is_free_again(cast):
    (key, line), _ = confirming(cast, "1000", "600.00", "1")
    enter(cast, key, line, {"2026-09": "600.00", "2025-12": "600.00"})
    assert codes(confirm(cast.controller, line, "2026-08", "2025-12", "2026-09")) == [
        (), (), ("baseline_passed",)
    ]  # fmt: skip
    assert len(ledger(key)) == 2


def test_with_a_split_nobody_passes_the_own_share(cast):
    (one, first), (other, second), (_, third) = confirming(cast, "1000", "500.01", "300.00", "1.00")
    split_claims(
        SplitClaims(
            "OI",
            "CT-1",
            "ebitda",
            {one: Decimal(500), other: Decimal(500)},
            "Halves.",
            cast.controller.origin,
        )
    )
    assert codes(confirm(cast.controller, first, "2026-08")) == [("share_passed",)]
    assert codes(confirm(cast.controller, second, "2026-08")) == [()]
    assert codes(confirm(cast.controller, third, "2026-08")) == [("split_without_share",)]


def test_costs_booked_on_the_object_make_no_room_for_gains(cast):
    (_, first), (_, second) = confirming(cast, "1000", "-500.00", "1000.01")
    assert codes(confirm(cast.controller, first, "2026-08")) == [()]
    assert codes(confirm(cast.controller, second, "2026-08")) == [("baseline_passed",)]


def test_two_confirmations_side_by_side_do_not_pass_the_yearly_cost(cast):
    cells = confirming(cast, "1000", *["300.00"] * 6)
    results = at_once([partial(confirm, cast.controller, line, "2026-08") for _, line in cells])
    found = sorted(codes(each)[0] for each in results)
    assert found == [(), (), (), *[("baseline_passed",)] * 3]
    assert sum(row.amount for key, _ in cells for row in ledger(key)) == 90_000


def test_of_two_who_confirm_one_amount_at_once_one_books_it(cast):
    ((key, line),) = confirming(cast, "1000", "300.00")
    results = at_once([partial(confirm, cast.controller, line, "2026-08")] * 6)
    assert sorted(codes(each)[0] for each in results) == [(), *[("already_confirmed",)] * 5]
    assert [row.amount for row in ledger(key)] == [30_000]


def test_measures_that_change_their_claims_at_once_leave_the_cards_true(cast):
    cost_object(cast, "CT-1", "1000")
    keys = [make_measure(cast, "defined") for _ in range(4)]
    lines = {key: make_line(cast, key, cost_object="CT-1", run_rate=Decimal(200)) for key in keys}

    def claim(key: str, run_rate: int) -> None:
        set_effect_line(
            SetEffectLine(
                key, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, cost_object="CT-1",
                run_rate=Decimal(run_rate), line_id=lines[key],
            )
        )  # fmt: skip

    for rates in ((400, 400, 400, 400), (100, 400, 100, 300), (100, 100, 900, 100), (1, 2, 3, 4)):
        done = at_once([partial(claim, key, rate) for key, rate in zip(keys, rates, strict=True)])
        assert done == [None] * 4
        expected = ["CT-1"] if sum(rates) > 1000 else []
        assert [overlapping(key) for key in keys] == [expected] * 4


def change(cast, key: str, line: int, **more) -> None:
    values = {"cost_object": "CT-1", "timing": "recurring", "run_rate": Decimal(10)} | more
    set_effect_line(
        SetEffectLine(
            key, "Fewer calls", "ebitda", currency="EUR", origin=cast.owner.origin, line_id=line, **values
        )
    )


@pytest.mark.parametrize("stage", ["defined", "decided"])
@pytest.mark.parametrize(
    "more",
    [
        {"cost_object": ""},
        {"cost_object": "CT-2"},
        {"category": "licences"},
        {"timing": "one_off", "run_rate": None},
    ],
)
def test_a_line_with_confirmed_amounts_keeps_what_they_are_counted_by(cast, more, stage):
    (one, first), (other, second) = confirming(cast, "1000", "1000", "1000")
    confirm(cast.controller, first, "2026-08")
    bring_to(cast, one, stage)
    with pytest.raises(Invalid) as refused:
        change(cast, one, first, **more)
    named = (more.keys() & refused.value.errors.keys()) - {"run_rate"}
    assert named
    assert codes(confirm(cast.controller, second, "2026-08")) == [("baseline_passed",)]
    assert ledger(other) == []


def test_once_its_confirmations_are_taken_back_a_line_moves_to_another_cost_object(cast):
    (one, first), (_, second) = confirming(cast, "1000", "1000", "1000")
    confirm(cast.controller, first, "2026-08")
    reverse(cast.controller, ledger(one)[0].id)
    change(cast, one, first, cost_object="CT-2")
    assert codes(confirm(cast.controller, second, "2026-08")) == [()]


def test_leakage_is_taken_back_only_while_the_cost_object_has_room_for_it(cast):
    (one, first), (other, second) = confirming(cast, "1000", "1000.00", "500.00")
    confirm(cast.controller, first, "2026-08")
    bring_to(cast, one, "closed")
    command = BookLeakage(
        one, first, month("2026-08"), Decimal(500), "Half came back.", cast.controller.origin
    )
    leaked = book_leakage(command)
    assert codes(confirm(cast.controller, second, "2026-08")) == [()]
    with pytest.raises(Invalid) as refused:
        reverse(cast.controller, leaked)
    assert refused.value.errors == {"row": ["baseline_passed"]}
    assert refused.value.values["measures"] == [other]
    reverse(cast.controller, ledger(other)[0].id)
    reverse(cast.controller, leaked)
    assert sum(row.amount for key in (one, other) for row in ledger(key)) == 100_000


def test_a_confirmed_loss_is_taken_back_only_while_the_cost_object_has_room_for_it(cast):
    (one, first), (other, second) = confirming(cast, "1000", "1000.00", "500.00")
    enter(cast, one, first, {"2026-09": "-500"})
    confirm(cast.controller, first, "2026-08", "2026-09")
    confirm(cast.controller, second, "2026-08")
    (loss,) = [row.id for row in ledger(one) if row.amount < 0]
    with pytest.raises(Invalid) as refused:
        reverse(cast.controller, loss)
    assert refused.value.errors == {"row": ["baseline_passed"]}
    assert sum(row.amount for key in (one, other) for row in ledger(key)) == 100_000


def test_a_cost_object_keeps_its_currency_while_a_split_is_agreed_in_it(cast, both):
    one, other = both
    split(cast, {one: "126000", other: "114000"})
    with pytest.raises(Invalid) as refused:
        cost_object(cast, "CT-2207", "240000", currency="JPY")
    assert refused.value.errors == {"currency": ["split_in_force"]}
    cost_object(cast, "CT-2207", "250000")
    split(cast, {})
    cost_object(cast, "CT-2207", "240000", currency="JPY")
