"""The duty matrix and its conflicts in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from govapp.domain.duties import FORBID
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.marks import mark_words

_SCOPES: dict[str, Callable[[], str]] = {
    "measure": lambda: _("on one measure"),
    "review": lambda: _("in one review"),
    "evidence": lambda: _("for one piece of evidence"),
    "condition": lambda: _("for one condition"),
    "effect-line": lambda: _("on one effect line"),
    "organization": lambda: _("in one organization"),
}


def scope_words(scope: str) -> str:
    """Within what a rule keeps two marks apart."""
    return _SCOPES[scope]() if scope in _SCOPES else scope.replace("-", " ")


def effect_words(effect: str) -> str:
    """What a rule does."""
    return _("Forbidden") if effect == FORBID else _("Second look")


@dataclass(frozen=True, slots=True)
class ConflictWords:
    """A conflict in words: what collides, why it matters, and where it is mended."""

    sentence: str
    reason: str
    forbids: bool
    address: str = ""
    link: str = ""
    measure: str = ""
    title: str = ""


def conflict_words(row: Any) -> ConflictWords:
    """An `OpenConflict` in words, with the page on which somebody can mend it."""
    return ConflictWords(
        _sentence(row), row.reason or _standard_reason(row), row.effect == FORBID, *_mended(row),
        row.measure, row.title,
    )  # fmt: skip


def _sentence(row: Any) -> str:
    one, other = mark_words(row.one) if row.one else "", mark_words(row.other)
    measures = ngettext("%(num)s measure", "%(num)s measures", row.measures or 1)
    if row.deputy:
        return _("%(deputy)s is %(other)s and stands in for %(person)s, who is %(one)s.",
                 deputy=row.deputy, other=other, person=row.person, one=one)  # fmt: skip
    if row.why == "disabled":
        return _("%(person)s is %(other)s of %(measures)s, and the account is disabled.",
                 person=row.person, other=other, measures=measures)  # fmt: skip
    if row.why == "needs_role":
        return _("%(person)s is %(other)s of %(measures)s and does not hold the %(one)s there any more.",
                 person=row.person, other=other, measures=measures, one=one)  # fmt: skip
    if row.why == "no_voice":
        return _("%(person)s is %(other)s of %(measures)s and holds the %(one)s, which decides nothing.",
                 person=row.person, other=other, measures=measures, one=one)  # fmt: skip
    if row.place:
        return _("%(person)s holds the %(one)s and the %(other)s in %(place)s.",
                 person=row.person, one=one, other=other, place=row.place)  # fmt: skip
    return _("%(person)s: %(one)s and %(other)s.", person=row.person, one=one, other=other)


def _standard_reason(row: Any) -> str:
    if row.why == "disabled":
        return _("What waits for this part waits for nobody.")
    if row.why == "needs_role":
        return _("The part gives no voice without the role.")
    if row.why == "no_voice":
        return _("What waits for this part waits for nobody who may decide it.")
    return _("Owner, sponsor and controller of a measure are three persons.")


def _mended(row: Any) -> tuple[str, str]:
    if row.deputy:
        return "/admin/deputies", _("Choose another deputy")
    if row.measure:
        return f"/measures/{row.measure}/parts", _("Name other people")
    return f"/admin/people/{row.person_id}", _("Look at roles and parts")


def part_conflict_words(conflict: Any, names: dict[int, str]) -> ConflictWords:
    """A conflict that naming people would make on a measure."""
    sentence = _("%(person)s would be %(one)s and %(other)s.", person=names.get(conflict.person, ""),
                 one=mark_words(conflict.one), other=mark_words(conflict.other))  # fmt: skip
    reason = conflict.reason or _("Owner, sponsor and controller of a measure are three persons.")
    return ConflictWords(sentence, reason, conflict.effect == FORBID)
