"""What a row of a file would change on a measure: one list of changes for the dry run and for the import."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.data.import_queries import Known
from govapp.domain.imports import Mapping, ReadRow
from govapp.domain.measures import CHOSEN, FIXED, SHORT, TEXTS, clean_fields
from govapp.domain.money import to_minor

Content = dict[str, Any]
Problems = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what (field, title, key, milestone, amount, status), its name, old and new as plain values."""

    what: str
    name: str
    old: Any
    new: Any
    more: tuple[Any, ...] = ()

    @property
    def said(self) -> list[Any]:
        """As the outcome of a row keeps it: what, name, old, new, then which date or series and an amount's unit,
        or a status's new and old reason."""
        last = self.more[-1:] if self.what in {"amount", "status"} else ()
        return [self.what, self.name, self.old, self.new, *self.more[:1], *last]


def content_of(row: ReadRow) -> Content:
    """A row as JSON, to be staged."""
    return {
        "number": row.number,
        "across": row.across,
        "key": row.key,
        "name": row.name,
        "year": row.year,
        "branch": [list(level) for level in row.branch],
        "fields": {k: v.isoformat() if isinstance(v, date) else v for k, v in row.fields.items()},
        "milestones": [[m.name, m.which, m.on.isoformat()] for m in row.milestones],
        "amounts": [
            [a.line, a.name, a.kind, a.category, a.timing, a.series, str(a.amount), a.currency]
            for a in row.amounts
        ],
        "statuses": [[s.kind, s.colour, s.reason] for s in row.statuses],
        "open_at": row.open_at,
        "remarks": [[r.code, r.label, r.text] for r in row.remarks],
        "problems": [[p.row, p.column, p.value, p.code, p.detail, p.across] for p in row.problems],
    }


def problem_of(content: Content, column: str, value: Any, code: str, detail: str = "") -> list[Any]:
    """A problem of this row, in the order in which `domain.imports.Problem` takes it."""
    return [content["number"], column, str(value), code, detail, content.get("across", False)]


def problems_of(
    content: Content, mapping: Mapping, choices: dict[str, frozenset[str]], currency: str, today: date
) -> Problems:
    """Why the row is refused: what reading found, then fields, amounts and dates that cannot be kept."""
    found = [list(problem) for problem in content["problems"]]
    said = {(value, code) for _, _, value, code, *_ in found}
    _, faults = clean_fields({"title": content["name"], **content["fields"]}, choices, currency)
    for name, (code, *_) in faults.items():
        value = content["fields"].get(name, content["name"])
        # that the title is missing, or anything too long, is what reading says already
        if code != "required" and (value, code) not in said:
            found.append(
                problem_of(content, _column(mapping, name, value), value, code, _detail(name, code, choices))
            )
    for _, name, _, _, _, series, amount, unit in content["amounts"]:
        try:
            to_minor(Decimal(amount), unit)
        except ValueError:
            found.append(problem_of(content, f"{name}, {series}", amount, "amount_out_of_range"))
    for name, which, on in content["milestones"]:
        if which == "actual" and date.fromisoformat(on) > today:
            found.append(problem_of(content, f"{name}, {which}", on, "date_ahead"))
    return found


def _column(mapping: Mapping, name: str, value: Any) -> str:
    """Where in the file a field stands; a default is named as the mapping does."""
    rule = next((rule for rule in mapping.fields if rule.field == name), None)
    columns = rule.source.columns if rule else mapping.title.source.columns
    return f"defaults.{name}" if rule and (not columns or value == rule.default) else " / ".join(columns)


def _detail(name: str, code: str, choices: dict[str, frozenset[str]]) -> str:
    if code == "unknown_choice":
        return ", ".join(FIXED.get(name) or sorted(choices[CHOSEN[name]]))
    return str(TEXTS.get(name, SHORT)) if code == "too_long" else ""


def changes_of(
    content: Content, known: Known | None, choices: dict[str, frozenset[str]], currency: str
) -> list[Change]:
    """Every difference between row and measure; for a new measure, all that the row says. Amounts in minor units."""
    clean, _ = clean_fields({"title": content["name"], **content["fields"]}, choices, currency)
    changes: list[Change] = []
    measure = known.measure if known else None
    for name, value in clean.items():
        old = getattr(measure, name) if measure else None
        if old != value and (measure is not None or value not in ("", None, False)):
            changes.append(Change("field", name, old, value))
    if measure is not None and content["key"] and measure.external_key != content["key"]:
        changes.append(Change("key", "external_key", measure.external_key, content["key"]))
    for name, which, on in content["milestones"]:
        stone = known.milestones.get(name) if known else None
        held = getattr(stone, f"{which}_date") if stone else None
        if held != date.fromisoformat(on):
            changes.append(Change("milestone", name, held.isoformat() if held else None, on, (which,)))
    for _, name, kind, category, timing, series, amount, unit in content["amounts"]:
        line = known.lines.get(name) if known else None
        value_row = known.values.get((line.id, series)) if known and line else None
        minor = to_minor(Decimal(amount), unit)
        if value_row is None or value_row.amount != minor:
            held_amount = value_row.amount if value_row else None
            changes.append(Change("amount", name, held_amount, minor, (series, kind, category, timing, unit)))
    for kind, colour, reason in content["statuses"]:
        entry = known.statuses.get(kind) if known else None
        before = (entry.colour, entry.reason) if entry else (None, None)
        if before != (colour, reason) and not (entry is None and colour == "none"):
            changes.append(Change("status", kind, before[0], colour, (reason, before[1])))
    return changes
