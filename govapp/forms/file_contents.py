"""What is inside an uploaded file: one check per allowed ending, each by first bytes and by parsing with
bounds."""

import codecs
import csv
import email
import email.policy
import re
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

import filetype
from PIL import Image

from govapp.forms.content import BROKEN, ContentRefused
from govapp.forms.pdf_contents import check_pdf

MAX_PIXELS = 50_000_000
MAX_ENTRIES = 5_000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 200
_RATIO_MATTERS_FROM = 10 * 1024 * 1024
_MAX_PART = 64 * 1024 * 1024
_MAX_CONTENT_TYPES = 2 * 1024 * 1024
_MAX_MAIL_PARTS = 200
_HEAD = 1024
_CHUNK = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_OPENXML = "application/vnd.openxmlformats-officedocument."
_OFFICE = {
    "docx": "wordprocessingml.document",
    "xlsx": "spreadsheetml.sheet",
    "pptx": "presentationml.presentation",
}
_OVERRIDE = re.compile(r"<(?:\w+:)?Override\b[^>]*>")
_PART_NAME = re.compile(r"PartName\s*=\s*[\"']/?([^\"']+)[\"']")
_ACTIVE_PARTS = re.compile(
    r"vbaproject\.bin$|vbadata\.xml$|/macrosheets/|/activex/|\.(exe|dll|com|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|lnk|msi)$",
    re.IGNORECASE,
)
_DANGEROUS_ATTACHMENT = re.compile(
    r"\.(exe|dll|com|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|lnk|msi|iso|img|docm|xlsm|pptm|svg|html?|xhtml|eps)$",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    rb"\s*(<!doctype|<\?xml|<\?php|<!--|<html|<svg|<script|<head|<body|<!entity|%!ps|%!\s*ps|#!|\{\\rtf)",
    re.IGNORECASE,
)


def _check_office(extension: str) -> Callable[[IO[bytes], int], str]:
    content_type = _OFFICE[extension]

    def check(file: IO[bytes], size: int) -> str:
        """A document of the named kind without macros, whose archive unpacks to a sane size inside its own
        folder."""
        if file.read(4) != b"PK\x03\x04":
            raise ContentRefused("encrypted" if _is_encrypted_office(file) else "content")
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                _check_entries(archive.infolist(), size)
                types = _read_part(archive, "[Content_Types].xml", _MAX_CONTENT_TYPES)
                _read_part(archive, _main_part(types, content_type), _MAX_PART)
        except KeyError as error:
            raise ContentRefused("content") from error
        except BROKEN as error:
            raise ContentRefused("damaged") from error
        return _OPENXML + content_type

    return check


