"""Uploaded PDFs: what runs or carries a file is refused wherever it hangs; links and words about it are not (R35)."""

import io
from collections.abc import Callable

import pikepdf
import pytest

from govapp.domain.evidence_fields import ALLOWED_FILE_TYPES
from govapp.forms.files import FileRefused, check_upload

SCRIPT = "<< /S /JavaScript /JS (app.alert(1)) >>"
LAUNCH = "<< /S /Launch /F (calc.exe) >>"
Change = Callable[[pikepdf.Pdf], None]


def made(change: Change, **how: object) -> bytes:
    document, target = pikepdf.new(), io.BytesIO()
    document.add_blank_page()
    change(document)
    document.save(target, **how)
    return target.getvalue()


def refused(content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        check_upload(io.BytesIO(content), "x.pdf", ALLOWED_FILE_TYPES, 1024 * 1024)
    return caught.value


def in_root(name: str, text: str) -> Change:
    return lambda document: setattr(document.Root, name, pikepdf.Object.parse(text.encode()))


def on_page(text: str) -> Change:
    return lambda document: setattr(document.pages[0].obj, "AA", pikepdf.Object.parse(text.encode()))


def note(text: str) -> Change:
    """An annotation on the page, an object of its own."""

    def change(document: pikepdf.Pdf) -> None:
        one = pikepdf.Object.parse(f"<< /Type /Annot /Rect [0 0 9 9] {text} >>".encode())
        document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(one)])

    return change


def with_file(document: pikepdf.Pdf) -> None:
    document.attachments["evil.exe"] = b"MZ"


ACTIVE = {
    "on opening": in_root("OpenAction", SCRIPT),
    "as a later step": in_root("OpenAction", f"<< /S /GoTo /D [0 /Fit] /Next [{SCRIPT}] >>"),
    "on closing": in_root("AA", f"<< /WC {SCRIPT} >>"),
    "by name": in_root("Names", f"<< /JavaScript << /Names [(a) {SCRIPT}] >> >>"),
    "on showing a page": on_page(f"<< /O {SCRIPT} >>"),
    "on a click": note(f"/Subtype /Link /A {LAUNCH}"),
    "on moving over something": note(f"/Subtype /Link /AA << /E {SCRIPT} >>"),
    "on sending a form": note("/Subtype /Link /A << /S /SubmitForm /F (http://x) >>"),
    "on calculating a field": in_root("AcroForm", f"<< /Fields [<< /T (sum) /AA << /C {SCRIPT} >> >>] >>"),
    "on a bookmark": in_root("Outlines", f"<< /First << /Title (1) /A {LAUNCH} >> /Count 1 >>"),
    "in a form of its own": in_root("AcroForm", "<< /Fields [] /XFA [(template) (x)] >>"),
}


@pytest.mark.parametrize("where", ACTIVE)
@pytest.mark.parametrize("packed", [False, True])
def test_r35_a_pdf_that_acts_is_refused_wherever_it_acts(where: str, packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    assert refused(made(ACTIVE[where], object_stream_mode=mode)).code == "script"


def test_r35_a_disguised_name_and_an_owners_password_hide_nothing() -> None:
    content = made(ACTIVE["on opening"])
    hidden = content.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4aS")
    assert hidden != content
    assert refused(hidden).code == "script"
    locked = made(ACTIVE["on showing a page"], encryption=pikepdf.Encryption(owner="secret", user=""))
    assert refused(locked).code == "script"


def test_r35_a_pdf_that_carries_a_file_is_refused_with_its_name() -> None:
    found = refused(made(with_file))
    assert (found.code, found.values["attachment"]) == ("attachment", "evil.exe")
    pinned = note("/Subtype /FileAttachment /FS << /F (evil.exe) /EF << /F (x) >> >>")
    assert refused(made(pinned)).code == "attachment"


@pytest.mark.parametrize(
    "change",
    [
        note("/Subtype /Link /A << /S /URI /URI (https://example.com) >>"),
        in_root("OpenAction", "<< /S /Named /N /NextPage /Next << /S /GoTo /D [0 /Fit] >> >>"),
        lambda document: setattr(document.docinfo, "/Title", "Why /JS (x) and /EF are refused"),
    ],
)
def test_r35_links_jumps_and_words_about_scripts_come_in(change: Change) -> None:
    check_upload(io.BytesIO(made(change)), "x.pdf", ALLOWED_FILE_TYPES, 1024 * 1024).close()
