"""Documents that go with a row of the ledger or a ruling: checked like evidence, kept in the same store (R35, R37)."""

from dataclasses import dataclass

from sqlalchemy import select

from govapp.data.evidence import Blob
from govapp.domain.errors import Invalid
from govapp.forms.evidence import NewFile
from govapp.forms.files import CheckedFile
from govapp.services._work import Origin, Work
from govapp.services.uploads import keep_uploads

ACCEPT = ("pdf", "xlsx", "docx", "csv", "png", "jpg", "txt")
MOST_BYTES = 20 * 1024 * 1024
FIELD = "document"


@dataclass(frozen=True, slots=True)
class Document:
    """A file in the store: the name people see, and its SHA-256."""

    name: str
    digest: str


def keep_document(file: CheckedFile, origin: Origin) -> Document:
    """Put a checked upload into the store. Raises Busy when the disk is full, Refused over the quota."""
    document = Document(file.name, file.sha256)
    keep_uploads([NewFile(FIELD, file)], origin)
    return document


def known_document(work: Work, document: Document | None) -> None:
    """Raises Invalid where the store does not know the document of a command."""
    if document is None:
        return
    if work.session.scalar(select(Blob.digest).where(Blob.digest == document.digest)) is None:
        raise Invalid("not_saved", {FIELD: ["document_lost"]})
