"""Kinds of branches and months of a year in words."""

from babel.dates import get_month_names

from govapp.present import language
from govapp.present.language import gettext as _


def kind_word(kind: str) -> str:
    """A kind of branch in words."""
    words = {
        "organization": _("Organization"),
        "portfolio": _("Portfolio"),
        "program": _("Program"),
        "project": _("Project"),
        "measure_package": _("Measure package"),
    }
    return words.get(kind, kind)


def month_choices() -> list[tuple[int, str]]:
    """The months of a year by number and name."""
    return list(enumerate(get_month_names("wide", locale=language.locale()).values(), 1))
