"""Small sample files for the demonstration's evidence: real PDF, XLSX, DOCX, PNG, CSV and text, made when seeding."""

import io
import zipfile
from collections.abc import Callable

import xlsxwriter
from PIL import Image, ImageDraw

_DOCX_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_DOCX_RELS = (
    '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns='
    '"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
_DOCX_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w='
    '"http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body>'
    "</w:document>"
)


def _pdf(words: str) -> bytes:
    text = (
        words.encode("latin-1", "replace")
        .decode("latin-1")
        .replace("\\", "")
        .replace("(", "[")
        .replace(")", "]")
    )
    stream = f"BT /F1 14 Tf 72 760 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _xlsx(words: str) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": words})
    sheet = book.add_worksheet("Figures")
    sheet.write_row(0, 0, ["What", words])
    for row in range(1, 7):
        sheet.write_row(row, 0, [f"Month {row}", row * 100])
    book.close()
    return target.getvalue()


def _docx(words: str) -> bytes:
    target = io.BytesIO()
    safe = words.replace("&", "and").replace("<", "").replace(">", "")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", _DOCX_TYPES)
        book.writestr("_rels/.rels", _DOCX_RELS)
        book.writestr("word/document.xml", _DOCX_BODY.format(safe))
    return target.getvalue()


def _png(words: str) -> bytes:
    picture = Image.new("RGB", (480, 240), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 60, 150, 160), outline="black")
    pen.rectangle((320, 60, 450, 160), outline="black")
    pen.line((150, 110, 320, 110), fill="black", width=2)
    pen.text((20, 20), words.encode("latin-1", "replace").decode("latin-1"), fill="black")
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


_TEXT: Callable[[str], bytes] = lambda words: f"What,Value\n{words},1\n".encode()  # noqa: E731 - one of a table of makers
_MAKERS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "pdf": (_pdf, "application/pdf"),
    "xlsx": (_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": (_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "png": (_png, "image/png"),
    "csv": (_TEXT, "text/csv"),
    "txt": (_TEXT, "text/plain"),
}


def sample_file(name: str, words: str) -> tuple[bytes, str]:
    """The bytes and media type of a small real file for a file name. Raises KeyError for an ending nobody makes."""
    maker, kind = _MAKERS[name.rpartition(".")[2].lower()]
    return maker(words), kind
