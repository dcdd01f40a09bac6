"""What is inside an uploaded PDF: nothing that runs, wherever it hangs, and no other file."""

import re
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, cast

from govapp.forms.content import BROKEN, ContentRefused

_HEAD = 1024
_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/Rendition", "/SubmitForm", "/GoToE", "/RichMediaExecute"}
)
_RUNS = frozenset({"/JS", "/JavaScript", "/XFA"})
_SUSPECT = re.compile(
    rb"/(JS|JavaScript|XFA|Launch|ImportData|Rendition|SubmitForm|GoToE|RichMediaExecute|EF|EmbeddedFile)\b"
)


def check_pdf(file: IO[bytes], size: int) -> str:
    """A PDF that opens without a password, runs nothing and carries no other file."""
    import pikepdf  # noqa: PLC0415 - a tenth of a second that only who hands in a PDF should pay

    if not file.read(_HEAD).startswith(b"%PDF-"):
        raise ContentRefused("content")
    file.seek(0)
    try:
        with pikepdf.open(cast(BinaryIO, file), suppress_warnings=True) as document:
            if len(document.pages) < 1:
                raise ContentRefused("damaged")
            for one in document.objects:
                whole = one.stream_dict if isinstance(one, pikepdf.Stream) else one
                # one search in the object's text is far faster than a walk through all of them
                if isinstance(whole, pikepdf.Object) and _SUSPECT.search(whole.unparse(resolved=True)):
                    _refuse_active(whole)
    except pikepdf.PasswordError as error:
        raise ContentRefused("encrypted") from error
    except (pikepdf.PdfError, *BROKEN) as error:
        raise ContentRefused("damaged") from error
    return "application/pdf"


def _refuse_active(whole: Any) -> None:
    """Raise ContentRefused where an object holds an action that runs or sends something, or a file."""
    for each in _dictionaries(whole):
        if _RUNS & each.keys() or str(each.get("/S")) in _ACTIONS:
            raise ContentRefused("script")
        if "/EF" in each or each.get("/Type") == "/EmbeddedFile":
            raise ContentRefused("attachment", attachment=str(each.get("/UF", each.get("/F", "")))[:120])


def _dictionaries(whole: Any) -> Iterator[Any]:
    """The dictionaries of one object; what it refers to is an object of its own."""
    import pikepdf  # noqa: PLC0415 - as above

    rest = [whole]
    while rest:
        one = rest.pop()
        if isinstance(one, pikepdf.Dictionary):
            yield one
            inside = list(one.values())
        else:
            inside = list(one) if isinstance(one, pikepdf.Array) else []
        rest += [each for each in inside if isinstance(each, pikepdf.Object) and not each.is_indirect]
