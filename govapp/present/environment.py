"""The Jinja environment of reports, and the filters which pages and reports share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from govapp.present import clocks, dates, language, money

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

FILTERS = {
    "number": money.number,
    "signed": money.signed,
    "amount": money.amount,
    "minor": money.minor_amount,
    "bare_minor": money.bare_minor,
    "amounts": money.amounts,
    "minors": money.minor_amounts,
    "minors_shown": money.minors_shown,
    "whole_minors": money.whole_minor_amounts,
    "short_amount": money.short_amount,
    "short_number": money.short_number,
    "percent": money.percent,
    "day": dates.day,
    "short_day": dates.short_day,
    "long_day": dates.long_day,
    "over_target": dates.over_target,
    "worked": clocks.worked_words,
    "hours": clocks.hours_text,
    "month": dates.month,
    "moment": dates.moment,
    "exact": dates.exact,
    "iso": dates.iso,
    "ago": dates.ago,
    "days_until": dates.days_until,
}


def install_filters(env: Environment) -> None:
    """Add the shared filters: `{{ value|amount('EUR') }}`, `{{ at|moment(zone) }}`."""
    env.filters.update(FILTERS)


def make_environment(
    templates_dir: Path = TEMPLATES, globals_: Mapping[str, Any] | None = None
) -> Environment:
    """A Jinja environment outside Flask: escapes everything, fails on unknown names, has gettext as `_`."""
    env = Environment(
        loader=FileSystemLoader(templates_dir),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    # The extension adds this method to the environment at run time; newstyle means _('%(n)s rows', n=3).
    install: Any = vars(env)["install_gettext_callables"]
    install(_gettext, _ngettext, newstyle=True)
    install_filters(env)
    env.globals.update(globals_ or {})
    return env


def _gettext(message: str) -> str:
    return language.gettext(message)


def _ngettext(one: str, many: str, n: int) -> str:
    return language.ngettext_raw(one, many, n)
