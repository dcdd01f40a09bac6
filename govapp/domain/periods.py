"""Closing of months: one after the other, only what is over, never opened again (issue: Confirmation, period lock)."""

from datetime import date, timedelta


def first_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The first day of the month that follows."""
    return first_of(first_of(month) + timedelta(days=32))


def month_before(month: date) -> date:
    """The first day of the month before."""
    return first_of(first_of(month) - timedelta(days=1))


def months_between(first: date, last: date) -> list[date]:
    """First days of all months from one to another, both included."""
    found, month = [], first_of(first)
    while month <= last:
        found.append(month)
        month = month_after(month)
    return found


def closing_fault(month: date, closed: date | None, today: date) -> str:
    """Why a month cannot be closed: '' or period_closed, period_not_next, period_not_over.

    `closed` is the newest closed month; the first one closed closes all before it. `today` is the organization's day.
    """
    if closed is not None and month <= closed:
        return "period_closed"
    if closed is not None and month != month_after(closed):
        return "period_not_next"
    return "period_not_over" if month_after(month) > today else ""
