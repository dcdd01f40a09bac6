"""Findings about money and operating figures in sentences: what is missing, of which line, up to when."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.named import joined

Values = Mapping[str, Any]
_LACKING: dict[str, Callable[[], str]] = {
    "baseline": lambda: _("a baseline"),
    "target": lambda: _("a target"),
    "unit": lambda: _("a unit"),
    "source": lambda: _("a source"),
}


def _month(text: str) -> str:
    return dates.month(date.fromisoformat(f"{text}-01")) if text else _("no month")


def _lines(values: Values) -> str:
    named = ", ".join(f"“{name}”" for name in values["lines"])
    more = values["count"] - len(values["lines"])
    return _("%(names)s and %(more)s more", names=named, more=more) if more > 0 else named


def _short(values: Values, rules: Any) -> str:
    return _(
        "%(lines)s: %(have)s of %(needed)s months are entered.",
        lines=_lines(values), have=values["have"], needed=values["needed"],
    )  # fmt: skip


def _plan_short(values: Values, rules: Any) -> str:
    return _(
        "%(lines)s starts in %(first)s, so every month up to %(until)s needs an amount; %(month)s has none.",
        lines=_lines(values), first=_month(values["first"]), until=_month(values["until"]),
        month=_month(values["month"]),
    )  # fmt: skip


def _overlap(values: Values, rules: Any) -> str:
    named = ", ".join(values["cost_objects"])
    return ngettext(
        "Claims overlap on %(names)s: the controller must agree a split.",
        "Claims overlap on %(names)s: the controller must agree a split for each.",
        values["count"],
        names=named,
    )


def _months_open(values: Values, rules: Any) -> str:
    return ngettext(
        "%(num)s due amount of %(lines)s (%(month)s) is neither confirmed, refused nor excepted.",
        "%(num)s due amounts of %(lines)s, the first of %(month)s, are neither confirmed, refused nor excepted.",
        values["open"],
        lines=_lines(values),
        month=_month(values["month"]),
    )


def _kpi_incomplete(values: Values, rules: Any) -> str:
    lacking = joined([_LACKING[name]() for name in values["lacking"]])
    return _("“%(name)s” lacks %(what)s.", name=values["name"], what=lacking)


def _kpi_missing(values: Values, rules: Any) -> str:
    return ngettext(
        "No operating figure yet.", "%(have)s of %(num)s operating figures are complete.", values["needed"],
        have=values["have"],
    )  # fmt: skip


DETAILS: dict[str, Callable[[Values, Any], str]] = {
    "run_rate_missing": lambda v, r: _("No recurring effect line has a yearly amount yet."),
    "run_rate_zero": lambda v, r: _(
        "%(lines)s promises nothing: say in its name, in at least %(needed)s characters, what the measure is for.",
        lines=_lines(v), needed=v["needed"],
    ),
    "run_rate_present": lambda v, r: ngettext("%(num)s recurring line.", "%(num)s recurring lines.", v["count"]),
    "one_off_missing": lambda v, r: _("No one-off line bears a planned cost; enter 0 where there is none."),
    "one_off_present": lambda v, r: ngettext(
        "%(num)s line of one-off cost.", "%(num)s lines of one-off cost.", v["count"]
    ),
    "lines_missing": lambda v, r: _("There is no recurring effect line yet."),
    "lines_short": _short,
    "lines_off_run_rate": lambda v, r: _(
        "%(lines)s: twelve times the last month is more than %(percent)s %% away from the run rate.",
        lines=_lines(v), percent=v["percent"],
    ),
    "lines_by_month": lambda v, r: ngettext("%(num)s effect line.", "%(num)s effect lines.", v["count"]),
    "plan_empty": lambda v, r: _("No recurring effect is planned yet."),
    "plan_without_effect": lambda v, r: _("%(lines)s has no planned amount in any month.", lines=_lines(v)),
    "plan_short": _plan_short,
    "plan_covers": lambda v, r: ngettext(
        "Planned for %(needed)s months from its first effect.",
        "%(num)s lines are planned for %(needed)s months from their first effect.", v["count"], needed=v["needed"],
    ),
    "claims_apart": lambda v, r: _("Nobody else claims it without an agreed split."),
    "claims_overlap": _overlap,
    "one_off_unbooked": lambda v, r: _("%(lines)s: no actual amount is booked.", lines=_lines(v)),
    "one_off_awaits": lambda v, r: _("%(lines)s: an actual amount awaits confirmation.", lines=_lines(v)),
    "one_off_booked": lambda v, r: _("Booked and confirmed."),
    "amounts_await": lambda v, r: ngettext(
        "%(num)s actual amount awaits confirmation.", "%(num)s actual amounts await confirmation.", v["waiting"]
    ),
    "months_open": _months_open,
    "months_few": lambda v, r: _(
        "%(have)s of at least %(needed)s months are confirmed.", have=v["months"], needed=v["needed"]
    ),
    "amounts_confirmed": lambda v, r: ngettext(
        "%(num)s month is confirmed.", "%(num)s months are confirmed.", v["months"]
    ),
    "kpi_missing": _kpi_missing,
    "kpi_incomplete": _kpi_incomplete,
    "kpi_defined": lambda v, r: ", ".join(v["names"]) + ".",
    "kpi_reached": lambda v, r: _(
        "The mean of the last %(needed)s readings is at or past the target.", needed=v["needed"]
    ),
    "kpi_explained": lambda v, r: _("The gap is explained, and the controller has signed."),
    "kpi_few_readings": lambda v, r: _(
        "“%(name)s” has %(have)s of %(needed)s readings.", name=v["name"], have=v["have"], needed=v["needed"]
    ),
    "kpi_missed": lambda v, r: _(
        "The mean of the last %(needed)s readings of “%(name)s” misses the target, and nobody has explained why.",
        needed=v["needed"], name=v["name"],
    ),
    "kpi_unsigned": lambda v, r: _(
        "“%(name)s” misses its target; the explanation waits for the controller's signature.", name=v["name"]
    ),
}  # fmt: skip


def where(subject: str, key: str) -> tuple[str, str] | None:
    """Where a finding of this kind of criterion is supplied, and what the link says; None for other kinds."""
    if subject == "figures":
        return f"/measures/{key}/finance", _("Open the figures")
    if subject == "kpi":
        return f"/measures/{key}/kpi", _("Open the operating figure")
    if subject == "confirmation":
        return f"/finance/confirmations?measure={key}", _("Open the confirmations")
    return None
