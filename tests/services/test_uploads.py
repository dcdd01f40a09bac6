"""Uploads: the quota counts what was never handed in, and files nobody uses are forgotten and removed (R35, R37)."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data import runtime
from govapp.data.blobs import BlobStore
from govapp.data.engine import reading
from govapp.data.evidence import Blob
from govapp.domain.errors import Invalid, Refused
from govapp.forms.evidence import NewFile
from govapp.forms.files import check_upload
from govapp.services._audit_files import changed_files
from govapp.services._work import now
from govapp.services.clockwork import sweep
from govapp.services.confirmations import CellWish
from govapp.services.documents import Document
from govapp.services.evidence import SaveDraft, save_draft
from govapp.services.uploads import keep_uploads
from tests.cast import SYSTEM
from tests.confirming import confirm, enter, make_line, month, rule
from tests.factories import make_measure, submit
from tests.samples_of_evidence import stored_file


def upload(text: str) -> NewFile:
    """A checked text file."""
    return NewFile("file", check_upload(io.BytesIO(text.encode()), "note.txt", ("txt",), 10_000))


def store() -> BlobStore:
    """The store of this test."""
    return BlobStore(runtime.current().files)


def known() -> set[str]:
    """Digests the database knows."""
    with reading() as session:
        return set(session.scalars(select(Blob.digest)))


def in_days(days: int):
    """The clock, some days on."""
    return replace(SYSTEM, at=now() + timedelta(days=days))


def test_r35_the_quota_counts_uploads_that_were_never_handed_in(database, cast):
    runtime.configure(replace(runtime.current(), upload_quota=50))
    keep_uploads([upload("a" * 40)], cast.owner.origin)
    with pytest.raises(Refused) as refused:
        keep_uploads([upload("b" * 40)], cast.owner.origin)
    assert refused.value.code == "quota"
    assert set(store().digests()) == known()
    keep_uploads([upload("a" * 40)], cast.owner.origin)  # the store has it already
    keep_uploads([upload("c" * 40)], cast.sponsor.origin)  # everybody has a quota of their own
    assert len(known()) == 2


def test_r37_files_nobody_uses_are_removed_after_a_day_and_drafts_keep_theirs(database, cast):
    key = make_measure(cast)
    drafted = stored_file(cast.owner.origin, b"kept in a draft", "draft.txt", "text/plain")
    handed = stored_file(cast.owner.origin, b"%PDF-1.4 handed in", "case.pdf")
    orphan = stored_file(cast.owner.origin, b"left behind", "orphan.txt", "text/plain")
    save_draft(
        SaveDraft(key, "scope-statement", cast.owner.origin, {"texts": {}, "files": {"sketch": [drafted]}})
    )
    submit(cast, key, "business-case", file=[handed])
    assert sweep(SYSTEM) == []
    assert sweep(in_days(2)) == [orphan["sha256"]]
    assert orphan["sha256"] not in known()
    assert known() == set(store().digests()) == {drafted["sha256"], handed["sha256"]}


def test_r37_a_file_that_comes_in_again_is_safe_for_another_day(database, cast):
    first = stored_file(cast.owner.origin, b"once more", "note.txt", "text/plain")
    keep_uploads([upload("once more")], replace(cast.owner.origin, at=now() + timedelta(days=2)))
    assert sweep(in_days(2)) == []
    assert known() == {first["sha256"]}


def test_r37_a_document_of_the_ledger_is_never_swept_and_its_bytes_are_verified(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    enter(cast, key, line, {"2026-08": "1.00"})
    kept = stored_file(cast.controller.origin, b"it says so", "note.txt", "text/plain")
    cell = CellWish(line, month("2026-08"), "refuse")
    rule(cast.controller, cell, reason="No.", document=Document("note.txt", kept["sha256"]))
    assert sweep(in_days(2)) == []
    assert list(changed_files()) == []
    store().path(kept["sha256"]).unlink()
    assert [(code, name) for _, code, name in changed_files()] == [("file_missing", "note.txt")]


def test_r37_a_document_that_is_not_in_the_store_is_refused(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    enter(cast, key, line, {"2026-08": "1.00"})
    with pytest.raises(Invalid):
        confirm(cast.controller, line, "2026-08", document=Document("note.txt", "0" * 64))
