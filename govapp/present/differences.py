"""What changed between two dossiers, in words: old beside new, with the difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.differences import Change
from govapp.domain.evidence_fields import FieldSpec
from govapp.domain.money import from_minor
from govapp.present import money
from govapp.present.dossiers import HIDDEN, Vocabulary, day_words, field_label, field_words, person_words
from govapp.present.evidence import value_words
from govapp.present.findings import stage_name
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.plan_differences import category_word

_RATINGS = ("low", "medium", "high", "critical")
_DAYS = frozenset({"plan", "forecast", "actual"})


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One line of "what changed": what, of what, before, now, the difference; `good` when it is known to be one."""

    what: str
    of: str
    old: str
    new: str
    difference: str = ""
    good: str = ""


def difference_rows(changes: Sequence[Change], vocabulary: Vocabulary) -> list[DifferenceRow]:
    """Changes in words, old beside new."""
    known = _WORDS
    return [
        row for change in changes if (row := known.get(change.part, _entry)(change, vocabulary)) is not None
    ]


def _field(change: Change, vocabulary: Vocabulary) -> DifferenceRow | None:
    if change.key in HIDDEN:
        return None
    old, new = (field_words(vocabulary, change.key, value) for value in (change.old, change.new))
    if change.key == "risk_rating":
        return _rated(field_label(change.key), "", old, new, change)
    difference = ""
    if change.key == "value" and change.old is not None and change.new is not None:
        difference = money.signed(Decimal(change.new) - Decimal(change.old))
    return DifferenceRow(field_label(change.key), "", old, new, difference)


def _rated(what: str, of: str, old: str, new: str, change: Change) -> DifferenceRow:
    if change.old not in _RATINGS or change.new not in _RATINGS:
        return DifferenceRow(what, of, old, new)
    better = _RATINGS.index(change.new) < _RATINGS.index(change.old)
    return DifferenceRow(
        what, of, old, new, _("better") if better else _("worse"), "good" if better else "bad"
    )


def _held(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    old, new = (held["name"] if held else money.NONE for held in (change.old, change.new))
    return DifferenceRow(word("part", change.key), "", old, new)


def _kind_name(change: Change, vocabulary: Vocabulary) -> str:
    kind = vocabulary.rules.kinds.get(change.about["kind"])
    return kind.name if kind else str(change.about["kind"])


def _revision(value: Any) -> str:
    return _("Revision %(n)s", n=value) if value else money.NONE


def _piece(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    said = _("new") if change.old is None else _("gone") if change.new is None else ""
    return DifferenceRow(
        _kind_name(change, vocabulary), "", _revision(change.old), _revision(change.new), said
    )


def _effective(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    return DifferenceRow(
        _("Effective from"),
        _kind_name(change, vocabulary),
        day_words(change.old),
        day_words(change.new),
        _days(change.old, change.new),
    )


def _judged(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    known = {"accepted": _("Accepted"), "returned": _("Returned")}
    old, new = (known.get(each, each) or money.NONE for each in (change.old, change.new))
    return DifferenceRow(_("Judged"), _kind_name(change, vocabulary), old, new)


def _value(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    kind = vocabulary.rules.kinds.get(change.about["kind"])
    spec = next((spec for spec in kind.fields if spec.name == change.name), None) if kind else None
    of = _kind_name(change, vocabulary)
    if spec is None:
        return DifferenceRow(
            change.name.replace("_", " "), of, str(change.old or money.NONE), str(change.new or money.NONE)
        )
    old, new = (
        money.NONE if v is None else value_words(spec, v, vocabulary.people) for v in (change.old, change.new)
    )
    return DifferenceRow(_(spec.label), of, old, new, _value_difference(spec, change.old, change.new))


def _value_difference(spec: FieldSpec, old: Any, new: Any) -> str:
    if old is None or new is None:
        return ""
    if spec.type == "money" and old["currency"] == new["currency"]:
        return money.signed(Decimal(new["amount"]) - Decimal(old["amount"]))
    if spec.type == "number":
        return money.signed(Decimal(new) - Decimal(old))
    return _days(old, new) if spec.type == "date" else ""


def _days(old: str | None, new: str | None) -> str:
    if not old or not new:
        return ""
    days = (date.fromisoformat(new) - date.fromisoformat(old)).days
    return ngettext("%(num)s day", "%(num)s days", abs(days)).replace(str(abs(days)), money.signed(days), 1)


def _entry(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    """A milestone, risk or effect line."""
    names = {"milestones": _("Milestone"), "risks": _("Risk"), "lines": _("Effect")}
    title = str(change.about.get("name") or change.about.get("text") or change.key)
    if not change.name:
        said = _("new") if change.old is None else _("gone")
        return DifferenceRow(names.get(change.part, change.part), title, *_ends(change), said)
    label = _("Name") if change.name in {"name", "text"} else word("field", _label_of(change))
    old, new = (_entry_words(change, value, vocabulary) for value in (change.old, change.new))
    if change.name == "rating":
        return _rated(label, title, old, new, change)
    return DifferenceRow(label, title, old, new, _entry_difference(change))


def _label_of(change: Change) -> str:
    if change.part == "milestones" and change.name in _DAYS:
        return f"{change.name}_date"
    return {"rating": "risk_rating", "owner": "owner_id"}.get(change.name, change.name)


def _ends(change: Change) -> tuple[str, str]:
    return str(change.old or money.NONE), str(change.new or money.NONE)


def _entry_words(change: Change, value: Any, vocabulary: Vocabulary) -> str:
    if value is None or value == "":
        return money.NONE
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if change.name == "owner":
        return person_words(vocabulary, value)
    if change.part == "milestones" and change.name in _DAYS:
        return day_words(value)
    if change.part == "lines" and change.name in {"run_rate", "plan"}:
        return money.minor_amount(value, change.about.get("currency") or "")
    if change.part == "lines" and change.name == "category":
        return category_word(value, vocabulary.rules)
    known = {"rating": "rating", "kind": "effect_kind", "timing": "timing"}
    return word(known[change.name], value) if change.name in known else str(value)


def _entry_difference(change: Change) -> str:
    if change.old is None or change.new is None:
        return ""
    if change.part == "milestones" and change.name in _DAYS:
        return _days(change.old, change.new)
    if change.part == "lines" and change.name in {"run_rate", "plan"}:
        return money.signed(from_minor(change.new - change.old, change.about.get("currency") or ""))
    return ""


def _predecessor(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    def said(value: Any) -> str:
        return _("needs %(needs)s, is at %(stage)s", needs=stage_name(vocabulary.rules, value[0]),
                 stage=stage_name(vocabulary.rules, value[1])) if value else money.NONE  # fmt: skip

    return DifferenceRow(_("Depends on %(key)s", key=change.key), "", said(change.old), said(change.new))


def _status(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    old, new = (word("colour", value) if value else money.NONE for value in (change.old, change.new))
    return DifferenceRow(_("%(kind)s status", kind=word("status_kind", change.key)), "", old, new)


def _rules(change: Change, vocabulary: Vocabulary) -> DifferenceRow:
    old, new = (
        _("version %(n)s", n=value[1]) if len(value) > 1 else money.NONE for value in (change.old, change.new)
    )
    return DifferenceRow(_("Gate rules"), "", old, new)


_WORDS: dict[str, Callable[[Change, Vocabulary], DifferenceRow | None]] = {
    "field": _field,
    "part": _held,
    "evidence": _piece,
    "effective": _effective,
    "judged": _judged,
    "value": _value,
    "predecessor": _predecessor,
    "status": _status,
    "rules": _rules,
}
