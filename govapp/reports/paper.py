"""What every report shares: the rendered file, the head of the log, the content hash, text made fit for
paper."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from govapp.domain.reports import TEMPLATE_VERSION

Progress = Callable[[str, int, int], None]
T = TypeVar("T")

LONGEST_TEXT = 12_000
_LONGEST_WORD, _BREAK_EVERY, _SOFT_BREAK = 70, 24, "\N{ZERO WIDTH SPACE}"
_KEPT_CONTROLS = "\n\t"
_ISOLATE, _END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "RLE", "RLO", "RLI", "AN"})
_STRAY = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class RenderError(RuntimeError):
    """A report could not be laid out; the text says why in words."""


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """A finished file. `content_hash` is the SHA-256 of the data it shows, as printed in its foot."""

    data: bytes
    pages: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """The last row of the business log a report has seen: sequence and mac (hexadecimal)."""

    seq: int
    mac: str


def unhashed(default: Any = "") -> Any:
    """A dataclass field that is not part of the content hash: where the application can be reached, for
    instance."""
    return field(default=default, metadata={"hashed": False})


def content_hash(kind: str, data: Any) -> str:
    """SHA-256 (hexadecimal) over the canonical JSON of a report's data, its kind and the version of its
    template."""
    value = {"kind": kind, "template": TEMPLATE_VERSION, "data": _plain(data)}
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.metadata.get("hashed", True)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"a report cannot hold {type(value).__name__}")


def for_paper(data: T) -> T:
    """The same data with every text made fit for paper (see `paper_text`); addresses and codes outside the
    hash stay."""
    if not is_dataclass(data) or isinstance(data, type):
        raise TypeError("a report's data is a dataclass")
    changed = {f.name: _fit(getattr(data, f.name)) for f in fields(data) if f.metadata.get("hashed", True)}
    return replace(data, **changed)


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        return paper_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return for_paper(value)
    if isinstance(value, tuple | list):
        return tuple(_fit(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _fit(item) for key, item in value.items()}
    return value


def paper_text(text: str) -> str:
    """Text that can be laid out: no control characters, bounded length (what is cut is said), breaks in
    endless words.

    Text with letters that run from right to left is isolated, so that it does not turn the words around it.
    """
    over = len(text) - LONGEST_TEXT
    if over > 0:
        text = f"{text[:LONGEST_TEXT]} … [{over:,} characters more, see the application]"
    if text.isascii() and text.isprintable() and len(text) <= _LONGEST_WORD:
        return text
    text = "".join(c for c in text if c in _KEPT_CONTROLS or not _unprintable(c))
    if any(len(word) > _LONGEST_WORD for word in text.split()):
        text = _with_breaks(text)
    if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text):
        text = f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text


def _unprintable(character: str) -> bool:
    return character in _STRAY or unicodedata.category(character) in {"Cc", "Cs", "Cn"}


def _with_breaks(text: str) -> str:
    longest = {word for word in text.split() if len(word) > _LONGEST_WORD}
    for word in sorted(longest, key=len, reverse=True):
        text = text.replace(word, _broken(word))
    return text


def _broken(word: str) -> str:
    pieces, since = [], 0
    for character in word:
        if since >= _BREAK_EVERY and not unicodedata.combining(character) and character not in "\u200d\ufe0f":
            pieces.append(_SOFT_BREAK)
            since = 0
        pieces.append(character)
        since += 1
    return "".join(pieces)
