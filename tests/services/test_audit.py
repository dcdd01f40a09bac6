"""Verification finds every kind of tampering and names the first bad row; anchors, exports, redaction, keys."""

import hashlib
import json

import pytest
from sqlalchemy import insert, select, text

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.engine import reading
from govapp.data.runtime import Runtime, configure, current
from govapp.domain.chain import COVERED, mac_of, mac_over
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.services._work import Origin, writing
from govapp.services.audit import anchor, exported_rows, verify
from tests.cast import SYSTEM
from tests.factories import bring_to, make_measure, make_proposal, move, submit
from tests.support.tampering import plainly, without_triggers

TABLE = AuditLog.__table__


def rows(chain="business"):
    with reading() as session:
        found = select(*TABLE.columns).where(TABLE.c.chain == chain).order_by(TABLE.c.sequence)
        return [dict(row) for row in session.execute(found).mappings()]


def last(chain="business"):
    return rows(chain)[-1]["sequence"]


@pytest.fixture
def history(database, cast):
    """A history with some rows in both chains."""
    make_measure(cast, "identified")
    make_proposal(cast)
    writing(cast.auditor.origin, lambda work: work.log(Event.AUDIT_OPENED, {}))
    return database


def first_bad(**how):
    result = verify(**how)
    assert not result.ok
    return result.first_bad.chain, result.first_bad.sequence, result.first_bad.code


def test_a_history_written_by_verbs_is_whole(history):
    result = verify(state=True, files=True)
    assert result.ok, result.faults
    assert result.rows == len(rows()) + len(rows("security"))
    assert result.heads["business"] == (last(), rows()[-1]["mac"])


def test_an_empty_history_is_whole(empty_database):
    assert verify(state=True, files=True).ok


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "'Somebody'"), ("at", "'2020-01-01 00:00:00.000000'"), ("payload_digest", "'x'")],
)
def test_r18_an_edited_row_is_found(history, column, value):
    without_triggers(
        history, f"UPDATE audit_log SET {column} = {value} WHERE chain = 'business' AND sequence = 20"
    )
    assert first_bad() == ("business", 20, "row_changed")


def test_r18_an_edited_payload_is_found(history):
    without_triggers(
        history, "UPDATE audit_log SET payload = '{}' WHERE chain = 'business' AND sequence = 21"
    )
    assert first_bad() == ("business", 21, "payload_changed")


def test_r18_bytes_that_are_no_text_are_found(sqlite, cast):
    make_measure(cast, "defined")
    without_triggers(sqlite, "UPDATE audit_log SET payload = CAST(x'ff00ff' AS TEXT) WHERE sequence = 9")
    assert first_bad()[1] == 9


def test_r18_a_deleted_row_is_found(history):
    without_triggers(history, "DELETE FROM audit_log WHERE chain = 'business' AND sequence = 15")
    assert first_bad() == ("business", 15, "row_missing")


def test_r18_swapped_rows_are_found(history):
    swap = "UPDATE audit_log SET sequence = :to WHERE chain = 'business' AND sequence = :at"
    without_triggers(history, swap, at=10, to=9000)
    without_triggers(history, swap, at=11, to=10)
    without_triggers(history, swap, at=9000, to=11)
    assert first_bad()[:2] == ("business", 10)


def test_r19_a_rehashed_history_is_found_because_the_key_is_missing(history):
    found = rows()
    changed, previous = [], found[29]["previous_mac"]
    for row in found[29:]:
        row["actor"] = "Somebody"
        row["previous_mac"] = previous
        row["mac"] = previous = mac_of(row, b"a key the forger has made up, long enough")
        changed.append(row)
    without_triggers(history, "DELETE FROM audit_log WHERE chain = 'business' AND sequence >= 30")
    with history.connect().execution_options(govapp_write=True) as connection, connection.begin():
        connection.execute(insert(AuditLog), changed)
        connection.execute(
            text("UPDATE audit_head SET mac = :mac WHERE chain = 'business'"), {"mac": previous}
        )
    assert first_bad() == ("business", 30, "row_changed")


def test_r19_a_cut_tail_is_found_by_the_head(history):
    end = last()
    without_triggers(history, f"DELETE FROM audit_log WHERE chain = 'business' AND sequence > {end - 3}")
    assert first_bad() == ("business", end - 2, "cut_off")


def test_r19_a_cut_tail_with_its_head_is_found_by_an_anchor(history):
    kept = anchor(SYSTEM)
    end = kept["heads"][0]["sequence"]
    cut = rows()[end - 4]
    without_triggers(
        history,
        "DELETE FROM anchor",
        f"DELETE FROM audit_log WHERE chain = 'business' AND sequence > {cut['sequence']}",
        "UPDATE audit_head SET sequence = :sequence, mac = :mac WHERE chain = 'business'",
        sequence=cut["sequence"], mac=cut["mac"],
    )  # fmt: skip
    assert verify().ok
    assert first_bad(anchor=kept) == ("business", end - 2, "cut_off")


def test_r19_a_cut_tail_is_found_by_the_anchors_the_database_remembers(history):
    anchor(SYSTEM)
    cut = rows()[20]
    without_triggers(
        history,
        f"DELETE FROM audit_log WHERE chain = 'business' AND sequence > {cut['sequence']}",
        "UPDATE audit_head SET sequence = :sequence, mac = :mac WHERE chain = 'business'",
        sequence=cut["sequence"], mac=cut["mac"],
    )  # fmt: skip
    assert first_bad() == ("business", 22, "cut_off")


