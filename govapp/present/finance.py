"""Words of finance: series, kinds that are added up, groups, rates that lack, how far a reader sees."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from govapp.domain.exchange import PLAN
from govapp.domain.money import decimals_of, from_minor
from govapp.domain.rollups import SAVINGS, Deviation, Figures, Lacking, Sum
from govapp.present import dates
from govapp.present.charts import listed
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.money import NONE, amount, number, percent, signed


def series_word(series: str) -> str:
    """A series by name, the two plans apart."""
    return {
        "run_rate": _("Run rate a year"), "target": _("Target"), "plan": _("Plan"), "first_plan": _("First plan"),
        "forecast": _("Forecast"), "actual": _("Actual"), "confirmed": _("Confirmed"), "baseline": _("Baseline"),
    }[series]  # fmt: skip


def kind_word(kind: str) -> str:
    """Savings, or an effect kind that stands for itself."""
    return _("Savings") if kind == SAVINGS else word("effect_kind", kind)


def group_words() -> dict[str, str]:
    """What figures can be grouped by."""
    return {
        "branch": _("Branch"), "measure": _("Measure"), "unit": _("Business unit"), "function": _("Function"),
        "service": _("Service"), "vendor": _("Vendor"), "kind": _("Kind"), "category": _("Category"),
    }  # fmt: skip


def basis_words() -> dict[str, str]:
    """How amounts of several currencies become one."""
    return {
        "booked": _("Rates as frozen and booked"), "plan-rates": _("All at the plan rate of today"),
        "each": _("Each currency for itself"),
    }  # fmt: skip


def basis_sentence(how: str, own: str) -> str:
    """What the amounts of a page are, in one sentence."""
    return {
        "booked": _(
            "In %(own)s: plan and target at the plan rate they were frozen with, forecast at the plan rate of today, "
            "confirmed as booked, actual as booked where it is confirmed and else at the rate of its month. Sums are "
            "rounded once, at the end; what parts then lack is shown as rounding.", own=own
        ),
        "plan-rates": _(
            "In %(own)s: every amount at the plan rate of today. Sums are rounded once, at the end; what parts then "
            "lack is shown as rounding.", own=own
        ),
        "each": _("Each currency stands for itself; nothing is translated or added across."),
    }[how]  # fmt: skip


def lacking_sentences(lacking: Iterable[Lacking]) -> list[str]:
    """Rates that nobody has entered, by currency: days of plan rates, months of actual ones."""
    plans: dict[str, list[str]] = {}
    months: dict[str, list[str]] = {}
    for currency, kind, day in sorted(set(lacking)):
        when = date.fromisoformat(day)
        if kind == PLAN:
            plans.setdefault(currency, []).append(dates.day(when))
        else:
            months.setdefault(currency, []).append(dates.month(when))
    return [
        _("There is no plan rate of %(currency)s on %(day)s.", currency=currency, day=listed(days))
        for currency, days in plans.items()
    ] + [
        _("There is no actual rate of %(currency)s for %(months)s.", currency=currency, months=listed(names))
        for currency, names in months.items()
    ]


def rounding_sentence() -> str:
    """What a row of rounding is."""
    return _(
        "Every figure is added up in the currencies of its lines and rounded once. Rounding is what the rows above "
        "it then lack to make their sum."
    )


def left_sentence(left: Figures) -> str:
    """What charts leave out: amounts by series in the currencies they stand in."""
    names = ("target", "plan", "forecast", "actual", "confirmed")
    told = [
        f"{series_word(name).lower()} {sum_text(each, '')}"
        for name, each in zip(names, left.all, strict=True)
        if each
    ]
    return _("Not in the charts, for want of a rate: %(amounts)s.", amounts=listed(told))


def sum_text(value: Sum, own: str) -> str:
    """A sum in the currency of the page as a bare number, others with their codes; a dash for nothing."""
    one = value.in_one(own)
    if one is not None:
        return number(from_minor(one, own), decimals_of(own) if own else None) if value.by else NONE
    known = ((currency, minor) for currency, minor in sorted(value.by.items()) if minor)
    return " · ".join(amount(from_minor(minor, currency), currency) for currency, minor in known) or NONE


def change_text(value: Sum, own: str) -> str:
    """As `sum_text`, with a plus before what is above zero."""
    one = value.in_one(own)
    if one is not None:
        return signed(from_minor(one, own), decimals_of(own) if own else None) if value.by else NONE
    known = ((currency, minor) for currency, minor in sorted(value.by.items()) if minor)
    said = (f"{currency} {signed(from_minor(minor, currency))}".strip() for currency, minor in known)
    return " · ".join(said) or NONE


def share_text(value: Deviation) -> str:
    """A deviation in percent of what it is held against, or nothing where that cannot be said."""
    return "" if value.share is None else _plus(value.share) + percent(value.share, 1)


def _plus(share: Decimal) -> str:
    return "+" if share > 0 else ""


def unknown_sentence(unknown: Mapping[str, str]) -> str:
    """What of an address means nothing here and was left aside; '' where all of it does."""
    if not unknown:
        return ""
    told = listed([f"{name} “{value}”" for name, value in unknown.items()])
    return _("The address asks for what is unknown here: %(what)s. What is shown is without it.", what=told)


def beyond_sentence(whole: bool, by_part: int) -> str:
    """What of a branch a reader does not see in its figures; '' when they see all of it."""
    if whole:
        return ""
    if not by_part:
        return _("Figures add up the branches whose money you may see, which is not all of this one.")
    return ngettext(
        "Figures add up what you may see, which is not all of this branch; %(num)s measure on which you hold a part "
        "is among it.",
        "Figures add up what you may see, which is not all of this branch; %(num)s measures on which you hold a part "
        "are among it.",
        by_part,
    )
