"""The money of the demonstration: rates, amounts booked and expected month by month, confirmations, closed months."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.domain.exchange import ACTUAL
from govapp.services.confirmations import CellWish, RuleCells, rule_cells
from govapp.services.demo.figures import months_of, set_forecast
from govapp.services.demo.play import Play, measure_row
from govapp.services.grids import Cell, SaveGrid, save_grid
from govapp.services.leakage import BookLeakage, book_leakage
from govapp.services.periods import ClosePeriod, close_period
from govapp.services.rates import SetRates, set_rates

CONTROLLER = "yasmin"
SOURCE = "Ledger of the month, cost centre report"
_BOOKED = 8  # the ledger of a month stands on this day of the next
_CLOSED = 26
_JUST_BEFORE = timedelta(minutes=30)


def next_month(month: date, count: int = 1) -> date:
    """The first day of a month so many later."""
    place = month.year * 12 + month.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)


def month_of(text: str) -> date:
    """YYYY-MM as the first day of that month."""
    return date.fromisoformat(f"{text}-01")


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def bookings(data: Mapping[str, Any], zone: ZoneInfo) -> Iterator[tuple[datetime, date, tuple[str, ...]]]:
    """When amounts of a month are booked on which lines: just before they are confirmed, or on the eighth after it."""
    confirmed = {
        (line, month_of(said["month"])): datetime.fromisoformat(said["at"]).replace(tzinfo=zone)
        for said in data["history"]
        if said["event"] == "amounts_confirmed"
        for line in said["lines"]
    }
    found: dict[tuple[datetime, date], list[str]] = {}
    for line in data["effects"]:
        for month in months_of(line.get("actual")):
            when = confirmed.get((line["id"], month))
            usual = _at(next_month(month).replace(day=_BOOKED), 10, zone)
            at = when.astimezone(UTC) - _JUST_BEFORE if when else usual
            found.setdefault((at, month), []).append(line["id"])
    for (at, month), lines in sorted(found.items()):
        yield at, month, tuple(lines)


def months(as_of: date, zone: ZoneInfo) -> Iterator[tuple[datetime, str, date]]:
    """What happens with every month of the year after its end, as far as the file reaches."""
    month = as_of.replace(month=1, day=1)
    while month < as_of:
        for day, hour, event in (
            (1, 7, "rates_known"),
            (1, 8, "figures_read"),
            (_CLOSED, 17, "period_closed"),
        ):
            at = _at(next_month(month).replace(day=day), hour, zone)
            if at < _at(as_of, 12, zone):
                yield at, event, month
        month = next_month(month)


def set_month_rates(play: Play, month: date, at: datetime) -> None:
    """The rates of a month that has ended."""
    said: Mapping[str, Any] = next(
        (one for one in play.file["exchange_rates"]["monthly_eur"] if month_of(one["month"]) == month), {}
    )
    worth = {currency: Decimal(str(rate)) for currency, rate in said.items() if currency != "month"}
    if worth:
        organization = play.file["organization"]["key"]
        set_rates(SetRates(play.stage.origin(CONTROLLER, at), organization, ACTUAL, {month: worth}))


def close(play: Play, month: date, at: datetime) -> None:
    """Close a month: what no longer comes in it leaves the forecast first."""
    for key, data in play.measures.items():
        for line in data["effects"]:
            if line["id"] in play.lines and measure_row(key)[3] != "cancelled":
                set_forecast(play, key, line, at, only=month)
    organization = play.file["organization"]["key"]
    close_period(ClosePeriod(play.stage.origin(CONTROLLER, at), organization, month))


def book(play: Play, key: str, month: date, lines: tuple[str, ...], at: datetime) -> None:
    """The finance contact enters what the ledger says of a month; the owner's forecast of that month follows it."""
    data = play.measures[key]
    amounts = {
        play.lines[line["id"]]: months_of(line["actual"])[month]
        for line in data["effects"]
        if line["id"] in lines
    }
    with reading() as session:
        rows = session.execute(
            select(EffectValue.line_id, EffectValue.amount).where(
                EffectValue.line_id.in_(amounts), EffectValue.series == "forecast", EffectValue.month == month
            )
        )
        expected: dict[int, int] = {row.line_id: row.amount for row in rows}
    forecast = tuple(Cell(n, "forecast", month, expected.get(n), amount) for n, amount in amounts.items())
    actual = tuple(Cell(n, "actual", month, None, amount) for n, amount in amounts.items())
    save_grid(SaveGrid(key, forecast, play.owner(key, at)))
    save_grid(SaveGrid(key, actual, play.stage.origin(data["finance_contact"], at), SOURCE))


def confirm(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Confirm the lines of a month; where the file confirms less than was booked, in part, with its reason."""
    month = month_of(said["month"])
    wishes = []
    for line in play.measures[key]["effects"]:
        if line["id"] in said["lines"]:
            actual, amount = (months_of(line[series])[month] for series in ("actual", "confirmed"))
            part = None if amount == actual else amount
            wishes.append(
                CellWish(play.lines[line["id"]], month, "part" if part is not None else "full", part)
            )
    done = rule_cells(RuleCells(tuple(wishes), play.origin(said, at), said.get("reason", ""), signed=True))
    for wish, result in zip(wishes, done, strict=True):
        if result.codes:
            play.left_out.append(
                f"{key} {said['month']} {wish.act} by {said['by']}: {' '.join(result.codes)}"
            )


def leak(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Book the effect that a sustain check found lost, in the newest month that is confirmed."""
    line = next(one for one in play.measures[key]["effects"] if one["timing"] == "recurring")
    month = max(months_of(line["confirmed"]))
    lost = Decimal(str(said["monthly_amount"]))
    book_leakage(
        BookLeakage(
            key, play.lines[line["id"]], month, lost, said["reason"], play.origin(said, at), signed=True
        )
    )
