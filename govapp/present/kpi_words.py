"""Operating figures and checks after closing in words: values with their unit, refusals, states."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.kpis import value_of
from govapp.present import dates, errors
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import NONE, number

_BETTER: dict[str, Callable[[], str]] = {
    "lower": lambda: _("lower is better"),
    "higher": lambda: _("higher is better"),
}
_STATES: dict[str, tuple[str, Callable[[], str]]] = {
    "due": ("wait", lambda: _("Due")),
    "kept": ("ok", lambda: _("Effect kept")),
    "partly": ("risk", lambda: _("Partly lost")),
    "lost": ("off", lambda: _("Lost")),
    "void": ("none", lambda: _("No longer counts")),
}


def value(units: int | Decimal | None, unit: str = "") -> str:
    """A kept value (1/10,000 of the unit) with its unit; a mean is shown with two decimals at most."""
    if units is None:
        return NONE
    said = value_of(units) if isinstance(units, int) else (units / 10_000).quantize(Decimal("0.01"))
    return f"{number(said)} {unit}".rstrip()


def better_word(better: str) -> str:
    """Which way is better."""
    return _BETTER[better]() if better in _BETTER else better


def check_state(state: str) -> tuple[str, str]:
    """Class and word of the state of a check after closing."""
    css, word = _STATES.get(state, ("none", lambda: state))
    return css, word()


def readings_saved(count: int) -> str:
    """How many readings were saved."""
    return ngettext("%(num)s reading is saved.", "%(num)s readings are saved.", count)


def _changed(values: Mapping[str, Any]) -> str:
    months = [
        _("%(month)s: you saw %(seen)s, now it is %(now)s", month=dates.month(date.fromisoformat(f"{month}-01")),
          seen=_plain(seen), now=_plain(now))
        for month, (seen, now) in sorted(values["months"].items())
    ]  # fmt: skip
    return _(
        "Somebody else changed readings meanwhile, so nothing was saved. %(months)s.",
        months="; ".join(months),
    )


def _plain(text: Any) -> str:
    return number(Decimal(str(text)).normalize() + 0) if text is not None else NONE


def _rows(values: Mapping[str, Any]) -> str:
    """Each row of pasted text that cannot be read, with the reason; the first ten."""
    said = [
        _("Row %(n)s: %(why)s", n=row, why=errors.sentence_of(code)) for row, code in values["rows"][:_ROWS]
    ]
    more = len(values["rows"]) - _ROWS
    return " ".join(
        [*said, ngettext("And %(num)s row more.", "And %(num)s rows more.", more)] if more > 0 else said
    )


_ROWS = 10
errors.COMPOSED["readings_changed"] = _changed
errors.COMPOSED["readings_rows"] = _rows
errors.SENTENCES.update(
    {
        "kpi_invalid": lambda: _("Not saved yet. Please look at the marked fields."),
        "readings_changed": lambda: _("Somebody else changed readings meanwhile, so nothing was saved."),
        "readings_invalid": lambda: _("Nothing was saved. Please look at the marked months."),
        "sustain_invalid": lambda: _("Not saved yet. Please look at the days."),
        "target_worse": lambda: _(
            "The target lies on the wrong side of the baseline, for which way is better."
        ),
        "kpi_twice": lambda: _("This measure is judged by that figure already."),
        "kpi_of_closed": lambda: _("The measure is closed: what it was judged by stays."),
        "explanation_short": lambda: _("Please explain it in at least 50 characters."),
        "explanation_changed": lambda: _(
            "The explanation was changed or signed since you opened it. Look at it again."
        ),
        "explained_it": lambda: _("You wrote this explanation, so somebody else signs it."),
        "reading_month": lambda: _("This is no month: write it as 2026-05 or 05/2026."),
        "month_twice": lambda: _("This month occurs twice."),
        "reading_missing": lambda: _("A value is missing."),
        "too_many_rows": lambda: _("At most 600 rows at once."),
        "readings_unreadable": lambda: _("Nothing was stored: these rows cannot be read."),
        "readings_none": lambda: _("There is no month with a value in it."),
        "status_report_invalid": lambda: _("Not published yet. Please look at the marked fields."),
        "report_published": lambda: _(
            "This month has a report by now. Look at it; a further one is a correction and says why."
        ),
        "correction_reason": lambda: _("A correction says why, in at least 10 characters."),
        "sustain_count": lambda: _("%(count)s days are needed."),
        "sustain_order": lambda: _("Each day comes after the one before it."),
        "sustain_past": lambda: _("The first day must lie ahead."),
        "sustain_far": lambda: _("At most three years ahead."),
    }
)
