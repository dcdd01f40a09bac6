"""Claims on cost objects in words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from govapp.domain.claims import AGREED, EXCEEDS, NO_RATE, SHARED
from govapp.domain.money import from_minor
from govapp.domain.number_text import write_number
from govapp.present import dates, errors
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import amount, minor_amount

errors.SENTENCES.update(
    {
        "split_in_force": lambda: _(
            "A split is agreed in the currency it has. End the split first, then agree it anew in the other one."
        ),
        "no_yearly_cost": lambda: _("Enter first what this costs a year."),
        "split_of_few": lambda: _("A split is between two measures at least."),
        "split_negative": lambda: _("A share is zero or more."),
        "split_unknown": lambda: _("A split names only measures that claim something here."),
    }
)  # fmt: skip
errors.COMPOSED["split_too_large"] = lambda values: _(
    "Together the shares are more than this costs a year (%(cost)s).",
    cost=amount(Decimal(values["cost"]), values["currency"]),
)


def kind_words() -> dict[str, str]:
    """Kinds of cost objects by key."""
    return {
        "contract": _("Contract"),
        "licence-pool": _("Licence pool"),
        "cost-centre": _("Cost centre"),
        "service": _("Service"),
        "cloud-account": _("Cloud account"),
    }


def months_words(claim: Any) -> str:
    """From when to when a claim takes effect."""
    if claim.first is None:
        return _("months not planned yet")
    if claim.last is None:
        return _("from %(month)s", month=dates.month(claim.first))
    return _("%(first)s to %(last)s", first=dates.month(claim.first), last=dates.month(claim.last))


def state_of(met: Any) -> tuple[str, str]:
    """How claims meet: the class of the status and its words."""
    if met is None:
        return "", ""
    currency = met.object.currency
    together = minor_amount(int(met.overlap.together), currency, 0)
    state = met.overlap.state
    if state == EXCEEDS:
        if len(met.overlap.measures) == 1:
            return "off", _("Claims more than it costs: %(sum)s", sum=together)
        return "off", _("Claimed twice: together %(sum)s, more than it costs", sum=together)
    return {
        AGREED: ("ok", _("Split agreed: %(sum)s are claimed, only the shares are confirmed", sum=together)),
        SHARED: ("none", _("Shared, %(sum)s together: it fits", sum=together)),
        NO_RATE: (
            "risk",
            _("Cannot be compared: no plan rate of %(names)s", names=", ".join(met.overlap.currencies)),
        ),
    }[state]


def share_field(measure: str) -> str:
    """The name of a form field for a measure's share."""
    return f"share-{measure}"


def share_words(share: int | None, currency: str) -> str:
    """What the split in force gives one measure."""
    if share is None:
        return _("no share in the split")
    return _("share %(amount)s a year", amount=minor_amount(share, currency))


def split_words(shares: Mapping[str, int], hidden: int, currency: str) -> str:
    """The split in force in words; of shares that the reader may not see, how many there are."""
    said = [f"{key} {minor_amount(share, currency)}" for key, share in sorted(shares.items())]
    if hidden:
        words = "%(num)s share of a measure you may not see", "%(num)s shares of measures you may not see"
        said.append(ngettext(*words, hidden))
    return _("Agreed split: %(shares)s", shares=", ".join(said))


def plain_amount(minor: int | None, currency: str) -> str:
    """An amount as a form field holds it."""
    return "" if minor is None else write_number(from_minor(minor, currency))
