"""Checks after closing: their days, what a judged check makes of them, how much of the effect is lost."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

DUE, KEPT, PARTLY, LOST, VOID = "due", "kept", "partly", "lost", "void"
# The answer "Is the effect still there?" of the form -> the state of the check.
OUTCOMES = {"fully": KEPT, "partly": PARTLY, "lost": LOST}
FURTHEST = timedelta(days=1100)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    place = day.year * 12 + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def proposed_days(day: date, after: Sequence[int]) -> list[date]:
    """Days of the checks when nobody has set any: so many months after a day."""
    return [months_after(day, months) for months in after]


def days_fault(days: Sequence[date], today: date, count: int) -> str:
    """Why days of checks cannot be kept: '' or sustain_count, sustain_order, sustain_past, sustain_far."""
    if len(days) != count:
        return "sustain_count"
    if any(later <= earlier for earlier, later in pairwise(days)):
        return "sustain_order"
    if days[0] <= today:
        return "sustain_past"
    return "sustain_far" if days[-1] > today + FURTHEST else ""


def lost_percent(yearly: int, monthly: int) -> Decimal | None:
    """Which share of an effect is lost: a month's amount against a twelfth of the run rate, both in minor units.

    At least zero; None where the run rate promises nothing above zero.
    """
    if yearly <= 0:
        return None
    share = (Decimal(yearly) - Decimal(monthly) * 12) * 100 / yearly
    return max(share, Decimal(0))