def test_r19_an_anchor_survives_later_rows_and_a_foreign_one_does_not_fit(history, cast):
    kept = anchor(SYSTEM)
    make_proposal(cast)
    assert verify(anchor=kept).ok
    kept["heads"][0]["mac"] = "0" * 64
    assert first_bad(anchor=kept) == ("business", kept["heads"][0]["sequence"], "anchor_differs")
    for nonsense in ({}, {"heads": []}, {"heads": [{"chain": "other"}]}, {"heads": 3}):
        with pytest.raises(Invalid):
            verify(anchor=nonsense)


def test_r19_the_head_row_must_be_the_last_rows(history):
    plainly(history, "UPDATE audit_head SET mac = 'x' WHERE chain = 'security'")
    assert first_bad() == ("security", last("security"), "head_differs")
    plainly(history, "DELETE FROM audit_head WHERE chain = 'security'")
    assert first_bad() == ("security", last("security"), "head_missing")


@pytest.mark.parametrize(
    "act", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_r18_the_database_itself_refuses_changes_of_the_log(history, act):
    if act.startswith("TRUNCATE") and history.dialect.name == "sqlite":
        act = "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE sequence = 3"
    with pytest.raises(Exception, match="append-only"):
        plainly(history, act)
    assert verify().ok


def test_r18_the_database_refuses_changes_of_anchors(history):
    anchor(SYSTEM)
    for act in ("UPDATE anchor SET mac = 'x'", "DELETE FROM anchor"):
        with pytest.raises(Exception, match="append-only"):
            plainly(history, act)


def test_a_payload_redacted_by_a_logged_act_is_reported_and_one_without_is_a_fault(history):
    without_triggers(
        history, "UPDATE audit_log SET payload = NULL WHERE chain = 'business' AND sequence = 12"
    )
    assert first_bad() == ("business", 12, "payload_missing")
    said = {"chain": "business", "sequence": 12, "reason": "a name had to go"}
    writing(SYSTEM, lambda work: work.log(Event.PAYLOAD_REDACTED, said))
    result = verify()
    assert result.ok
    assert result.redacted == 1


def test_r19_files_finds_a_stored_file_changed_or_gone(history, cast):
    key = bring_to(cast, make_measure(cast, "detailed"), "detailed")
    submit(cast, key, "business-case")
    assert verify(files=True).ok
    stored = next(path for path in current().files.glob("??/??/*"))
    stored.chmod(0o600)
    stored.write_bytes(b"something else")
    assert first_bad(files=True)[2] == "file_changed"
    stored.unlink()
    assert first_bad(files=True)[2] == "file_missing"


def test_rows_signed_with_an_earlier_key_are_verified_with_it(history, cast):
    now = current()
    both = {**now.audit_keys, "k2": b"the key that came after, as long as it must be"}
    configure(Runtime(now.engine, both, "k2", now.files, now.timezone))
    make_proposal(cast)
    assert {row["key_id"] for row in rows()} == {"k1", "k2"}
    assert verify().ok
    configure(Runtime(now.engine, {"k2": both["k2"]}, "k2", now.files, now.timezone))
    assert first_bad() == ("business", 1, "key_unknown")


def test_refused_moves_are_in_the_history(database, cast):
    key = make_measure(cast, "defined")
    move(cast, key, "identified")
    refused = [row for row in rows() if row["event"] == "measure:move-refused"]
    unmet = [key for key, _code in json.loads(refused[-1]["payload"])["findings"]]
    assert "evidence:scope-statement" in unmet
    assert verify(state=True).ok


def test_r16_every_row_carries_what_it_must(history):
    for row in rows():
        assert row["sequence"]
        assert row["at"]
        assert row["actor"]
        assert row["source"] in {"web", "cli"}
        assert hashlib.sha256(row["payload"].encode()).hexdigest() == row["payload_digest"]


def test_times_never_go_back_along_a_chain(history, cast):
    past = Origin(cast.owner.id, "web", at=rows()[0]["at"])
    writing(past, lambda work: work.log(Event.AUDIT_OPENED, {}))
    writing(past, lambda work: work.log(Event.ROLES_SET, {}))
    for chain in ("business", "security"):
        times = [row["at"] for row in rows(chain)]
        assert times == sorted(times)


def test_the_fast_mac_is_the_mac(history):
    key = next(iter(current().audit_keys.values()))
    for row in rows():
        texts = ["-" if row[name] is None else str(row[name]) for name in COVERED]
        texts[COVERED.index("at")] = row["at"].isoformat(timespec="microseconds")
        texts.append(row["rows_digest"])
        assert mac_over(texts, key) == mac_of(row, key) == row["mac"]


def test_an_export_holds_every_row_of_both_chains(history):
    found = list(exported_rows())
    assert [row["sequence"] for row in found if row["chain"] == "business"] == [
        row["sequence"] for row in rows()
    ]
    assert found[0]["at"] == rows()[0]["at"].isoformat()


def test_only_who_may_export_anchors(database, cast):
    for who in (cast.owner, cast.administrator):
        with pytest.raises(Refused):
            anchor(who.origin)
    assert anchor(cast.auditor.origin)["heads"]


def test_the_head_is_that_of_the_last_row_after_every_verb(history):
    with reading() as session:
        heads = {head.chain: (head.sequence, head.mac) for head in session.scalars(select(AuditHead))}
    for chain, head in heads.items():
        end = rows(chain)[-1]
        assert head == (end["sequence"], end["mac"])