def _is_encrypted_office(file: IO[bytes]) -> bool:
    """True for the container in which a password-protected document is wrapped."""
    file.seek(0)
    return file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise ContentRefused("archive")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or (unpacked > _RATIO_MATTERS_FROM and unpacked > MAX_RATIO * size):
        raise ContentRefused("archive")
    names = [entry.filename for entry in entries]
    if len({name.lower() for name in names}) != len(names):
        raise ContentRefused("archive")
    for entry in entries:
        name = entry.filename
        inside = not (name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"))
        packed = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if (
            not inside
            or not packed
            or "\x00" in entry.orig_filename
            or stat.S_ISLNK(entry.external_attr >> 16)
        ):
            raise ContentRefused("archive")
        if entry.flag_bits & 0x1:
            raise ContentRefused("encrypted")
        if _ACTIVE_PARTS.search("/" + name):
            raise ContentRefused("macros")


def _read_part(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Inflate one part within bounds, which also checks its sum; only its beginning is kept."""
    if archive.getinfo(name).file_size > most:
        raise ContentRefused("archive")
    with archive.open(name) as part:
        head = part.read(_MAX_CONTENT_TYPES)
        while part.read(_CHUNK):
            pass
    return head


def _main_part(types: bytes, content_type: str) -> str:
    """The name of the part that makes the archive a document of that kind."""
    text = types.decode("utf-16" if types[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    if "macroenabled" in text.lower() or "ms-office.vbaproject" in text.lower():
        raise ContentRefused("macros")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ContentRefused("archive")
    for override in _OVERRIDE.findall(text):
        name = _PART_NAME.search(override)
        if name and f"{_OPENXML}{content_type}.main+xml" in override:
            return name[1]
    raise ContentRefused("content")


def _check_image(kind: str, media_type: str, magic: bytes) -> Callable[[IO[bytes], int], str]:
    def check(file: IO[bytes], size: int) -> str:
        """A picture of the named kind that decodes, with a bounded number of pixels."""
        if not file.read(len(magic)) == magic:
            raise ContentRefused("content")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                file.seek(0)
                with Image.open(file, formats=[kind]) as picture:
                    if picture.width * picture.height > MAX_PIXELS:
                        raise ContentRefused("pixels", megapixels=MAX_PIXELS // 1_000_000)
                    if kind == "PNG":
                        picture.verify()
                    else:
                        picture.draft("RGB", (64, 64))
                        picture.load()
        except Image.DecompressionBombError as error:
            raise ContentRefused("pixels", megapixels=MAX_PIXELS // 1_000_000) from error
        except BROKEN as error:
            raise ContentRefused("damaged") from error
        return media_type

    return check


def _check_text(media_type: str, *, table: bool) -> Callable[[IO[bytes], int], str]:
    def check(file: IO[bytes], size: int) -> str:
        """Text in UTF-8, UTF-16 with its mark, or the Western European code page; no markup, no binary in
        disguise."""
        head = file.read(_HEAD)
        start = head.decode("utf-16", "replace").encode() if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
        if filetype.guess(head) is not None or _MARKUP.match(start.removeprefix(codecs.BOM_UTF8)):
            raise ContentRefused("content")
        lines = _lines(file, _encoding(file, head))
        try:
            if table:
                for _row in csv.reader(lines):
                    pass
            else:
                for _line in lines:
                    pass
        except csv.Error as error:
            raise ContentRefused("damaged") from error
        return media_type

    return check


def _encoding(file: IO[bytes], head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The text in pieces at line ends. Refuses control characters and bytes the encoding does not have."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    try:
        while chunk := file.read(_CHUNK):
            piece = decoder.decode(chunk)
            if re.search("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]", piece):
                raise ContentRefused("content")
            *whole, rest = (rest + piece).split("\n")
            if len(rest) > _LONGEST_LINE:
                whole, rest = [*whole, rest], ""
            yield from (f"{line}\n" for line in whole)
        yield rest + decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ContentRefused("content") from error


def check_mail(file: IO[bytes], size: int) -> str:
    """A saved mail with its usual heads; attachments that run are refused."""
    head = file.read(_HEAD)
    if b"\x00" in head or filetype.guess(head) is not None or _MARKUP.match(head):
        raise ContentRefused("content")
    file.seek(0)
    try:
        message = email.message_from_binary_file(file, policy=email.policy.compat32)
        heads = {name.lower() for name in message}
        if "from" not in heads or not heads & {"date", "subject", "received", "message-id"}:
            raise ContentRefused("content")
        for number, part in enumerate(message.walk(), start=1):
            if number > _MAX_MAIL_PARTS:
                raise ContentRefused("archive")
            name = part.get_filename()
            if name is not None and _DANGEROUS_ATTACHMENT.search(str(name).strip()):
                raise ContentRefused("attachment", attachment=str(name)[:120])
    except BROKEN as error:
        raise ContentRefused("damaged") from error
    return "message/rfc822"


CHECKS: dict[str, Callable[[IO[bytes], int], str]] = {
    "pdf": check_pdf,
    "docx": _check_office("docx"),
    "xlsx": _check_office("xlsx"),
    "pptx": _check_office("pptx"),
    "png": _check_image("PNG", "image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": _check_image("JPEG", "image/jpeg", b"\xff\xd8\xff"),
    "csv": _check_text("text/csv", table=True),
    "txt": _check_text("text/plain", table=False),
    "eml": check_mail,
}
