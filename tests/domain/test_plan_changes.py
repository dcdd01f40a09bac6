"""What a draft changes of a frozen plan, worked by hand; and rates read from text."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from govapp.domain.effect_rules import PlanChangeRule
from govapp.domain.exchange import MissingRate, RateTable
from govapp.domain.number_text import NumberRefused
from govapp.domain.plan_changes import change_between, draft_digest, needs_approval, still_open
from govapp.domain.plan_versions import PlanLine, frozen_of, lacking_rates
from govapp.domain.rate_text import read_day, read_rate, read_rates

TODAY = date(2026, 6, 1)
TABLE = RateTable("EUR", {"USD": ((date(2026, 1, 1), Decimal("0.92")), (date(2026, 7, 1), Decimal("0.80")))})
MAY, JUNE, NEXT = date(2026, 5, 1), date(2026, 6, 1), date(2027, 5, 1)
RULE = PlanChangeRule()


def line(
    number: int = 1,
    amounts: Mapping[date | None, int] | None = None,
    *,
    kind: str = "ebitda",
    currency: str = "EUR",
    run_rate: int | None = None,
) -> PlanLine:
    return PlanLine(number, "Calls", kind, "recurring", "", "", currency, run_rate, amounts or {})


def test_a_change_in_two_currencies_is_told_by_currency_and_measured_in_one() -> None:
    before = [line(1, {MAY: 100_00}), line(2, {MAY: 1000_00}, currency="USD")]
    after = [line(1, {MAY: 150_00}), line(2, {MAY: 900_00, None: 33}, currency="USD")]
    change = change_between(before, after, TABLE, TODAY)
    assert change.delta == {"EUR": 50_00, "USD": -100_00 + 33}
    assert change.size == Decimal("9200.00"), (
        "USD 100 taken away is EUR 92; EUR 50 and USD 0.33 added are EUR 50.30"
    )
    assert change.before == Decimal(100_00 + 920_00), "EUR 100 and USD 1,000 at 0.92"


def test_what_moves_between_years_lines_or_kinds_has_its_size_though_totals_stay() -> None:
    base = [line(1, {MAY: 500_00})]
    moved = [line(1, {NEXT: 500_00})]
    other = [line(1), line(2, {MAY: 500_00}, kind="cost-avoidance")]
    for after in (moved, other):
        change = change_between(base, after, TABLE, TODAY)
        assert (change.delta, change.size) == ({}, 500_00)
    within = change_between(base, [line(1, {JUNE: 500_00})], TABLE, TODAY)
    assert (within.delta, within.size) == ({}, 0)
    assert draft_digest(base) != draft_digest([line(1, {JUNE: 500_00})])


def test_a_currency_without_rate_is_no_change_at_1() -> None:
    with pytest.raises(MissingRate):
        change_between([], [line(1, {MAY: 1}, currency="GBP")], TABLE, TODAY)
    assert lacking_rates([line(1, {MAY: 1}, currency="GBP"), line(2, currency="JPY")], TABLE, TODAY) == (
        "GBP",
    )


@pytest.mark.parametrize(
    ("before", "after", "threshold", "needed"),
    [
        (1000_00, 900_00, 10000_00, True),  # a tenth
        (1000_00, 901_00, 10000_00, False),
        (1000000_00, 1010000_00, 10000_00, True),  # the amount
        (1000000_00, 1009999_99, 10000_00, False),
        (1000000_00, 1000001_00, None, True),  # no rate tells what the amount is here
        (0, 1, 10000_00, True),  # more than any share of nothing
    ],
)
def test_approval_begins_at_the_amount_or_the_share(
    before: int, after: int, threshold: int | None, *, needed: bool
) -> None:
    change = change_between([line(1, {MAY: before})], [line(1, {MAY: after})], TABLE, TODAY)
    assert needs_approval(change, RULE, None if threshold is None else Decimal(threshold)) is needed


def test_posts_are_measured_by_their_share_only() -> None:
    before = [line(1, {None: 100_000}, kind="fte", currency="")]
    for after, needed in ((95_000, False), (90_000, True)):
        change = change_between(before, [line(1, {None: after}, kind="fte", currency="")], TABLE, TODAY)
        assert (change.delta, change.size) == ({}, 0)
        assert needs_approval(change, RULE, Decimal(10000_00)) is needed


def test_a_version_is_translated_at_the_rate_of_its_day_and_a_later_rate_changes_only_what_is_open() -> None:
    """3 x 333.33 USD at 0.92: 919.9908, so 919.99. At the rate from July on it would be 799.99."""
    plan = [line(1, {date(2026, n, 1): 333_33 for n in (5, 6, 7)}, currency="USD", run_rate=3999_96)]
    kept = frozen_of(plan, TABLE, TODAY)
    assert (kept.rates, kept.translated, kept.totals) == (
        {"USD": "0.92"},
        {"1": 919_99},
        {"ebitda": {"USD": 999_99}},
    )
    corrected = RateTable("EUR", {"USD": ((date(2026, 1, 1), Decimal("0.95")),)})
    assert corrected.translated(999_99, "USD", corrected.plan_rate("USD", TODAY)) == 949_99, (
        "a forecast follows"
    )
    assert kept.translated == {"1": 919_99}


def test_kinds_are_never_added_up_in_one_total() -> None:
    plan = [
        line(1, {MAY: 100}),
        line(2, {MAY: 7}, kind="cost-avoidance"),
        line(3, {None: 5}, kind="fte", currency=""),
    ]
    assert frozen_of(plan, TABLE, TODAY).totals == {"ebitda": {"EUR": 100}, "cost-avoidance": {"EUR": 7}}


def test_parts_still_to_approve_come_in_the_order_of_the_rules() -> None:
    assert still_open(["controller", "sponsor"], ["controller"]) == ["sponsor"]
    assert still_open(["controller", "sponsor"], []) == ["controller", "sponsor"]


@pytest.mark.parametrize(
    ("text", "mark", "rate"),
    [
        ("0.92", ".", "0.92"), ("0,92", ".", "0.92"), ("0,92", ",", "0.92"), ("1.170", ".", "1.170"),
        ("1,170", ",", "1.170"), ("161.5", ".", "161.5"), ("0.006123456789", ".", "0.006123456789"),
    ],
)  # fmt: skip
def test_rates_are_read_with_the_readers_decimal_mark(text: str, mark: str, rate: str) -> None:
    assert read_rate(text, mark) == Decimal(rate)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "NaN", "Infinity", "1e400", "1e-3", "one", "0.1234567890123", "٣"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(NumberRefused):
        read_rate(text)


def test_a_table_of_rates_is_read_whatever_its_separator_and_empty_cells_stay() -> None:
    rows = (("Month", "USD", "GBP"), ("2026-01", "0.92", ""), ("2026-02-01", "", "1.17"))
    for separator in ("\t", ";", ","):
        text = "\n".join(separator.join(row) for row in rows)
        found = read_rates(text)
        assert not found.faults
        assert found.days == {
            date(2026, 1, 1): {"USD": Decimal("0.92")},
            date(2026, 2, 1): {"GBP": Decimal("1.17")},
        }


def test_days_and_currencies_that_stand_twice_are_faults_with_their_place() -> None:
    found = read_rates("Day;USD;USD\n2026-01-01;1;\n2026-01;2;3\n")
    assert [(each.row, each.column, each.code) for each in found.faults] == [
        (1, 3, "currency_twice"), (3, 1, "day_twice"),
    ]  # fmt: skip
    assert [read_day(said) for said in ("2026-13", "2026-02-30", "soon", "")] == [None] * 4
    assert [each.code for each in read_rates("only a head\n").faults] == ["rates_none"]
