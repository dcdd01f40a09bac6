"""Uploaded files go into the store and become known before any evidence names them, within a quota (R35, R37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.blobs import BlobStore, StoreFull
from govapp.data.engine import hold, reading
from govapp.data.evidence import Blob
from govapp.data.runtime import current
from govapp.domain.errors import Refused
from govapp.forms.evidence import NewFile
from govapp.services._work import Busy, Origin, Work, now, writing

QUOTA_OF = timedelta(days=1)
File = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class RegisterFiles:
    """Make files known that lie in the store: (sha256, size, type)."""

    files: tuple[File, ...]
    origin: Origin


def keep_uploads(uploads: Iterable[NewFile], origin: Origin) -> None:
    """Store checked uploads and record them; their temporary files are let go in any case.

    Raises Busy (503) when the disk is full, Refused when the person's quota of a day is spent (R35, R15); then
    nothing was stored.
    """
    uploads = list(uploads)
    values = [(upload, upload.file.as_value()) for upload in uploads]
    files = tuple((str(v["sha256"]), int(v["size"]), upload.file.type) for upload, v in values)
    store = BlobStore(current().files)
    try:
        if files:
            with reading() as session:
                _new_within_quota(session, origin.person_id, origin.at or now(), files)
        for upload in uploads:
            store.put(upload.file.stream)
    except StoreFull as error:
        raise Busy("disk_full", retry_after=60) from error
    finally:
        for upload in uploads:
            upload.file.close()
    if files:
        register_files(RegisterFiles(files, origin))


def register_files(command: RegisterFiles) -> None:
    """Record stored files before they are named by a submission.

    Raises Refused when what the person brought into the store within 24 hours would pass the quota (R35). It counts
    whether or not it was ever handed in; what the store had already counts nothing.
    """
    writing(command.origin, lambda work: _register_files(work, command))


def _register_files(work: Work, command: RegisterFiles) -> None:
    hold(work.session, f"quota:{work.actor.id}", *(f"blob:{digest}" for digest, _, _ in command.files))
    fresh = _new_within_quota(work.session, work.actor.id, work.at, command.files)
    for digest, size, kind in fresh.values():
        work.session.add(
            Blob(digest=digest, size=size, type=kind, stored_at=work.at, stored_by=work.actor.id)
        )
    known = [digest for digest, _, _ in command.files if digest not in fresh]
    for row in work.session.scalars(select(Blob).where(Blob.digest.in_(known))):
        row.stored_at = work.at  # the sweep leaves it alone for another day


def _new_within_quota(
    session: Session, person_id: int | None, at: datetime, files: Iterable[File]
) -> dict[str, File]:
    """Those of the files which the store does not know yet, by digest. Raises Refused when they are too much."""
    fresh = {one[0]: one for one in files}
    for digest in session.scalars(select(Blob.digest).where(Blob.digest.in_(fresh))):
        del fresh[digest]
    if person_id is not None:
        spent = session.scalar(
            select(func.coalesce(func.sum(Blob.size), 0)).where(
                Blob.stored_by == person_id, Blob.stored_at >= at - QUOTA_OF
            )
        )
        if (spent or 0) + sum(size for _, size, _ in fresh.values()) > current().upload_quota:
            raise Refused("quota")
    return fresh
