"""Reading a file of measures with a mapping: one ReadRow after another, each whole or with its problems."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from govapp.domain.imports.amounts import AmountReader
from govapp.domain.imports.cells import Cells
from govapp.domain.imports.dates import DateReader
from govapp.domain.imports.decoding import Data
from govapp.domain.imports.mapping import Mapping
from govapp.domain.imports.mapping_rules import YES_NO
from govapp.domain.imports.mapping_values import folded
from govapp.domain.imports.results import (
    Problem,
    ReadAmount,
    ReadMilestone,
    ReadRow,
    ReadStatus,
)
from govapp.domain.imports.rules import COLOURS, AmountRule, FieldRule, StageRule
from govapp.domain.imports.tables import Record, Table, open_table
from govapp.domain.measures import FIXED, LONG, TEXTS, date_fault
from govapp.domain.money import CURRENCIES
from govapp.domain.structure import LONGEST_NAME

KEY_LENGTH = 100
_FIRST_YEAR, _LAST_YEAR = 1000, 9999
_MARKS = re.compile(r"[^\w]+")


def read_rows(mapping: Mapping, data: Data) -> Iterator[ReadRow]:
    """Yield the records of a file (bytes, a binary stream, or blocks of bytes; plain or gzip) as rows.

    Amounts are in whole units of their currency, signed, positive is good. A row with problems is to be
    refused.
    The columns the mapping names are looked for before the first row is handed out.
    Raises FileRefused when the file as a whole cannot be read with this mapping.
    """
    table = open_table(mapping.layout, data, _addresses(mapping))
    return _Reader(mapping, table).rows()


def read_names(mapping: Mapping, data: Data) -> Iterator[tuple[str, str]]:
    """Yield key and name of every record, as `read_rows` would. Raises FileRefused."""
    table = open_table(mapping.layout, data, _addresses(mapping))
    return _Reader(mapping, table).names()


def match_name(name: str) -> str:
    """The form of a name under which measures are found again: white space and case do not count."""
    return folded(name)


def slug(text: str) -> str:
    """A key made of a name: lower case, words joined by hyphens; letters of any script stay."""
    return _MARKS.sub("-", folded(text)).strip("-_")


def _addresses(mapping: Mapping) -> tuple[str, ...]:
    sources = [
        mapping.key,
        mapping.title.source,
        mapping.open_at.source,
        *(level.source for level in mapping.branch),
        *(rule.source for rule in mapping.fields),
        *(rule.source for rule in mapping.milestones),
        *(rule.source for rule in mapping.amounts),
        *(rule.source for rule in mapping.remarks),
        *(rule.source for rule in mapping.statuses),
        *(rule.reason for rule in mapping.statuses),
    ]
    named = [address for source in sources if source is not None for address in source.columns]
    named += [rule.currency_column for rule in mapping.amounts] + [mapping.year.column]
    return tuple(dict.fromkeys(address for address in named if address))


@dataclass(slots=True)
class _Seen:
    """Keys and names met so far: the record that bore them first, and for names whether it had a key."""

    keys: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[int, bool]] = field(default_factory=dict)


class _Reader:
    """One pass over a file: readers made once, then used for every record."""

    def __init__(self, mapping: Mapping, table: Table) -> None:
        self._mapping = mapping
        self._table = table
        self._seen = _Seen()
        self._fields = [(rule, DateReader(rule.dates)) for rule in mapping.fields]
        self._milestones = [(rule, DateReader(rule.dates)) for rule in mapping.milestones]
        self._amounts = [(rule, AmountReader(rule.style)) for rule in mapping.amounts]
        self._slugs: dict[str, str] = {}

    def rows(self) -> Iterator[ReadRow]:
        for record in self._table.records:
            yield self._faulty(record) if record.fault else self._row(record)

    def names(self) -> Iterator[tuple[str, str]]:
        for record in self._table.records:
            if not record.fault:
                cells = Cells(record, self._table, self._mapping.layout, self._mapping.no_value)
                yield self._key(cells), self._name(cells)

    def _faulty(self, record: Record) -> ReadRow:
        value = next((cell.strip() for cell in record.cells if cell.strip()), "")
        problem = Problem(record.number, "", value, record.fault, record.detail, self._table.across)
        return ReadRow(
            record.number,
            record.line,
            "",
            "",
            self._mapping.source,
            None,
            (),
            {},
            (),
            (),
            (),
            None,
            (),
            (problem,),
            self._table.across,
        )

    def _row(self, record: Record) -> ReadRow:
        mapping = self._mapping
        cells = Cells(record, self._table, mapping.layout, mapping.no_value)
        key, name = self._key(cells), self._name(cells)
        self._identify(cells, record.number, key, name)
        year = self._year(cells)
        fields = {}
        for rule, reader in self._fields:
            value = self._field(cells, rule, reader)
            if value is not None:
                fields[rule.field] = value
        milestones = []
        for stone, dates in self._milestones:
            on = cells.read(stone.source, dates.read, stone.required)
            if on is not None and (fault := date_fault(on)):
                cells.problem(" / ".join(stone.source.columns), on.isoformat(), fault)
            elif on is not None:
                milestones.append(ReadMilestone(stone.name, stone.which, on))
        amounts = [
            amount
            for line, money in self._amounts
            if (amount := self._amount(cells, line, money, year)) is not None
        ]
        branch, statuses = self._branch(cells), self._statuses(cells)
        stage = _stage(cells, mapping.open_at)
        for kept in mapping.remarks:
            picked = cells.pick(kept.source)
            if picked and len(picked[1]) > LONG:
                cells.problem(picked[0], picked[1], "too_long", str(LONG))
            elif picked:
                cells.remark("kept", kept.label, picked[1])
        return ReadRow(
            record.number,
            record.line,
            key,
            name,
            mapping.source,
            year,
            branch,
            fields,
            tuple(milestones),
            tuple(amounts),
            statuses,
            stage,
            tuple(cells.remarks),
            tuple(cells.problems),
            self._table.across,
        )

    def _key(self, cells: Cells) -> str:
        source = self._mapping.key
        if source is None:
            return ""
        if source.take == "join":
            parts = {address: " ".join(cells.text(address).split()) for address in source.columns}
            parts = {address: "" if cells.stands_for_none(text) else text for address, text in parts.items()}
            missing = [address for address, text in parts.items() if not text]
            if missing and len(missing) < len(parts):
                cells.problem(missing[0], "", "missing_key_part")
            key = source.joiner.join(text for text in parts.values() if text)
        else:
            picked = cells.pick(source)
            key = " ".join(picked[1].split()) if picked else ""
        if len(key) > KEY_LENGTH:
            cells.problem(source.columns[0], key, "too_long", str(KEY_LENGTH))
        return key

    def _name(self, cells: Cells) -> str:
        rule = self._mapping.title
        picked = cells.pick(rule.source)
        if picked is None:
            return ""
        name = " ".join(picked[1].split())
        return _within(cells, picked[0], name, rule.max_length, rule.too_long)

    def _identify(self, cells: Cells, number: int, key: str, name: str) -> None:
        """Refuse what cannot be told apart: no key and no name, or one already met in this file."""
        mapping, columns = self._mapping, self._mapping.title.source.columns
        key_columns = mapping.key.columns if mapping.key else ()
        if not name and not key:
            cells.problem(" / ".join((*key_columns, *columns)), "", "missing_key_and_name")
        elif not name:
            cells.problem(" / ".join(columns), "", "missing_name")
        elif not key and mapping.match == "key":
            cells.problem(" / ".join(key_columns), "", "missing_key")
        if key and (first := self._seen.keys.setdefault(key, number)) != number:
            cells.problem(" / ".join(key_columns), key, "duplicate_key", str(first))
        if name and mapping.match != "key":
            first, had_key = self._seen.names.setdefault(folded(name), (number, bool(key)))
            by_name = mapping.match == "name" or not (key and had_key)
            if first != number and by_name:
                cells.problem(" / ".join(columns), name, "duplicate_name", str(first))

    def _year(self, cells: Cells) -> int | None:
        rule = self._mapping.year
        if not rule.column:
            return rule.year
        text = cells.text(rule.column)
        if text.isascii() and text.isdecimal() and _FIRST_YEAR <= int(text[:9]) <= _LAST_YEAR:
            return int(text)
        cells.problem(rule.column, text, "bad_year")
        return None

    def _field(self, cells: Cells, rule: FieldRule, dates: DateReader) -> str | date | bool | None:
        if not rule.source.columns:
            return _yes(rule.default) if rule.type == "yes_no" else rule.default
        value: str | date | bool | None
        if rule.type == "date":
            value = cells.read(rule.source, dates.read, rule.required)
        elif rule.type in ("choice", "yes_no"):
            allowed = YES_NO if rule.type == "yes_no" else FIXED.get(rule.field, ())
            word = cells.mapped(rule.source, rule.values, allowed, rule.required)
            value = _yes(word) if rule.type == "yes_no" else word
        else:
            value = self._text(cells, rule)
        if value is None and rule.default is not None:
            return _yes(rule.default) if rule.type == "yes_no" else rule.default
        return value

    def _text(self, cells: Cells, rule: FieldRule) -> str | None:
        if rule.values.words or rule.values.patterns:
            return cells.mapped(rule.source, rule.values, (), rule.required)
        picked = cells.pick(rule.source)
        if picked is None:
            if rule.required:
                cells.problem(" / ".join(rule.source.columns), "", "missing_value")
            return None
        text = picked[1] if TEXTS.get(rule.field) == LONG else " ".join(picked[1].split())
        return _within(cells, picked[0], text, rule.max_length, rule.too_long)

    def _amount(
        self, cells: Cells, rule: AmountRule, reader: AmountReader, year: int | None
    ) -> ReadAmount | None:
        currency = rule.currency
        if rule.currency_column:
            written = cells.text(rule.currency_column)
            currency = written.upper() or currency
            if currency not in CURRENCIES:
                if cells.pick(rule.source) is not None:
                    cells.problem(rule.currency_column, written, "bad_currency")
                return None

        def amount_of(text: str) -> Decimal:
            return reader.read(text, rule.scale, rule.sign, currency)

        amount = cells.read(rule.source, amount_of, rule.required)
        if amount is None:
            return None
        name = rule.name.replace("{year}", str(year)) if year is not None else rule.name
        line = rule.line.replace("{year}", str(year)) or self._slugs.setdefault(name, slug(name))
        return ReadAmount(line, name, rule.kind, rule.category, rule.timing, rule.series, amount, currency)

    def _branch(self, cells: Cells) -> tuple[tuple[str, str], ...]:
        levels = []
        for level in self._mapping.branch:
            name = (
                cells.mapped(level.source, level.values, (), level.required) if level.source.columns else None
            )
            name = name or level.fixed
            if name and len(name) > LONGEST_NAME:
                cells.problem(level.source.columns[0], name, "too_long", str(LONGEST_NAME))
            elif name:
                levels.append((level.kind, name))
        return tuple(levels)

    def _statuses(self, cells: Cells) -> tuple[ReadStatus, ...]:
        statuses = []
        for rule in self._mapping.statuses:
            colour = cells.mapped(rule.source, rule.values, COLOURS, rule.required)
            reason = cells.pick(rule.reason) if rule.reason else None
            if reason and len(reason[1]) > LONG:
                cells.problem(reason[0], reason[1], "too_long", str(LONG))
            elif colour is not None:
                statuses.append(ReadStatus(rule.kind, colour, reason[1] if reason else ""))
            elif reason:
                cells.remark("kept", reason[0], reason[1])
        return tuple(statuses)


def _stage(cells: Cells, rule: StageRule) -> str | None:
    if rule.source is None:
        return rule.stage
    return cells.known(rule.source, rule.values) or cells.mapped(rule.source, rule.values) or rule.stage


def _yes(word: str | None) -> bool | None:
    return None if word is None else word == "yes"


def _within(cells: Cells, address: str, text: str, limit: int, too_long: str) -> str:
    """The text when it is short enough; else refused, or cut at a word with the rest kept as a remark."""
    if len(text) <= limit:
        return text
    if too_long == "refuse":
        cells.problem(address, text, "too_long", str(limit))
        return text
    cut = text.rfind(" ", 0, limit - 1)
    cut = cut if cut > limit // 2 else limit - 1
    cells.remark("surplus", address, text[cut:].strip())
    return f"{text[:cut].rstrip()}…"
