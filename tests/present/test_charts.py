"""Charts: every bar and mark is where its figure says, and the caption holds for the figures."""

from datetime import date
from decimal import Decimal

import pytest

from govapp.present import charts
from govapp.present.chart_funnel import FunnelStage, funnel
from govapp.present.chart_gantt import GanttMilestone, gantt
from govapp.present.environment import make_environment

STAGES = (
    FunnelStage("Defined", 8, Decimal(1_300_000)),
    FunnelStage("Detailed", 10, Decimal(3_200_000), 1),
    FunnelStage("Decided", 14, Decimal(4_400_000), 2),
    FunnelStage("Closed", 0, Decimal(0)),
)
TODAY = date(2026, 10, 31)


def test_funnel_bars_are_as_long_as_their_values() -> None:
    bars = funnel(STAGES, "EUR").bars
    assert bars[2].width == 380
    assert bars[0].width == pytest.approx(380 * 1.3 / 4.4, abs=0.1)
    assert bars[3].width == 0
    assert [bar.strong for bar in bars] == [False, False, True, False]


def test_the_caption_of_the_funnel_states_what_the_figures_say() -> None:
    chart = funnel(STAGES, "EUR")
    assert chart.caption == "The largest value is in Decided: EUR 4.4 m a year, 49 % of EUR 8.9 m"
    assert "Detailed: 10 measures, EUR 3.2 m a year, 1 on hold" in chart.alternative


def test_without_values_the_funnel_counts_measures() -> None:
    chart = funnel([FunnelStage("Defined", 3), FunnelStage("Closed", 3)])
    assert chart.caption == "Most measures are in Defined and Closed: 3 of 6"
    assert [bar.label for bar in chart.bars] == ["3", "3"]
    assert chart.currency == ""


def test_an_empty_funnel_says_so() -> None:
    assert funnel([FunnelStage("Defined", 0)], "EUR").caption == "No measure is on the board yet"
    assert funnel([], "EUR").bars == ()


def test_negative_values_run_left_of_zero_and_no_share_is_claimed() -> None:
    chart = funnel([FunnelStage("Defined", 1, Decimal(-100)), FunnelStage("Closed", 1, Decimal(300))], "EUR")
    loss, gain = chart.bars
    assert loss.x < chart.base_x == gain.x
    assert loss.x + loss.width == pytest.approx(chart.base_x, abs=0.2)
    assert loss.label == "−100"
    assert loss.label_x > chart.base_x
    assert "%" not in chart.caption


def test_the_frozen_line_stands_above_its_stage() -> None:
    chart = funnel(STAGES, "EUR", "Decided")
    assert chart.frozen_y is not None
    assert chart.bars[1].y + 20 < chart.frozen_y < chart.bars[2].y


@pytest.mark.parametrize(("where", "folded"), [(False, True), (True, False)])
def test_the_funnel_is_drawn_alike_on_pages_and_paper_with_its_table(where: bool, folded: bool) -> None:
    env = make_environment()
    page = env.from_string("{% from 'charts/funnel.svg.jinja' import funnel %}{{ funnel(chart, paper) }}")
    html = page.render(chart=funnel([*STAGES, FunnelStage("<b>", 1, Decimal(1))], "EUR"), paper=where)
    assert ("<details" in html) is folded
    assert "<title>Gate funnel." in html
    assert "8,900,001" in html
    assert "<b>" not in html
    assert "style=" not in html


def test_milestones_lie_on_the_line_of_time_in_order() -> None:
    rows = [
        GanttMilestone("a", date(2026, 8, 31), actual=date(2026, 9, 18)),
        GanttMilestone("b", date(2026, 10, 15)),
        GanttMilestone("c", date(2027, 2, 26), date(2027, 3, 5)),
        GanttMilestone("d", None),
    ]
    (chart,) = gantt(rows, TODAY)
    a, b, c, d = chart.rows
    assert a.plan_x is not None
    assert a.x is not None
    assert b.x is not None
    assert chart.today_x is not None
    assert c.x is not None
    assert 190 <= a.plan_x < a.x < b.x < chart.today_x < c.x <= 596
    assert (a.done, b.late, b.label, b.plan_x) == (True, True, "15 Oct 2026, late", None)
    assert (d.x, d.label) == (None, "no date")
    assert chart.caption == "1 of 4 milestones reached; b is late"
    assert [tick.label for tick in chart.ticks][:2] == ["Jul 2026", "Sep"]


@pytest.mark.parametrize("years", [0, 1, 3, 12, 60, 400])
def test_a_plan_of_any_length_has_few_ticks(years: int) -> None:
    rows = [GanttMilestone("a", date(2026, 1, 31)), GanttMilestone("b", date(2026 + years, 12, 31))]
    (chart,) = gantt(rows, TODAY)
    assert 1 <= len(chart.ticks) <= 11
    assert all(190 <= tick.x <= 596 for tick in chart.ticks)
    assert all(row.x is not None and 190 <= row.x <= 596 for row in chart.rows)


def test_dates_at_the_ends_of_the_calendar_do_not_break_the_plan() -> None:
    assert gantt([GanttMilestone("a", date.min), GanttMilestone("b", date.max)], TODAY)


def test_a_long_plan_gets_several_drawings_and_an_undated_one_none() -> None:
    assert [len(c.rows) for c in gantt([GanttMilestone(str(n), TODAY) for n in range(60)], TODAY)] == [
        28,
        28,
        4,
    ]
    assert gantt([GanttMilestone("a", None)], TODAY) == ()


def test_when_all_is_reached_the_caption_says_so() -> None:
    (chart,) = gantt(
        [GanttMilestone("a", TODAY, actual=TODAY), GanttMilestone("b", TODAY, actual=TODAY)], TODAY
    )
    assert chart.caption == "All 2 milestones are reached"


def test_long_names_are_cut_to_their_room_in_any_script() -> None:
    for name in ("W" * 90, "字" * 90, "i" * 400, "a\n b"):
        short = charts.shortened(name, 100)
        assert charts.text_width(short) <= 100
    assert charts.shortened("a\n b", 100) == "a b"
