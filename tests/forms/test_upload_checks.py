"""Uploads: R35 (allow-list by ending, first bytes and parse), R36 (archives and pixels), names nobody can
abuse."""

import hashlib
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govapp.domain.evidence_fields import ALLOWED_FILE_TYPES
from govapp.forms.files import FileRefused, check_upload, clean_name
from tests.forms.samples import GOOD, MAIL, mail_with, office, pdf, picture

MB = 1024 * 1024


def refusal(name: str, content: bytes, accept: tuple[str, ...] = ALLOWED_FILE_TYPES, most: int = MB) -> str:
    with pytest.raises(FileRefused) as caught:
        check_upload(io.BytesIO(content), name, accept, most)
    return caught.value.code


def huge_png() -> bytes:
    """A head that promises 60,000 by 60,000 pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IEND\xaeB`\x82"


@pytest.mark.parametrize(("name", "content"), GOOD.items(), ids=list(GOOD))
def test_r35_a_file_whose_ending_bytes_and_parse_agree_comes_in(name: str, content: bytes) -> None:
    checked = check_upload(io.BytesIO(content), name, ALLOWED_FILE_TYPES, MB)
    assert checked.size == len(content)
    assert checked.sha256 == hashlib.sha256(content).hexdigest()
    assert checked.stream.read() == content
    assert checked.as_value() == {
        "name": name,
        "sha256": checked.sha256,
        "size": len(content),
        "type": checked.type,
    }
    checked.close()


@pytest.mark.parametrize(
    "ending", ["html", "svg", "xml", "eps", "js", "exe", "xlsm", "docm", "zip", "", "pdf.exe", "php"]
)
def test_r35_an_ending_outside_the_list_is_refused(ending: str) -> None:
    assert refusal(f"x.{ending}", GOOD["report.pdf"]) == "type"


def test_r35_an_ending_the_field_does_not_take_is_refused() -> None:
    assert refusal("list.csv", b"a;b\n", accept=("pdf",)) == "type"


@pytest.mark.parametrize("name", ["x.pdf", "x.docx", "x.xlsx", "x.pptx", "x.png", "x.jpg", "x.eml"])
@pytest.mark.parametrize(
    "content", [b"hello", b"MZ\x90\x00", b"<svg onload=alert(1)>", b"%!PS-Adobe", b"\x00" * 50]
)
def test_r35_content_that_is_not_what_the_ending_says_is_refused(name: str, content: bytes) -> None:
    assert refusal(name, content) == "content"


@pytest.mark.parametrize("name", ["x.txt", "x.csv"])
@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>1</script>",
        b" \n<!DOCTYPE html>",
        b"<?xml version='1.0'?>",
        b"<SVG>",
        b"%!PS",
        b"#!/bin/sh\n",
        b"a\x00b",
        b"MZ\x90\x00\x03",
        b"%PDF-1.7",
        b"a\x81b",
        b"\xef\xbb\xbf<html>",
        "<html>".encode("utf-16"),
        b"PK\x03\x04",
    ],
)
def test_r35_markup_and_programs_are_no_text(name: str, content: bytes) -> None:
    assert refusal(name, content) == "content"


def test_r35_one_office_kind_is_not_another() -> None:
    assert refusal("x.docx", office("xlsx")) == "content"


def test_an_empty_file_and_one_past_the_limit_are_refused() -> None:
    assert refusal("x.txt", b"") == "empty"
    assert refusal("x.txt", b"a" * (MB + 1)) == "too_large"


@pytest.mark.parametrize("cut", [20, 200])
@pytest.mark.parametrize("name", ["figures.xlsx", "shot.png", "photo.jpg"])
def test_half_a_file_is_refused(name: str, cut: int) -> None:
    assert refusal(name, GOOD[name][: -min(cut, len(GOOD[name]) // 2)]) in ("damaged", "content")


def test_a_pdf_without_pages_inside_is_refused() -> None:
    assert refusal("x.pdf", b"%PDF-1.7\nnothing else") == "damaged"


def test_r35_a_pdf_that_runs_a_script_is_refused() -> None:
    assert refusal("x.pdf", pdf(script=True)) == "script"


def test_a_file_nobody_can_open_without_its_password_is_refused() -> None:
    assert refusal("x.pdf", pdf(password="hidden")) == "encrypted"
    assert refusal("x.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)) == "encrypted"


@pytest.mark.parametrize(
    "part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/activeX/a.xml", "xl/embeddings/run.exe"]
)
def test_r35_macros_and_programs_in_a_document_are_refused(part: str) -> None:
    assert refusal("x.xlsx", office(extra={part: b"x"})) == "macros"


def test_r35_a_macro_workbook_under_a_harmless_name_is_refused() -> None:
    assert refusal("x.xlsx", office(types="application/vnd.ms-excel.sheet.macroEnabled.main+xml")) == "macros"


@pytest.mark.parametrize("part", ["../evil.xml", "/etc/evil", "a/../../b", "c:\\x.xml"])
def test_r36_an_archive_that_points_outside_itself_is_refused(part: str) -> None:
    assert refusal("x.xlsx", office(extra={part: b"x"})) == "archive"


def test_r36_an_archive_with_a_link_is_refused() -> None:
    assert refusal("x.xlsx", office(link="xl/link")) == "archive"


def test_r36_an_archive_that_unpacks_to_far_more_is_refused() -> None:
    assert refusal("x.xlsx", office(bomb=60)) == "archive"


def test_r36_an_archive_with_too_many_entries_is_refused() -> None:
    assert (
        refusal("x.xlsx", office(extra={f"xl/{n}.xml": b"" for n in range(5_001)}), most=4 * MB) == "archive"
    )


def test_r36_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    assert refusal("x.png", huge_png()) == "pixels"
    assert refusal("x.jpg", picture("JPEG", (8000, 7000)), most=4 * MB) == "pixels"


def test_a_mail_without_heads_or_with_a_program_is_refused() -> None:
    assert refusal("x.eml", b"just a line\n") == "content"
    assert refusal("x.eml", mail_with("run.exe")) == "attachment"
    assert refusal("x.eml", mail_with("page.html")) == "attachment"
    check_upload(io.BytesIO(MAIL), "x.eml", ("eml",), MB).close()
    check_upload(io.BytesIO(mail_with("figures.xlsx")), "x.eml", ("eml",), MB).close()


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(GOOD)), at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_changed_byte_never_raises_anything_but_a_refusal(name: str, at: int, byte: int) -> None:
    content = bytearray(GOOD[name])
    content[at % len(content)] = byte
    try:
        check_upload(io.BytesIO(bytes(content)), name, ALLOWED_FILE_TYPES, MB).close()
    except FileRefused as error:
        assert error.name == name


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\a\\Bericht.pdf", "Bericht.pdf"),
        ("a\u202efdp.exe.txt", "afdp.exe.txt"),
        ("a\x00\r\nb.pdf", "a b.pdf"),
        ('a"<b>|c.pdf', "a__b__c.pdf"),
        ("  .hidden. ", "hidden"),
        ("", "file"),
        ("...", "file"),
        (".pdf", "pdf"),
        ("con.txt", "_con.txt"),
        ("報告書.pdf", "報告書.pdf"),
        ("نمی\u200cخواهم.pdf", "نمی\u200cخواهم.pdf"),
    ],
)
def test_r35_the_name_of_a_file_is_only_ever_a_plain_name(given_name: str, clean: str) -> None:
    assert clean_name(given_name) == clean


@given(st.text(max_size=300))
def test_r35_no_name_escapes_or_grows(name: str) -> None:
    clean = clean_name(name)
    assert 1 <= len(clean) <= 120
    assert not set(clean) & set('/\\\x00\r\n\u202e"')
    assert clean not in (".", "..")
    assert clean_name(clean) == clean


def test_a_long_name_keeps_its_ending() -> None:
    clean = clean_name("x" * 300 + ".pdf")
    assert len(clean) == 120
    assert clean.endswith(".pdf")
