"""Small files of every kind, and bad ones, made in memory."""

import io
import zipfile

import pikepdf
from PIL import Image

_MAIN = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}


def pdf(*, script: bool = False, password: str = "") -> bytes:
    """One empty page, if asked for with a script on opening or a password."""
    document, target = pikepdf.new(), io.BytesIO()
    document.add_blank_page()
    if script:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    locked = pikepdf.Encryption(user=password, owner=password) if password else False
    document.save(target, encryption=locked)
    return target.getvalue()


def office(
    ending: str = "xlsx",
    extra: dict[str, bytes] | None = None,
    types: str = "",
    link: str = "",
    bomb: int = 0,
) -> bytes:
    """The smallest archive that is a document of that kind."""
    part, kind = _MAIN[ending]
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    listing = f'<Types><Override PartName="/{part}" ContentType="{types or main}"/></Types>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", listing)
        archive.writestr(part, "<x/>")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
        if link:
            entry = zipfile.ZipInfo(link)
            entry.external_attr = 0o120777 << 16
            archive.writestr(entry, "/etc/passwd")
        if bomb:
            with archive.open("xl/big.xml", "w") as part_file:
                for _megabyte in range(bomb):
                    part_file.write(bytes(1024 * 1024))
    return target.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    """A grey picture."""
    target = io.BytesIO()
    Image.new("L", size, 128).save(target, kind)
    return target.getvalue()


MAIL = (
    b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Result\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n\r\nDone.\r\n"
)


def mail_with(name: str) -> bytes:
    """A mail that carries one attachment of that name."""
    return (
        b"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
        b"--q\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="
        + name.encode()
        + b"\r\n\r\nx\r\n--q--\r\n"
    )


GOOD = {
    "report.pdf": pdf(),
    "minutes.docx": office("docx"),
    "figures.xlsx": office("xlsx"),
    "slides.pptx": office("pptx"),
    "list.csv": "Größe;Wert\n1;2\n".encode(),
    "old.csv": "Größe;Wert\r\n1;2\r\n".encode("cp1252"),
    "wide.txt": "Übergabe erledigt\n".encode("utf-16"),
    "note.txt": "引き継ぎ済み".encode(),
    "shot.png": picture("PNG"),
    "photo.jpg": picture("JPEG"),
    "photo2.JPEG": picture("JPEG"),
    "answer.eml": MAIL,
}
