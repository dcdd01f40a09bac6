"""Handing out files of evidence: checked per object, recorded in the security chain (R17, R37)."""

from dataclasses import dataclass
from pathlib import Path

from govapp.data.blobs import BlobStore
from govapp.data.evidence_queries import file_of
from govapp.data.runtime import current
from govapp.data.snapshots import place_of
from govapp.domain.errors import NotFound
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.services._work import Origin, Work, writing

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "application/pdf"})


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """Ask for a file of a piece of evidence. `inline`: to be looked at, only for pictures and PDF."""

    key: str
    evidence_id: int
    file_id: int
    origin: Origin
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """Where the file lies and under which name and type it goes out."""

    path: Path
    name: str
    type: str
    size: int


def download_file(command: DownloadFile) -> Download:
    """The stored file, after the right to see evidence on its measure was checked and the download logged.

    Knowing numbers or digests grants nothing. Raises NotFound (also for a preview of a type that is not shown, and
    when the store has lost the file) and Refused.
    """
    return writing(command.origin, lambda work: _download(work, command))


def _download(work: Work, command: DownloadFile) -> Download:
    found = file_of(work.session, command.key, command.evidence_id, command.file_id)
    place = place_of(work.session, found.measure_id) if found else None
    if found is None or place is None:
        raise NotFound("not_found")
    right = may(work.actor, Permission.EVIDENCE_VIEW, place)
    store = BlobStore(current().files)
    if command.inline and found.type not in SHOWN_INLINE:
        raise NotFound("not_shown_inline")
    if not store.exists(found.digest):
        raise NotFound("file_lost", name=found.name)
    work.log(
        Event.EVIDENCE_DOWNLOADED,
        {"file": found.id, "name": found.name, "digest": found.digest, "kind": found.kind, "revision": found.revision,
         "inline": command.inline},
        right=right, object_type="evidence", object_id=str(found.evidence_id),
        measure_id=found.measure_id, branch_id=place.branch_id,
    )  # fmt: skip
    return Download(store.path(found.digest), found.name, found.type, found.size)
