"""Kinds of branches in words."""

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
