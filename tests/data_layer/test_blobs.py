"""The file store: R15 (no half file when the disk is full), R37 (names, digests, orphans)."""

import hashlib
import io
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govapp.data.blobs import BlobStore, StoreFull

LATER = datetime.now(UTC) + timedelta(days=1)
EARLIER = datetime.now(UTC) - timedelta(days=1)
_SLOW_WRITER = """
import sys, time
from pathlib import Path
from govapp.data.blobs import BlobStore

class Slow:
    sent = 0
    def seek(self, at): pass
    def read(self, size):
        self.sent += 1
        if self.sent > 2:
            print("half", flush=True)
            time.sleep(60)
        return b"x" * size

BlobStore(Path(sys.argv[1])).put(Slow())
"""


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "files")


def files_in(store: BlobStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_r37_a_file_is_kept_under_its_digest_and_reads_back(store: BlobStore, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    (tmp_path / "given").write_bytes(content)
    kept = store.put(tmp_path / "given")
    assert (kept.digest, kept.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert store.exists(kept.digest)
    assert store.verify(kept.digest)
    with store.open(kept.digest) as stored:
        assert stored.read() == content
    assert store.path(kept.digest).relative_to(store.root).parts == (
        kept.digest[:2],
        kept.digest[2:4],
        kept.digest,
    )
    assert store.path(kept.digest).stat().st_mode & 0o077 == 0


def test_the_same_content_twice_is_one_file(store: BlobStore) -> None:
    first, second = store.put(io.BytesIO(b"same")), store.put(io.BytesIO(b"same"))
    assert first == second
    assert len(files_in(store)) == 1
    assert list(store.digests()) == [first.digest]


@pytest.mark.parametrize(
    "digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "/etc/passwd"]
)
def test_r37_what_is_no_digest_reaches_no_file(store: BlobStore, digest: str) -> None:
    assert not store.exists(digest)
    assert not store.verify(digest)
    with pytest.raises(FileNotFoundError):
        store.open(digest)


def test_a_changed_file_is_found_and_put_right_by_handing_it_in_again(store: BlobStore) -> None:
    kept = store.put(io.BytesIO(b"the true content"))
    store.path(kept.digest).chmod(0o600)
    store.path(kept.digest).write_bytes(b"the fake content")
    assert not store.verify(kept.digest)
    store.put(io.BytesIO(b"the true content"))
    assert store.verify(kept.digest)


def test_r15_a_full_disk_leaves_nothing_behind_and_the_store_works_again_after(store: BlobStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(StoreFull):
            store.put(io.BytesIO(bytes(5_000_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_in(store) == []
    assert store.verify(store.put(io.BytesIO(bytes(5_000_000))).digest)


def test_a_stream_that_breaks_leaves_nothing_behind(store: BlobStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(Broken())
    assert files_in(store) == []


def test_r12_a_writer_killed_in_the_middle_leaves_no_file_of_that_digest(store: BlobStore) -> None:
    command = [sys.executable, "-c", _SLOW_WRITER, str(store.root)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        writer.send_signal(signal.SIGKILL)
    assert list(store.digests()) == []
    assert len(files_in(store)) == 1
    store.sweep(set(), EARLIER)
    assert len(files_in(store)) == 1
    store.sweep(set(), LATER)
    assert files_in(store) == []


def test_r37_a_sweep_takes_old_orphans_and_nothing_else(store: BlobStore) -> None:
    known, orphan, young = (store.put(io.BytesIO(text)).digest for text in (b"known", b"orphan", b"young"))
    two_days_ago = time.time() - 2 * 86_400
    for digest in (known, orphan):
        os.utime(store.path(digest), (two_days_ago, two_days_ago))
    assert store.sweep({known}, EARLIER) == [orphan]
    assert set(store.digests()) == {known, young}


def test_an_old_orphan_handed_in_again_is_safe_from_the_sweep(store: BlobStore) -> None:
    digest = store.put(io.BytesIO(b"again")).digest
    os.utime(store.path(digest), (0, 0))
    store.put(io.BytesIO(b"again"))
    assert store.sweep(set(), EARLIER) == []
    assert store.exists(digest)


def test_many_writers_of_the_same_content_do_not_disturb_each_other(store: BlobStore) -> None:
    content, found = os.urandom(300_000), []
    threads = [
        threading.Thread(target=lambda: found.append(store.put(io.BytesIO(content)).digest)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert store.verify(found[0])
    assert len(files_in(store)) == 1
