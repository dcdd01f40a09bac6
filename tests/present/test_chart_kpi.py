"""The chart of an operating figure: every mark is where its reading says, and the caption holds for the readings."""

from datetime import date

import pytest

from govapp.present.chart_kpi import kpi_chart

MONTHS = [date(2026, month, 1) for month in range(5, 11)]


def chart(*values, better="lower", baseline=1_420, target=420, since=None, unit="calls"):
    units = [(month, round(value * 10_000)) for month, value in zip(MONTHS, values, strict=False)]
    level = [None if one is None else round(one * 10_000) for one in (baseline, target)]
    return kpi_chart("Reset calls", unit, better, units, *level, since)


def test_readings_stand_at_their_month_and_height():
    drawn = chart(1420, 420)
    first, last = drawn.points
    assert (first.x, last.x) == (drawn.left, drawn.right)
    base, target = drawn.levels
    assert (first.y, last.y) == (base.y, target.y)
    assert drawn.top < base.y < target.y < drawn.floor  # a larger value stands higher
    assert drawn.path == f"M{first.x} {first.y} L{last.x} {last.y}"


def test_a_missing_month_leaves_its_place():
    units = [(date(2026, 1, 1), 10_000), (date(2026, 4, 1), 20_000)]
    drawn = kpi_chart("Backlog", "", "lower", [*units, (date(2026, 5, 1), 30_000)])
    gaps = [round(b.x - a.x) for a, b in zip(drawn.points, drawn.points[1:], strict=False)]
    assert gaps[0] == pytest.approx(3 * gaps[1], abs=2)


def test_readings_after_the_month_of_implementation_are_marked():
    drawn = chart(1400, 1300, 900, 500, since=date(2026, 6, 17))
    assert [point.after for point in drawn.points] == [False, False, True, True]
    assert drawn.turn_x == drawn.points[1].x
    assert [row[2] for row in drawn.rows] == ["before", "before", "after", "after"]


@pytest.mark.parametrize(
    ("drawn", "caption"),
    [
        (chart(), "Reset calls has no readings yet"),
        (chart(900, 800), "Reset calls: 800 calls in Jun 2026"),
        (
            chart(430, 415, 410),
            "Reset calls has reached its target of 420 calls: the last three readings give 418.33 calls",
        ),
        (
            chart(900, 700, 500),
            ("Reset calls has covered 72 % of the way to its target of 420 calls: "
            "the last three readings give 700 calls"),
        ),
        (chart(1500, 1480, 1490), "Reset calls is no better than before: 1,490 calls, target 420 calls"),
        (chart(60, 66, 67, better="higher", baseline=54, target=66, unit="%"),
         "Reset calls has covered 86 % of the way to its target of 66 %: the last three readings give 64.33 %"),
        (chart(4, 4, 4, baseline=None, target=3),
         "Reset calls misses its target of 3 calls: the last three readings give 4 calls"),
    ],
)  # fmt: skip
def test_the_caption_states_what_the_readings_say(drawn, caption):
    assert drawn.caption == caption


def test_labels_of_near_levels_are_set_apart():
    base, target = chart(5, 5, 5, baseline=5.1, target=5).levels
    assert abs(base.label_y - target.label_y) >= 12.9


def test_the_alternative_text_reads_every_reading():
    assert chart(900, 800).alternative == (
        "Readings of Reset calls by month: May 2026 900 calls; Jun 2026 800 calls. "
        "Baseline 1,420 calls, target 420 calls."
    )  # fmt: skip


def test_one_level_alone_still_has_a_height():
    drawn = kpi_chart("Backlog", "", "lower", [(date(2026, 1, 1), 50_000)])
    assert drawn.floor > drawn.points[0].y > drawn.top
