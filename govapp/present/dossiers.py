"""A dossier in words: its fields, people, evidence, figures, milestones and risks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.money import to_minor
from govapp.domain.rules import Rules
from govapp.present import dates, money
from govapp.present.evidence import ShownValue, describe
from govapp.present.language import gettext as _
from govapp.present.measures import word

_LISTS = {
    "business_unit": "business_units",
    "legal_entity": "legal_entities",
    "function": "functions",
    "service": "services",
    "request_category": "request_categories",
    "vendor": "vendors",
}
HIDDEN = frozenset({"measure_package"})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the words of a dossier need: rules, the organization's currency and lists, names of people."""

    rules: Rules
    currency: str
    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece of evidence in a dossier."""

    id: int
    kind: str
    name: str
    revision: int
    person: str
    digest: str
    effective_on: str
    valid_until: str
    values: tuple[ShownValue, ...]


def person_words(vocabulary: Vocabulary, person: int | None) -> str:
    """A person by name."""
    if person is None:
        return money.NONE
    return vocabulary.people.get(person) or _("Person %(id)s", id=person)


def field_words(vocabulary: Vocabulary, name: str, value: Any) -> str:
    """The value of a field of a measure."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or value in ("", []):
        return money.NONE
    if name in _LISTS:
        return dict(vocabulary.choices.get(_LISTS[name], ())).get(value, str(value))
    if name == "value":
        return money.amount(Decimal(value), vocabulary.rules.currency or vocabulary.currency)
    if name == "vendor_spend":
        return money.amount(Decimal(value), vocabulary.currency)
    if name == "change_type":
        return word("change_type", str(value))
    if name == "risk_rating":
        return word("rating", str(value))
    if name == "sustain_dates":
        return ", ".join(day_words(one) for one in value)
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def field_label(name: str) -> str:
    """The label of a field of a measure."""
    own = {
        "dependencies": _("Dependencies"),
        "value": _("Value the path goes by"),
        "service_tier": _("Tier of the service"),
        "sustain_dates": _("Days of the sustain checks"),
    }
    return own.get(name) or word("field", name)


def shown_fields(content: Mapping[str, Any], vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """The filled fields of a dossier, label and value."""
    return [
        (field_label(name), field_words(vocabulary, name, value))
        for name, value in content.get("fields", {}).items()
        if name not in HIDDEN and value not in (None, "", [], False)
    ]


def shown_pieces(content: Mapping[str, Any], vocabulary: Vocabulary) -> list[PieceRow]:
    """The evidence of a dossier with its values."""
    rows = []
    for piece in content.get("evidence", ()):
        kind = vocabulary.rules.kinds.get(piece["kind"])
        until = piece.get("valid_until")
        rows.append(
            PieceRow(
                piece["evidence"], piece["kind"], kind.name if kind else piece["kind"], piece["revision"],
                person_words(vocabulary, piece["person"]), piece["digest"], day_words(piece["effective_on"]),
                day_words(until) if until else "",
                tuple(describe(kind, piece["values"], vocabulary.people)) if kind else (),
            )
        )  # fmt: skip
    return rows


def part_label(part: str) -> str:
    """The label of a part."""
    return word("part", part)


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone in a dossier."""

    name: str
    owner: str
    plan: str
    forecast: str
    actual: str
    final: bool


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A risk in a dossier."""

    text: str
    rating: str
    owner: str
    response: str
    blocking: bool
    open: bool


def shown_milestones(content: Mapping[str, Any], vocabulary: Vocabulary) -> list[MilestoneRow]:
    """The milestones of a dossier."""
    return [
        MilestoneRow(
            one["name"], person_words(vocabulary, one["owner"]), day_words(one["plan"]), day_words(one["forecast"]),
            day_words(one["actual"]), bool(one["final"]),
        )
        for one in content.get("milestones", ())
    ]  # fmt: skip


def shown_risks(content: Mapping[str, Any], vocabulary: Vocabulary) -> list[RiskRow]:
    """The risks of a dossier, open ones first."""
    found = [
        RiskRow(
            one["text"], word("rating", one["rating"]), person_words(vocabulary, one["owner"]), one["response"] or "",
            bool(one["blocking"]), bool(one["open"]),
        )
        for one in content.get("risks", ())
    ]  # fmt: skip
    return sorted(found, key=lambda row: not row.open)


def day_words(text: str | None) -> str:
    return dates.day(date.fromisoformat(text)) if text else money.NONE


def plan_shown(said: Mapping[str, Any] | None) -> str:
    """Which plan figures are of: the draft or a frozen version (`version`, `draft`); nothing for what says neither."""
    if not said:
        return ""
    if not said["version"]:
        return _("Plan figures are those of the draft.")
    if said["draft"]:
        return _("Plan figures are those of the draft; version %(n)s is in force.", n=said["version"])
    return _("Plan figures are those of version %(n)s.", n=said["version"])


def headline_money(content: Mapping[str, Any], currency: str = "") -> list[tuple[str, dict[str, int]]]:
    """The figures a decision turns on: EBITDA a year and once, in minor units by currency, from frozen effect lines.

    Without lines it is the value by which the decision table chose the path, in `currency`, the one of the rules.
    """
    found: list[tuple[str, dict[str, int]]] = []
    for label, timing, name in (
        (_("Run rate a year"), "recurring", "run_rate"),
        (_("One-off, plan"), "one_off", "plan"),
    ):
        sums: dict[str, int] = {}
        for line in content.get("lines", ()):
            if line["kind"] == "ebitda" and line["timing"] == timing and line[name] is not None:
                sums[line["currency"]] = sums.get(line["currency"], 0) + int(line[name])
        if sums:
            found.append((label, sums))
    value = content.get("fields", {}).get("value")
    if not found and currency and value is not None:
        found.append((field_label("value"), {currency: to_minor(Decimal(value), currency)}))
    return found
