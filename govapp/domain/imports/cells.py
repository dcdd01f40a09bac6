"""One record under the reader's hand: cleaned cells, the value of a source, remarks and problems gathered."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from govapp.domain.imports.decoding import CONTROLS, SUSPECT, UNDEFINED, byte_of
from govapp.domain.imports.mapping_values import folded
from govapp.domain.imports.results import Problem, Remark, ValueFault
from govapp.domain.imports.rules import Layout, NoValue, Source, ValueMap
from govapp.domain.imports.tables import Record, Table

_MOST_KNOWN = 30
Value = TypeVar("Value")


class Cells:
    """The cells of one record, read by address; what is odd is gathered as remarks and problems."""

    def __init__(self, record: Record, table: Table, layout: Layout, no_value: NoValue) -> None:
        self._record = record
        self._indexes = table.indexes
        self._shown = table.shown
        self._layout = layout
        self._no_value = no_value
        self._across = table.across
        self.remarks: dict[Remark, None] = {}
        self.problems: dict[Problem, None] = {}

    def problem(self, column: str, value: str, code: str, detail: str = "") -> None:
        """Note why the record is refused; the same problem is noted once."""
        column = self._shown.get(column, column)
        self.problems[Problem(self._record.number, column, value, code, detail, self._across)] = None

    def remark(self, code: str, label: str, text: str) -> None:
        """Note a text to keep; the same one is kept once."""
        self.remarks[Remark(code, self._shown.get(label, label), text)] = None

    def text(self, address: str) -> str:
        """A cell with ends stripped and line ends as LF; undefined bytes as the mapping says."""
        cell = self._record.cells[self._indexes[address]]
        if self._record.suspect and SUSPECT.search(cell):
            cell = self._mended(address, cell)
        if not cell.isascii():
            cell = unicodedata.normalize("NFC", cell).replace("\u00a0", " ")
        if "\r" in cell:
            cell = cell.replace("\r\n", "\n").replace("\r", "\n")
        return cell.strip()

    def pick(self, source: Source) -> tuple[str, str] | None:
        """The address and text of a value as its source says, or None when there is none.

        Cells that stand for no value become remarks; so do further columns with other texts.
        """
        found = []
        for address in source.columns:
            text = self.text(address)
            if not text:
                continue
            if self.stands_for_none(text):
                if folded(text) not in self._no_value.empty:
                    self.remark("no_value", address, text)
                continue
            found.append((address, text))
        if not found:
            return None
        address, text = found[0]
        if len(found) > 1 and source.take == "join":
            return address, source.joiner.join(text for _, text in found)
        others = [(other, word) for other, word in found[1:] if word != text]
        if others and source.take == "only":
            self.problem(others[0][0], others[0][1], "several_values", f"{address}: {text}")
        for other, word in others:
            self.remark("not_taken", other, word)
        return address, text

    def stands_for_none(self, text: str) -> bool:
        """True when the mapping counts the text as no value."""
        rule = self._no_value
        if rule.texts or len(rule.empty) > 1:
            plain = folded(text) if len(text) <= 1000 else text
            if plain in rule.texts or plain in rule.empty:
                return True
        return any(pattern.matches(text) for pattern in rule.patterns)

    def read(self, source: Source, reader: Callable[[str], Value], required: bool = False) -> Value | None:
        """A value through its reader, or None; a fault becomes a problem naming column and text."""
        picked = self.pick(source)
        if picked is None:
            if required:
                self.problem(" / ".join(source.columns), "", "missing_value")
            return None
        address, text = picked
        try:
            return reader(text)
        except ValueFault as fault:
            self.problem(address, text, fault.code, fault.detail)
            return None

    def mapped(
        self, source: Source, values: ValueMap, allowed: tuple[str, ...] = (), required: bool = False
    ) -> str | None:
        """A word of the app for the word in the file; keeps the word as written where the mapping says so."""
        picked = self.pick(source)
        if picked is None:
            if required:
                self.problem(" / ".join(source.columns), "", "missing_value")
            return None
        address, text = picked
        word = _meant(text, values, allowed)
        if word is None:
            known = [*dict(values.words), *(pattern.text for pattern, _ in values.patterns)] or list(allowed)
            self.problem(address, text, "unknown_value", ", ".join(known[:_MOST_KNOWN]))
        elif values.keep_original and folded(word) != folded(text):
            self.remark("mapped", address, text)
        return word

    def known(self, source: Source, values: ValueMap) -> str | None:
        """A word the value map itself lists, also for cells that stand for no value; None without."""
        listed = replace(values, otherwise="refuse")
        for address in source.columns:
            word = _meant(self.text(address), listed, ())
            if word is not None:
                return word
        return None

    def _mended(self, address: str, cell: str) -> str:
        if "\0" in cell:
            self.problem(address, cell.replace("\0", "\u2400"), "nul")
            cell = cell.replace("\0", "")
        if CONTROLS.search(cell):
            found = sorted({f"U+{ord(sign):04X}" for run in CONTROLS.findall(cell) for sign in run})
            self.remark("control_characters", address, ", ".join(found))
            cell = CONTROLS.sub("", cell)
        if not UNDEFINED.search(cell):
            return cell
        texts = dict(self._layout.byte_texts)
        rule = self._layout.undefined_bytes
        refused: list[str] = []
        changed: list[str] = []
        mended = []
        for sign in cell:
            if not UNDEFINED.match(sign):
                mended.append(sign)
                continue
            byte = byte_of(sign)
            changed.append(f"0x{byte:02x}")
            if byte in texts:
                mended.append(texts[byte])
            elif rule == "latin-1":
                mended.append(chr(byte))
            elif rule != "drop":
                mended.append("\ufffd")
            if rule == "refuse" and byte not in texts:
                refused.append(f"0x{byte:02x}")
        text = "".join(mended)
        if refused:
            self.problem(address, text, "undefined_bytes", ", ".join(dict.fromkeys(refused)))
        else:
            self.remark("replaced_bytes", address, ", ".join(dict.fromkeys(changed)))
        return text


def _meant(text: str, values: ValueMap, allowed: tuple[str, ...]) -> str | None:
    plain = folded(text)
    for word, meant in values.words:
        if word == plain:
            return meant
    for pattern, meant in values.patterns:
        if pattern.matches(text):
            return meant
    if values.otherwise == "use":
        return values.fixed
    if plain in allowed:
        return plain
    if values.otherwise == "keep" and not allowed:
        return " ".join(text.split())
    return None
