"""What changes between two plans, in words: lines with their totals, then fields and months, old beside new."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.domain.cells import UNDATED
from govapp.domain.money import from_minor
from govapp.domain.plan_differences import ADDED, CHANGED, LineChange, Misfit, spans
from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.money import NONE, minor_amount, number, places_of, signed

# So many rows of fields and months stand open; more are folded, the lines with their sums stay in sight.
OPEN_ROWS = 12


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A line, or the sum of lines of one kind and currency: its plan total in both. `mark`: new, removed or ''."""

    name: str
    about: str
    mark: str
    old: str
    new: str
    difference: str
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a line: a field, or months in a row with the amount of each."""

    line: str
    what: str
    old: str
    new: str
    difference: str = ""


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Everything that differs. `summary` says how much there is below."""

    totals: tuple[TotalRow, ...]
    rows: tuple[ChangeRow, ...]
    summary: str

    @property
    def folded(self) -> bool:
        """True when the rows are too many to stand open."""
        return len(self.rows) > OPEN_ROWS


def plan_difference(lines: Sequence[LineChange], rules: Rules) -> PlanDifference:
    """The changes in words; categories by their names in the rules."""
    rows = [row for line in lines for row in (*_field_rows(line, rules), *_month_rows(line))]
    months = sum(len(line.cells) for line in lines)
    said = ngettext("%(num)s line differs", "%(num)s lines differ", len(lines))
    if months:
        said += ", " + ngettext("%(num)s amount of a month", "%(num)s amounts of months", months)
    return PlanDifference((*map(_total_row, lines), *_sums(lines)), tuple(rows), said)


def _total_row(line: LineChange) -> TotalRow:
    mark = "" if line.what == CHANGED else _("new") if line.what == ADDED else _("removed")
    change = (line.new or 0) - (line.old or 0)
    return TotalRow(
        line.name, _about(line.kind, line.currency), mark, *_beside(line.old, line.new, change, line.currency)
    )


def _about(kind: str, currency: str) -> str:
    return ", ".join(each for each in (word("effect_kind", kind), currency) if each)


def _beside(old: int | None, new: int | None, change: int, currency: str) -> tuple[str, str, str]:
    """Old, new and their difference as bare numbers with equal decimals."""
    known = [from_minor(each, currency) for each in (old, new) if each is not None]
    places = places_of(known, currency)

    def said(minor: int | None) -> str:
        return NONE if minor is None else number(from_minor(minor, currency), places)

    return said(old), said(new), signed(from_minor(change, currency), places) if change else NONE


def _sums(lines: Iterable[LineChange]) -> list[TotalRow]:
    """Sums of what differs, where several lines have one kind and currency."""
    groups: dict[tuple[str, str], list[LineChange]] = {}
    for line in lines:
        groups.setdefault((line.kind, line.currency), []).append(line)
    found = []
    for (kind, currency), mine in groups.items():
        if len(mine) > 1:
            old, new = (sum(getattr(line, name) or 0 for line in mine) for name in ("old", "new"))
            found.append(
                TotalRow(
                    _("Sum of these lines"),
                    _about(kind, currency),
                    "",
                    *_beside(old, new, new - old, currency),
                    True,
                )
            )
    return found


def _field_rows(line: LineChange, rules: Rules) -> list[ChangeRow]:
    found = []
    for name, old, new in line.fields:
        say = _FIELDS.get(name, _text)
        difference = ""
        if name == "run_rate" and old is not None and new is not None:
            difference = _beside(old, new, new - old, line.currency)[2]
        label = _("Starts with") if name == "start_milestone" else word("field", name)
        found.append(ChangeRow(line.name, label, say(old, line, rules), say(new, line, rules), difference))
    return found


def _text(value: Any, line: LineChange, rules: Rules) -> str:
    return str(value) if value else NONE


_FIELDS: dict[str, Callable[[Any, LineChange, Rules], str]] = {
    "kind": lambda value, line, rules: word("effect_kind", value) if value else NONE,
    "timing": lambda value, line, rules: word("timing", value) if value else NONE,
    "category": lambda value, line, rules: category_word(value, rules) or NONE,
    "run_rate": lambda value, line, rules: minor_amount(value, line.currency),
    "start": lambda value, line, rules: dates.day(date.fromisoformat(value)) if value else NONE,
}


def category_word(key: str | None, rules: Rules) -> str:
    """A category by its name in the rules; '' for none."""
    if not key:
        return ""
    known = rules.effects.categories.get(key)
    return known.name if known else key.replace("-", " ").capitalize()


def _month_rows(line: LineChange) -> list[ChangeRow]:
    found = []
    for span in spans(line.cells):
        old, new, change = _beside(span.old, span.new, span.difference, line.currency)
        if span.months > 1:
            whole = signed(from_minor(span.difference * span.months, line.currency), _places(change))
            change = _("%(change)s, together %(whole)s", change=change, whole=whole)
        found.append(ChangeRow(line.name, span_words(span.first, span.last, span.months), old, new, change))
    return found


def _places(text: str) -> int:
    return len(text.rpartition(".")[2]) if "." in text else 0


def span_words(first: date | None, last: date | None, months: int) -> str:
    """A month, months in a row with each of them meant, or the amount that has no month."""
    if first is None:
        return _("Undated")
    if months == 1:
        return dates.month(first)
    return _("%(first)s to %(last)s, each month", first=dates.month(first), last=dates.month(last))


def misfit_words(misfit: Misfit) -> str:
    """That the plan of a line does not give its run rate any more."""
    return _(
        "%(line)s: the plan by month gives %(year)s a year, its run rate says %(rate)s.",
        line=misfit.name, year=minor_amount(misfit.year, misfit.currency),
        rate=minor_amount(misfit.run_rate, misfit.currency),
    )  # fmt: skip


_NAMED = 5


def lines_said(lines: Sequence[Mapping[str, Any]]) -> str:
    """The lines of a logged change request in short: `Calls EUR 50,000 → EUR 30,000 in 1 month`."""
    said = [_line_said(line) for line in lines[:_NAMED]]
    if len(lines) > _NAMED:
        said.append(_("%(n)s lines more", n=len(lines) - _NAMED))
    return "; ".join(said)


def _line_said(line: Mapping[str, Any]) -> str:
    old, new = line["plan"]
    currency = line["currency"]
    said = str(line["name"])
    if old != new:
        said += f" {minor_amount(old, currency)} → {minor_amount(new, currency)}"
    notes = [word("field", name).lower() for name in line["fields"]]
    months = len(line["months"].keys() - {UNDATED})
    if months:
        notes.append(ngettext("%(num)s month", "%(num)s months", months))
    return f"{said} ({', '.join(notes)})" if notes else said
