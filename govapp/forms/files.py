"""Uploaded files: what may come in. Extension, first bytes and parse must agree, or the file is refused
(R35, R36)."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO

from govapp.forms.content import ContentRefused
from govapp.forms.file_contents import CHECKS

LONGEST_NAME = 120
_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024
_JOINERS = "\u200c\u200d"  # part of the spelling in Persian and the scripts of India
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)


class FileRefused(ValueError):
    """A file that may not come in. `code`: name, type, empty, too_large, content, damaged, encrypted,
    macros, archive,
    script, pixels, attachment; `values` fill its sentence; `name` is the cleaned file name."""

    def __init__(self, code: str, name: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.name = name
        self.values = values


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that passed every check, still in a temporary place; `stream` stands at its beginning."""

    name: str
    extension: str
    type: str
    size: int
    sha256: str
    stream: IO[bytes]

    def as_value(self) -> dict[str, Any]:
        """What a file field keeps: name, digest, size in bytes, media type."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size, "type": self.type}

    def close(self) -> None:
        """Throw the temporary file away."""
        self.stream.close()


def clean_name(name: str) -> str:
    """A file name safe to keep and show: no folders, no control or direction characters, at most 120
    characters.

    The browser's name is never used as a path; this is what people see and download it as.
    """
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(
        " " if c.isspace() else c
        for c in base
        if c.isspace() or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    kept = re.sub(r'[<>:"|?*]', "_", re.sub(r" +", " ", kept)).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = kept, ""
    if _DEVICES.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"
    room = LONGEST_NAME - len(ending) - len(dot)
    if room < 1:
        return kept[:LONGEST_NAME] or "file"
    return f"{stem[:room].strip(' .') or 'file'}{dot}{ending}"


def check_upload(stream: BinaryIO, name: str, accept: Collection[str], max_bytes: int) -> CheckedFile:
    """Copy an upload to a temporary file and check it. Raises FileRefused; nothing is left behind then.

    `accept` holds endings out of the allow-list (jpg takes jpeg too); at most `max_bytes` bytes are read.
    """
    shown_name = clean_name(name)
    ending = shown_name.rpartition(".")[2].lower() if "." in shown_name else ""
    extension = "jpg" if ending == "jpeg" else ending
    if extension not in accept or extension not in CHECKS:
        raise FileRefused("type", shown_name, accept=tuple(accept))
    # The file outlives this function on success; the caller closes it.
    kept: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
    try:
        size, digest = _copy(stream, kept, max_bytes, shown_name)
        kept.seek(0)
        media_type = CHECKS[extension](kept, size)
        kept.seek(0)
    except ContentRefused as error:
        kept.close()
        raise FileRefused(error.code, shown_name, extension=extension, **error.values) from error
    except BaseException:
        kept.close()
        raise
    return CheckedFile(shown_name, extension, media_type, size, digest, kept)


def _copy(stream: BinaryIO, kept: IO[bytes], max_bytes: int, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise FileRefused("too_large", name, megabytes=max_bytes // (1024 * 1024))
        digest.update(chunk)
        kept.write(chunk)
    if size == 0:
        raise FileRefused("empty", name)
    return size, digest.hexdigest()
