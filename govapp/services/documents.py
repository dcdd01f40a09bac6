"""Documents that go with a row of the ledger or a ruling: checked like evidence, kept in the same store (R35, R37)."""

from dataclasses import dataclass

from sqlalchemy import select

from govapp.data.blobs import BlobStore
from govapp.data.evidence import Blob
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.measures import Measure
from govapp.data.runtime import current
from govapp.data.snapshots import place_of
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.forms.evidence import NewFile
from govapp.forms.files import CheckedFile
from govapp.services._work import Origin, Work, writing
from govapp.services.downloads import Download
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


@dataclass(frozen=True, slots=True)
class DownloadDocument:
    """Ask for the document of a row of the ledger of a measure, or of a ruling (`of_ruling`) on one of its cells."""

    key: str
    number: int
    origin: Origin
    of_ruling: bool = False


def download_document(command: DownloadDocument) -> Download:
    """The stored file, after the right to see amounts on its measure was checked; the download is logged (R17, R37).

    Raises NotFound (also when the store has lost it) and Refused.
    """
    return writing(command.origin, lambda work: _download(work, command))


def _download(work: Work, command: DownloadDocument) -> Download:
    table = CellRuling if command.of_ruling else LedgerRow
    row = work.session.execute(
        select(table.document, table.digest, table.measure_id, Blob.type, Blob.size)
        .join(Measure, Measure.id == table.measure_id)
        .join(Blob, Blob.digest == table.digest)
        .where(Measure.key == command.key, table.id == command.number, table.digest != "")
    ).first()
    place = place_of(work.session, row.measure_id) if row else None
    if row is None or place is None:
        raise NotFound("not_found")
    right = may(work.actor, Permission.FINANCE_VIEW, place)
    store = BlobStore(current().files)
    if not store.exists(row.digest):
        raise NotFound("file_lost", name=row.document)
    work.log(
        Event.EVIDENCE_DOWNLOADED,
        {"file": command.number, "name": row.document, "digest": row.digest, "kind": table.__tablename__},
        right=right, object_type=table.__tablename__, object_id=str(command.number),
        measure_id=row.measure_id, branch_id=place.branch_id,
    )  # fmt: skip
    return Download(store.path(row.digest), row.document, row.type, row.size)


def known_document(work: Work, document: Document | None) -> None:
    """Raises Invalid where the store does not know the document of a command."""
    if document is None:
        return
    if work.session.scalar(select(Blob.digest).where(Blob.digest == document.digest)) is None:
        raise Invalid("not_saved", {FIELD: ["document_lost"]})
