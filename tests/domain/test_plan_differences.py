"""What lies between two plans by line and month, and plans that no longer give their run rate."""

from datetime import date
from typing import Any

from govapp.domain.plan_differences import CellChange, Span, line_changes, misfits, spans
from govapp.domain.plan_versions import PlanLine

MAY, JUNE, JULY, SEPT = (date(2026, month, 1) for month in (5, 6, 7, 9))


def line(number: int, amounts: dict[date | None, int], **more: Any) -> PlanLine:
    values = {"name": f"Line {number}", "kind": "ebitda", "timing": "recurring", "category": "", "cost_object": "",
              "currency": "EUR", "run_rate": None} | more  # fmt: skip
    return PlanLine(number, **values, amounts=amounts)


def test_only_what_differs_is_named_by_line_and_month():
    before = [
        line(1, {MAY: 100, JUNE: 100, JULY: 100}),
        line(2, {MAY: 7}),
        line(3, {None: 5}, category="licences"),
    ]
    after = [
        line(1, {MAY: 100, JUNE: 80, SEPT: 9}, run_rate=960),
        line(2, {MAY: 7}),
        line(4, {MAY: 1}, cost_object="C-1"),
    ]
    one, gone, come = line_changes(before, after)
    assert (one.id, one.what, one.old, one.new) == (1, "changed", 300, 189)
    assert one.cells == (CellChange(JUNE, 100, 80), CellChange(JULY, 100, None), CellChange(SEPT, None, 9))
    assert [cell.difference for cell in one.cells] == [-20, -100, 9]
    assert one.fields == (("run_rate", None, 960),)
    assert (gone.id, gone.what, gone.old, gone.new, gone.fields) == (
        3,
        "removed",
        5,
        None,
        (("category", "licences", None),),
    )
    assert (come.id, come.what, come.fields) == (4, "added", (("cost_object", None, "C-1"),))
    assert come.said()["months"] == {"2026-05": [None, 1]}


def test_what_gives_amounts_their_meaning_and_where_a_line_starts_is_a_change_too():
    before, after = [line(1, {MAY: 1}, category="telephony")], [line(1, {MAY: 1}, category="licences")]
    began, begins = (
        {1: {"start": "2026-05-01", "start_milestone": None}},
        {1: {"start": None, "start_milestone": "Live"}},
    )
    (found,) = line_changes(before, after, began, begins)
    assert found.fields == (
        ("category", "telephony", "licences"), ("start", "2026-05-01", None), ("start_milestone", None, "Live"),
    )  # fmt: skip
    assert line_changes(before, before, began, began) == ()


def test_months_in_a_row_that_change_alike_are_taken_together():
    cells = [
        CellChange(None, 1, 2),
        CellChange(MAY, 10, 12),
        CellChange(JUNE, 10, 12),
        CellChange(SEPT, 10, 12),
    ]
    assert spans(cells) == [
        Span(None, None, 1, 1, 2),
        Span(MAY, JUNE, 2, 10, 12),
        Span(SEPT, SEPT, 1, 10, 12),
    ]


def test_a_plan_that_no_longer_gives_its_run_rate_says_so():
    year = [date(2026, month, 1) for month in range(1, 13)]
    fits = line(1, dict.fromkeys(year, 100), run_rate=1_200)
    seasonal = line(2, {month: 200 if month.month < 7 else 0 for month in year}, run_rate=1_200)
    ramp = line(3, {MAY: 10, JUNE: 100}, run_rate=1_200)
    off = line(4, dict.fromkeys(year, 80), run_rate=1_200)
    once = line(5, {MAY: 1}, timing="one_off")
    (found,) = misfits([fits, seasonal, ramp, off, once])
    assert (found.name, found.run_rate, found.year) == ("Line 4", 1_200, 960)
