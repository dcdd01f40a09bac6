"""The file store: content-addressed by SHA-256, written whole or not at all. Knowing a digest grants
nothing (R37)."""

import errno
import hashlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 256 * 1024
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_INCOMING = "incoming"


class StoreFull(OSError):
    """No room left (disk or quota). Nothing of the file was kept; the same call works once there is room
    (R15)."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A file in the store."""

    digest: str
    size: int


class BlobStore:
    """Files under one folder, each at `aa/bb/<digest>`; never below a folder that is served."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: Path | IO[bytes]) -> StoredBlob:
        """Store a file and return its SHA-256 (hex) and size in bytes. On return it is on the disk, whole.

        Written beside, flushed, renamed, folder flushed: call it before the row that names the digest is
        committed. The same content twice is stored once. Raises StoreFull when there is no room, OSError for
        other failures.
        """
        if isinstance(content, Path):
            with content.open("rb") as stream:
                return self.put(stream)
        try:
            return self._put(content)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise StoreFull(error.errno, "the file store has no room left") from error
            raise

    def open(self, digest: str) -> BinaryIO:
        """The file for reading. Raises FileNotFoundError, also for what is no digest."""
        return self.path(digest).open("rb")

    def exists(self, digest: str) -> bool:
        """True when the store holds a file of that digest."""
        try:
            return self.path(digest).is_file()
        except FileNotFoundError:
            return False

    def path(self, digest: str) -> Path:
        """Where a file of that digest lies. Raises FileNotFoundError for what is no digest."""
        if _DIGEST.fullmatch(digest) is None:
            raise FileNotFoundError(errno.ENOENT, "not a SHA-256 digest")
        return self.root / digest[:2] / digest[2:4] / digest

    def verify(self, digest: str) -> bool:
        """True when the file is there and its content still has that digest (R19)."""
        if not self.exists(digest):
            return False
        with self.path(digest).open("rb") as stored:
            return hashlib.file_digest(stored, "sha256").hexdigest() == digest

    def digests(self) -> Iterator[str]:
        """The digests of all stored files."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            if _DIGEST.fullmatch(path.name):
                yield path.name

    def sweep(self, known_digests: Collection[str], older_than: datetime) -> list[str]:
        """Remove files no row names, and what broken uploads left behind; return the digests removed.

        Only files last written before `older_than` go: a younger one may belong to a row not yet committed.
        """
        limit = older_than.timestamp()
        removed = []
        for digest in self.digests():
            if digest not in known_digests and self._remove_if_old(self.path(digest), limit):
                removed.append(digest)
        for leftover in self.root.glob(f"{_INCOMING}/*"):
            self._remove_if_old(leftover, limit)
        return sorted(removed)

    def _put(self, content: IO[bytes]) -> StoredBlob:
        incoming = self.root / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest, size = hashlib.sha256(), 0
        content.seek(0)
        with NamedTemporaryFile(dir=incoming, delete=False) as temporary:
            written = Path(temporary.name)
            try:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    temporary.write(chunk)
                temporary.flush()
                os.fsync(temporary.fileno())
                self._settle(written, digest.hexdigest())
            except BaseException:
                # Closing would try to write what is still buffered, and fail again on a full disk.
                written.unlink(missing_ok=True)
                raise
        return StoredBlob(digest.hexdigest(), size)

    def _settle(self, written: Path, digest: str) -> None:
        """Move a complete file to its place. It takes the place of an equal one: fresh for the sweep, and
        whole again."""
        place = self.path(digest)
        made = [folder for folder in (place.parent.parent, place.parent) if not folder.exists()]
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written.chmod(0o400)
        written.replace(place)
        for folder in (place.parent, *(folder.parent for folder in made)):
            _flush_folder(folder)

    @staticmethod
    def _remove_if_old(path: Path, limit: float) -> bool:
        try:
            if path.stat().st_mtime >= limit:
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        return True


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
