"""Sentences of the history about amounts: cells changed in the grid, forecasts that moved with a milestone."""

from collections.abc import Callable, Mapping
from typing import Any

from govapp.domain.events import Event
from govapp.present.grid_words import month_word, series_word
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import minor_amount

_NAMED = 3


def _amounts(p: Mapping[str, Any], names: Any, about: str) -> str:
    """How many amounts of which series and lines; a few of them with old and new."""
    cells = [
        (line, series, month, old, new)
        for line, by_series in p["cells"].items()
        for series, months in by_series.items()
        for month, (old, new) in months.items()
    ]
    series = ", ".join(dict.fromkeys(series_word(name) for _line, name, *_rest in cells))
    lines = ", ".join(f"“{p['lines'][line][0]}”" for line in dict.fromkeys(cell[0] for cell in cells))
    said = ngettext(
        "%(num)s amount entered (%(series)s) on %(lines)s",
        "%(num)s amounts entered (%(series)s) on %(lines)s",
        len(cells), series=series, lines=lines,
    )  # fmt: skip
    if len(cells) <= _NAMED:
        said += ": " + "; ".join(_cell(cell, p["lines"][cell[0]][1]) for cell in cells)
    return said


def _cell(cell: tuple[str, str, str, int | None, int | None], currency: str) -> str:
    _line, series, month, old, new = cell
    when = month_word(month)
    before, after = minor_amount(old, currency), minor_amount(new, currency)
    return _("%(series)s %(when)s from %(before)s to %(after)s",
             series=series_word(series).lower(), when=when, before=before, after=after)  # fmt: skip


def _shifted(p: Mapping[str, Any], names: Any, about: str) -> str:
    lines = ", ".join(f"“{name}”" for name, _currency in p["lines"].values())
    return ngettext(
        "Milestone “%(name)s” moved by %(num)s month, and the forecast of %(lines)s with it",
        "Milestone “%(name)s” moved by %(num)s months, and the forecast of %(lines)s with it",
        abs(p["months"]), name=p["name"], lines=lines,
    )  # fmt: skip


SAID: dict[str, Callable[[Mapping[str, Any], Any, str], str]] = {
    Event.GRID_CHANGED: _amounts,
    Event.FORECAST_SHIFTED: _shifted,
}
