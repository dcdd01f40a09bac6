"""Choices of the decisions in words: what a hold waits for, why one cancels, what becomes of the value."""

from collections.abc import Callable

from govapp.present.language import gettext as _

OVERDUE = "overdue-condition"  # the reason and cause of a hold by the program itself (services/conditions.py)

_CHOICES: dict[str, dict[str, Callable[[], str]]] = {
    "hold_cause": {
        "budget": lambda: _("budget"),
        "timing": lambda: _("timing"),
        "external-dependency": lambda: _("something outside our hands"),
        "people": lambda: _("people"),
        OVERDUE: lambda: _("overdue condition"),
    },
    "cancel_cause": {
        "no-longer-needed": lambda: _("no longer needed"),
        "not-feasible": lambda: _("not feasible"),
        "not-worth-it": lambda: _("not worth it"),
        "merged": lambda: _("merged with another measure"),
        "replaced": lambda: _("replaced by another measure"),
    },
    "value_treatment": {
        "keep-forecast": lambda: _("kept: the forecast stays as it is"),
        "shift-forecast": lambda: _("shifted: the forecast moves to later months"),
        "set-forecast-to-zero": lambda: _("zero: the forecast of the coming months ends"),
        "moved-to-other-measure": lambda: _("moved: another measure carries it"),
    },
}


def choice_word(name: str, code: str) -> str:
    """The word for a choice (`hold_cause`, `cancel_cause`, `value_treatment`); an unknown code as it is."""
    known = _CHOICES.get(name, {}).get(code)
    return known() if known else _(code.replace("_", " ").replace("-", " "))


def value_words(treatment: str) -> str:
    """What becomes of the value of a held or cancelled measure, as a sentence; '' where nobody said."""
    if not treatment:
        return ""
    return _("Its value is %(what)s.", what=choice_word("value_treatment", treatment))
