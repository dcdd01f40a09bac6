"""Rows kept by fiscal year: worked by hand, and against sums made in another way."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.money_rows import Cell, Frozen, LineFacts, fiscal_place, month_at, rows_of


def test_a_fiscal_year_bears_the_year_in_which_it_starts():
    assert fiscal_place(date(2026, 4, 1), 4) == (2026, 0)
    assert fiscal_place(date(2027, 3, 1), 4) == (2026, 11)
    assert fiscal_place(date(2026, 3, 1), 4) == (2025, 11)
    assert fiscal_place(date(2026, 12, 1), 1) == (2026, 11)
    assert fiscal_place(None, 4) == (0, 12)


@given(st.dates(date(1950, 1, 1), date(2200, 12, 1)).map(lambda day: day.replace(day=1)), st.integers(1, 12))
def test_every_month_is_found_again_at_its_place(month, fiscal_month):
    assert month_at(*fiscal_place(month, fiscal_month), fiscal_month) == month


def test_rows_of_a_line_with_two_frozen_plans_are_those_worked_by_hand():
    cells = [
        Cell("plan", date(2026, 11, 1), 9_999, 0),  # a draft that counts nowhere now
        Cell("plan", date(2026, 11, 1), 1_000, 1), Cell("plan", date(2027, 1, 1), 2_000, 1),
        Cell("plan", date(2026, 11, 1), 1_500, 2), Cell("plan", date(2026, 12, 1), 500, 2),
        Cell("forecast", date(2026, 11, 1), 1_200), Cell("actual", date(2026, 11, 1), -300),
        Cell("target", None, 40_000),
    ]  # fmt: skip
    ledger = {date(2026, 11, 1): (-250, -230)}
    frozen = (Frozen(1, "0.92", 12_000), Frozen(2, "0.9", 18_000))
    rows = rows_of(LineFacts(77_000, cells, ledger, frozen), 1)
    nov, dec, none = 10, 11, 12

    def months(**at):
        places = {"nov": nov, "dec": dec, "jan": 0, "sum": none}
        return tuple(
            next((value for name, value in at.items() if places[name] == place), 0) for place in range(13)
        )

    assert rows == {
        ("plan", 2026): ("0.9", months(nov=1_500, dec=500, sum=2_000)),
        ("first_plan", 2026): ("0.92", months(nov=1_000, sum=1_000)),
        ("first_plan", 2027): ("0.92", months(jan=2_000, sum=2_000)),
        ("forecast", 2026): ("", months(nov=1_200, sum=1_200)),
        ("actual", 2026): ("", months(nov=-300, sum=-300)),
        ("target", 0): ("0.9", months(sum=40_000)),
        ("confirmed", 2026): ("", months(nov=-250, sum=-250)),
        ("booked", 2026): ("", months(nov=-230, sum=-230)),
        ("run_rate", 0): ("0.9", months(sum=18_000)),
    }


def test_while_nothing_is_frozen_the_draft_is_both_plans():
    rows = rows_of(LineFacts(None, [Cell("plan", date(2026, 1, 1), 100)]), 1)
    assert rows["plan", 2026] == rows["first_plan", 2026] == ("", (100, *[0] * 11, 100))


_MONTHS = st.one_of(
    st.none(), st.dates(date(2025, 1, 1), date(2028, 12, 1)).map(lambda day: day.replace(day=1))
)


_KEYS = st.tuples(st.sampled_from(("forecast", "actual", "target")), _MONTHS)


@given(st.dictionaries(_KEYS, st.integers(-(10**15), 10**15)), st.integers(1, 12))
def test_rows_add_up_to_the_amounts_they_are_made_of(amounts, fiscal_month):
    cells = [Cell(series, month, amount) for (series, month), amount in amounts.items()]
    rows = rows_of(LineFacts(None, cells), fiscal_month)
    for series in ("forecast", "actual", "target"):
        whole = sum(amount for (name, _), amount in amounts.items() if name == series)
        assert sum(row[1][12] for (name, _), row in rows.items() if name == series) == whole
    for (_, year), (_, months) in rows.items():
        assert sum(months[:12]) == (months[12] if year else 0)
