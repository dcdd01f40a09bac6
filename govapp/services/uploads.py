"""Uploaded files go into the store and become known before any evidence names them (R37)."""

from collections.abc import Iterable

from govapp.data.blobs import BlobStore, StoreFull
from govapp.data.runtime import current
from govapp.forms.evidence import NewFile
from govapp.services._work import Busy, Origin
from govapp.services.evidence import RegisterFiles, register_files


def keep_uploads(uploads: Iterable[NewFile], origin: Origin) -> None:
    """Store checked uploads and record them; their temporary files are let go in any case.

    Raises Busy (503) when the disk is full, Refused when the person's quota of a day is spent (R35, R15).
    """
    uploads = list(uploads)
    store = BlobStore(current().files)
    known = []
    try:
        for upload in uploads:
            blob = store.put(upload.file.stream)
            known.append((blob.digest, blob.size, upload.file.type))
    except StoreFull as error:
        raise Busy("disk_full", retry_after=60) from error
    finally:
        for upload in uploads:
            upload.file.close()
    if known:
        register_files(RegisterFiles(tuple(known), origin))
