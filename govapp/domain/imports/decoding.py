"""From bytes to lines of text: packed or plain, byte order mark or none, undefined bytes kept visible."""

import codecs
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from govapp.domain.imports.results import FileRefused

Data = bytes | BinaryIO | Iterable[bytes]

MAX_UNPACKED = 2 * 1024**3
_BLOCK = 64 * 1024
_GZIP = b"\x1f\x8b"
_MARKER = "govapp-undefined-bytes"
# Undefined bytes stand in the text as lone surrogates, which no decoder yields for anything else.
_SHIFT = 0xDC00
CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]+")
SUSPECT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\udc00-\udcff]")
UNDEFINED = re.compile("[\udc00-\udcff]+")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_SHIFT + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_MARKER, _mark)


def byte_of(character: str) -> int:
    """The undefined byte a marking character stands for."""
    return ord(character) - _SHIFT


def blocks_of(data: Data) -> Iterator[bytes]:
    """The file's bytes in blocks, unpacked when it is a gzip file.

    Raises FileRefused: broken_gzip, or file_too_large when it unpacks to more than MAX_UNPACKED bytes.
    """
    blocks = _plain_blocks(data)
    first = b""
    for block in blocks:
        first += block
        if len(first) >= len(_GZIP):
            break
    if not first.startswith(_GZIP):
        yield first
        yield from blocks
        return
    yield from _unpacked(_chained(first, blocks))


def _plain_blocks(data: Data) -> Iterator[bytes]:
    if isinstance(data, bytes | bytearray | memoryview):
        whole = memoryview(data)
        for start in range(0, len(whole), _BLOCK):
            yield bytes(whole[start : start + _BLOCK])
    elif hasattr(data, "read"):
        while block := data.read(_BLOCK):
            yield block
    else:
        yield from data


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    machine, total = zlib.decompressobj(wbits=31), 0
    try:
        for block in blocks:
            waiting = block
            while waiting:
                if machine.eof:
                    machine = zlib.decompressobj(wbits=31)
                part = machine.decompress(waiting, _BLOCK)
                waiting = machine.unused_data if machine.eof else machine.unconsumed_tail
                total += len(part)
                if total > MAX_UNPACKED:
                    raise FileRefused("file_too_large", str(MAX_UNPACKED))
                yield part
    except zlib.error as error:
        raise FileRefused("broken_gzip") from error
    if not machine.eof:
        raise FileRefused("broken_gzip")


class _Blocks(io.RawIOBase):
    """A readable stream over blocks, so that the standard library decodes and splits lines."""

    def __init__(self, blocks: Iterator[bytes], seen: bytes) -> None:
        self._blocks = blocks
        self._waiting = memoryview(seen)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not self._waiting:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._waiting = memoryview(block)
        count = min(len(buffer), len(self._waiting))
        buffer[:count] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return count


def lines_of(data: Data, encoding: str) -> Iterator[str]:
    """The lines of a file with their ends, split at LF, CR LF and lone CR only.

    A byte order mark is dropped. Bytes the encoding does not define stand as marks (`byte_of`, `UNDEFINED`).
    Encoding `auto` takes what the mark says, and UTF-8 where there is none.
    Raises FileRefused: empty_file; other_encoding when the mark at the start says otherwise than the mapping;
    no_byte_order when UTF-16 or UTF-32 is stated and nothing says which byte comes first.
    """
    blocks = blocks_of(data)
    seen = b""
    for block in blocks:
        seen += block
        if len(seen) >= len(codecs.BOM_UTF32_LE):
            break
    if not seen.strip():
        rest = next((block for block in blocks if block.strip()), None)
        if rest is None:
            raise FileRefused("empty_file")
        seen += rest
    marked = next((name for mark, name in _BOMS if seen.startswith(mark)), None)
    plain = codecs.lookup(encoding).name if encoding != "auto" else marked or "utf-8"
    if marked and not plain.startswith(marked):
        raise FileRefused("other_encoding", encoding, (marked,))
    if plain in ("utf-16", "utf-32") and not marked:
        raise FileRefused("no_byte_order", plain)
    stream = io.TextIOWrapper(
        io.BufferedReader(_Blocks(blocks, seen), _BLOCK),
        encoding="utf-8-sig" if plain in ("utf-8", "utf-8-sig") else plain,
        errors=_MARKER,
        newline="",
    )
    first = True
    for line in stream:
        yield line.removeprefix("\ufeff") if first else line
        first = False
