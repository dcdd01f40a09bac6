"""`audit verify --state` finds what was changed in the tables past the program; facts refuse changes by themselves."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.runtime import current
from govapp.domain.chain import mac_of
from govapp.services._audit_state import state_faults
from govapp.services.audit import verify
from govapp.services.comments import AddComment, add_comment
from govapp.services.measures import EditMeasure, edit_measure
from tests.factories import make_measure, make_proposal, version_of
from tests.support.tampering import plainly, without_triggers


@pytest.fixture
def record(database, cast):
    """A measure with evidence, dossiers, votes, a comment and an edit; its key."""
    key = make_measure(cast, "identified")
    add_comment(AddComment(key, "The pilot went well.", cast.member.origin))
    edit_measure(EditMeasure(key, version_of(key), {"title": "Fewer calls"}, cast.lead.origin))
    assert verify(state=True, files=True).ok
    return key


def faults():
    return {fault.code for fault in verify(state=True).faults}


MORE_FILES = (
    "INSERT INTO evidence_file (revision_id, field, name, digest, size, type) "
    "VALUES (1, 'file', 'more.pdf', '00', 1, 'application/pdf')"
)
FORGED = {
    "a vote's verdict": ["UPDATE vote SET verdict = 'send_back' WHERE id = (SELECT max(id) FROM vote)"],
    "a vote's voter": ["UPDATE vote SET person_id = person_id + 1 WHERE id = 1"],
    "a vote that is gone": ["DELETE FROM vote WHERE id = (SELECT max(id) FROM vote)"],
    "values of evidence": ["UPDATE evidence_revision SET \"values\" = '{}' WHERE id = 1"],
    "a file of evidence": [MORE_FILES],
    "the content of a dossier": ["UPDATE dossier SET content = '{}'"],
    "who decides a step": ["UPDATE review_step SET deciders = '{\"roles\":[\"member\"]}' WHERE id = 1"],
    "a comment": ["UPDATE comment SET text = 'It went badly.'"],
    "when a stage was entered": ["UPDATE stage_passage SET how = 'reopen' WHERE id = 1"],
    "a title with its history": [
        f"UPDATE {table} SET title = 'Quite another' WHERE title = 'Fewer calls'"
        for table in ("measure", "measure_history")
    ],
    "an earlier title": ["UPDATE measure_history SET title = 'Quite another' WHERE to_seq IS NOT NULL"],
    "how long a state lasted": ["UPDATE measure_history SET to_seq = to_seq - 1 WHERE to_seq IS NOT NULL"],
    "a part with its history": [
        f"DELETE FROM {table} WHERE part = 'finance_contact'" for table in ("part", "part_history")
    ],
    "a role with its history": [
        f"UPDATE {table} SET role_id = role_id + 1 WHERE id = 1" for table in ('"grant"', "grant_history")
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_r19_state_finds_what_was_forged_past_the_program(database, record, what):
    without_triggers(database, *FORGED[what])
    assert "rows_differ" in faults()
    assert verify().ok, "the chain itself is whole"


def test_r19_state_finds_a_vote_that_nobody_cast(database, record):
    insert = (
        "INSERT INTO vote (review_id, step_id, dossier_id, person_id, right_used, verdict, reason, meaning, at, seq) "
        "SELECT review_id, step_id, dossier_id, person_id, right_used, verdict, reason, meaning, at, {} FROM vote "
        "WHERE id = 1"
    )
    for seq, code in (("seq", "rows_differ"), ("0", "rows_unlogged"), ("seq + 100000", "rows_unlogged")):
        without_triggers(database, "DELETE FROM vote WHERE id > (SELECT max(step_id) FROM vote)")
        plainly(database, insert.format(seq))
        assert code in faults(), seq


def test_r19_state_finds_a_measure_that_is_gone_with_all_it_had(database, cast, record):
    gone = make_proposal(cast)
    owned = ("part", "part_history", "card", "notice", "measure_history")
    by = f"(SELECT id FROM measure WHERE key = '{gone}')"
    without_triggers(
        database,
        *(f"DELETE FROM {t} WHERE measure_id IN {by}" for t in owned[:-1]),
        f"DELETE FROM measure_history WHERE id IN {by}",
        f"DELETE FROM measure WHERE key = '{gone}'",
    )
    assert {"measure_missing", "rows_differ"} <= faults()


def test_r19_state_finds_evidence_hung_on_another_kind(database, record):
    plainly(database, "UPDATE evidence SET kind = 'lessons-learned' WHERE id = 1")
    assert faults() == {"piece_differs"}


def test_r19_state_finds_a_measure_moved_past_the_log(database, record):
    plainly(database, "UPDATE measure SET stage = 'closed' WHERE key = :key", key=record)
    assert verify(state=True).first_bad.code == "state_differs"
    assert verify().ok


def test_r19_state_finds_a_kept_row_changed_past_the_log(database, record):
    plainly(database, "UPDATE measure SET title = 'Quietly renamed' WHERE id = 1")
    assert faults() == {"history_differs"}
    plainly(database, "DELETE FROM part WHERE measure_id = 1 AND part = 'finance_contact'")
    assert "history_count_differs" in faults()


def test_a_stage_whose_last_log_row_was_redacted_is_not_called_wrong(database, record):
    last = "SELECT max(sequence) FROM audit_log WHERE event = 'measure:moved'"
    without_triggers(database, f"UPDATE audit_log SET payload = NULL WHERE sequence = ({last})")
    assert list(state_faults()) == []


GUARDED = ("vote", "dossier", "comment", "evidence_revision", "evidence_file")


@pytest.mark.parametrize("table", GUARDED)
def test_r18_facts_refuse_changes_by_themselves(database, record, table):
    acts = [f"UPDATE {table} SET id = id + 1000", f"DELETE FROM {table}"]
    if table != "evidence_file":
        acts.append(f"UPDATE {table} SET seq = seq + 1")
    if database.dialect.name == "postgresql":
        acts.append(f"TRUNCATE {table} CASCADE")
    if table == "evidence_file":
        plainly(
            database,
            "INSERT INTO blob (digest, size, type, stored_at) VALUES ('00', 1, 'text/plain', :at)",
            at=datetime.now(UTC),
        )
        plainly(database, MORE_FILES)
    for act in acts:
        with pytest.raises(Exception, match="append-only"):
            plainly(database, act)


def test_r18_evidence_is_judged_once(database, record):
    judge = "UPDATE evidence_revision SET judged = :verdict, judged_by = 1 WHERE id = 1"
    plainly(database, judge, verdict="accepted")
    with pytest.raises(Exception, match="append-only"):
        plainly(database, judge, verdict="returned")


def test_r19_rows_from_before_log_rows_covered_them_are_not_judged_and_those_since_are(
    database, cast, record
):
    with reading() as session:
        old = [dict(row) for row in session.execute(
            select(AuditLog.__table__).where(AuditLog.chain == "business").order_by(AuditLog.sequence)
        ).mappings()]  # fmt: skip
    previous, statements = old[0]["previous_mac"], []
    for row in old:
        row |= {"rows_digest": None, "previous_mac": previous}
        previous = mac_of(row, current().audit_keys["k1"])
        statements.append(
            f"UPDATE audit_log SET rows_digest = NULL, mac = '{previous}', previous_mac = '{row['previous_mac']}' "
            f"WHERE chain = 'business' AND sequence = {row['sequence']}"
        )
    without_triggers(
        database, *statements, f"UPDATE audit_head SET mac = '{previous}' WHERE chain = 'business'"
    )
    assert verify(state=True).ok
    make_measure(cast, "defined")
    assert verify(state=True).ok
    without_triggers(database, "UPDATE vote SET verdict = 'send_back' WHERE id = (SELECT max(id) FROM vote)")
    assert faults() == {"rows_differ"}
