"""The part of a mapping that says how bytes become records: encoding, delimiter, heads, rows passed over."""

import codecs
import re

from govapp.domain.imports.rules import Layout, Pattern, RowTest, Span
from govapp.domain.imports.sections import MappingError, Section, checked_pattern

DELIMITERS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "colon": ":",
    "space": " ",
    "auto": "auto",
}
UNDEFINED_BYTES = ("refuse", "replace", "drop", "latin-1")
_NUMBERS = re.compile(r"([0-9]{1,7})(?:\s*-\s*([0-9]{1,7}))?")
_ONE_BYTE = 256


def layout_of(top: Section) -> Layout:
    """Read the layout keys of a mapping; raises MappingError naming the key that is wrong."""
    orientation = top.choice("orientation", ("rows", "columns"), "rows")
    encoding = _encoding(top)
    rule, texts = _undefined_bytes(top)
    quotechar = _character(top, "quotechar", '"')
    if top.has("header_column") and orientation == "rows":
        raise top.fail("header_column", "only has a meaning when orientation is columns")
    if top.has("header_row") and orientation == "columns":
        raise top.fail("header_row", "only has a meaning when orientation is rows; use header_column")
    return Layout(
        encoding=encoding,
        undefined_bytes=rule,
        byte_texts=texts,
        delimiter=_delimiter(top),
        quotechar=quotechar,
        escapechar=_character(top, "escapechar", None),
        strict_quotes=top.choice("quotes", ("strict", "lenient"), "strict") == "strict",
        orientation=orientation,
        header_rows=_header_rows(top),
        header_fill=top.flag("header_fill"),
        header_column=top.number("header_column", 1, 1, 100_000),
        skip_rows=_spans(top, "skip_rows"),
        skip_columns=_spans(top, "skip_columns"),
        skip_where=_tests(top, "skip_where"),
        stop_at=_tests(top, "stop_at"),
        pad_short_rows=top.choice("short_rows", ("refuse", "pad"), "refuse") == "pad",
        carry_down=top.texts("carry_down"),
    )


def _encoding(top: Section) -> str:
    name = top.text("encoding")
    if name == "auto":
        return name
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
        known = isinstance(b"a".decode(found.name, "replace"), str)
    except (LookupError, UnicodeError, ValueError):
        known = False
    if not known or found.name in (
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
    ):
        raise top.fail(
            "encoding", f"is “{name}”, which is no known encoding; such as utf-8, utf-16, cp1252, latin-1"
        )
    return found.name


def _undefined_bytes(top: Section) -> tuple[str, tuple[tuple[int, str], ...]]:
    value = top.raw("undefined_bytes")
    if value is None or isinstance(value, str):
        return top.choice("undefined_bytes", UNDEFINED_BYTES, "refuse"), ()
    if not isinstance(value, dict):
        raise top.fail(
            "undefined_bytes", f"must be one of {', '.join(UNDEFINED_BYTES)}, or a text for each byte"
        )
    texts = []
    for byte, text in value.items():
        number = byte if isinstance(byte, int) else _hex(str(byte))
        if isinstance(byte, bool) or not 0 <= number < _ONE_BYTE or not isinstance(text, str):
            raise top.fail(
                "undefined_bytes", f"has “{byte}”; write bytes as 0x9d and what stands for them as text"
            )
        texts.append((number, text))
    return "refuse", tuple(texts)


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return -1


def _delimiter(top: Section) -> str:
    value = top.text("delimiter", "auto")
    sign = DELIMITERS.get(value, value)
    if sign != "auto" and (len(sign) != 1 or sign in '\r\n\0"'):
        raise top.fail("delimiter", f"is “{value}”; write one character or one of: {', '.join(DELIMITERS)}")
    return sign


def _character(top: Section, key: str, default: str | None) -> str | None:
    value = top.text(key, default or "none")
    if value == "none":
        return None
    if len(value) != 1 or value in "\r\n\0":
        raise top.fail(key, "must be one character, or none")
    return value


def _header_rows(top: Section) -> tuple[int, ...]:
    value = top.raw("header_row")
    if value in ("none", 0):
        return ()
    numbers = value if isinstance(value, list) else [1 if value is None else value]
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in numbers):
        raise top.fail("header_row", "must be a row number counted from 1, a list of them, or none")
    if sorted(set(numbers)) != numbers:
        raise top.fail("header_row", "must list rising row numbers")
    return tuple(numbers)


def _spans(top: Section, key: str) -> tuple[Span, ...]:
    spans = []
    for text in top.texts(key):
        found = _NUMBERS.fullmatch(text.strip())
        if not found:
            raise top.fail(key, f'has “{text}”; write numbers counted from 1, such as 2 or "4-6"')
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last:
            raise top.fail(key, f"has “{text}”, which runs backwards or begins before 1")
        spans.append(Span(first, last))
    return tuple(spans)


def _tests(top: Section, key: str) -> tuple[RowTest, ...]:
    tests = []
    for part in top.sections(key):
        pattern = part.text("matches")
        tests.append(RowTest(part.text("column"), Pattern.of(checked_pattern(pattern, part.at("matches")))))
        part.done()
    return tuple(tests)


def refuse_unknown_spans(layout: Layout) -> None:
    """Refuse skipping what cannot be skipped: columns are passed over only when records lie in columns."""
    if layout.skip_columns and layout.orientation == "rows":
        raise MappingError("skip_columns", "only has a meaning when orientation is columns")
