"""Findings about evidence in sentences: what is there, what is wrong with it, and who can mend it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from govapp.present import dates
from govapp.present.language import gettext as _

Values = Mapping[str, Any]


def _day(values: Values) -> str:
    value = values.get("until")
    return dates.day(date.fromisoformat(str(value))) if value else ""


def _valid(values: Values, rules: Any) -> str:
    if values.get("until"):
        return _("Revision %(n)s, valid until %(day)s.", n=values["revision"], day=_day(values))
    return _("Revision %(n)s.", n=values["revision"])


def _missing(values: Values, rules: Any) -> str:
    if values["needed"] > 1:
        return _("%(have)s of %(needed)s handed in.", have=values["have"], needed=values["needed"])
    return _("Nothing handed in yet.")


def _other_milestone(values: Values, rules: Any) -> str:
    if not values["milestone"]:
        return _("No milestone of the plan is marked as the final one.")
    return _(
        "The final milestone is “%(final)s”; what is on record proves “%(named)s”.",
        final=values["milestone"],
        named=values["named"],
    )


DETAILS: dict[str, Callable[[Values, Any], str]] = {
    "evidence_valid": _valid,
    "evidence_missing": _missing,
    "evidence_other_milestone": _other_milestone,
    "evidence_expired": lambda v, r: _("Expired: it was valid until %(day)s.", day=_day(v)),
    "evidence_returned": lambda v, r: _("It was returned; hand in a new revision."),
    "evidence_unjudged": lambda v, r: _("Handed in, not yet judged."),
    "evidence_earlier_passage": lambda v, r: _(
        "The one on record belongs to an earlier passage; it is needed again."
    ),
}


def judge_sentence(names: Sequence[str], vacant: Sequence[str], *, yours: bool) -> str:
    """Who can judge evidence that waits: `vacant` says in words what the kind names and nobody holds."""
    if yours:
        return _("It waits for your judgement.")
    if names:
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {_('or')} {names[-1]}"
        return _("%(names)s can judge it.", names=listed)
    if vacant:
        return _("Nobody can judge it: nobody holds what it names, %(what)s.", what=", ".join(vacant))
    return _("Nobody can judge it: who is named handed it in or owns the measure.")
