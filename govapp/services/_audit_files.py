"""Hashes stored files again: a file that is gone or changed is named with the log row that brought it in."""

from collections.abc import Callable, Iterator
from itertools import chain

from sqlalchemy import func, select

from govapp.data.blobs import BlobStore
from govapp.data.engine import reading
from govapp.data.evidence import Blob, EvidenceFile, EvidenceRevision
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.reports import Report
from govapp.data.runtime import current


def changed_files(progress: Callable[[str, int, int], None] | None = None) -> Iterator[tuple[int, str, str]]:
    """(sequence, code, name) for every evidence file, document or report whose bytes are not those recorded."""
    store = BlobStore(current().files)
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(Blob)) or 0
        evidence = (
            select(EvidenceFile.digest, EvidenceFile.name, EvidenceRevision.seq)
            .join(EvidenceRevision, EvidenceRevision.id == EvidenceFile.revision_id)
            .order_by(EvidenceFile.digest)
        )
        reports = select(Report.file_digest, Report.identity, Report.as_of_seq).where(
            Report.file_digest != ""
        )
        documents = [
            select(table.digest, table.document, table.seq).where(table.digest != "")
            for table in (LedgerRow, CellRuling)
        ]
        seen: set[str] = set()
        rows = chain.from_iterable(session.execute(each) for each in (evidence, *documents, reports))
        for digest, name, sequence in rows:
            if digest in seen:
                continue
            seen.add(digest)
            if progress and len(seen) % 100 == 0:
                progress("files", len(seen), total)
            if not store.exists(digest):
                yield sequence, "file_missing", name
            elif not store.verify(digest):
                yield sequence, "file_changed", name
