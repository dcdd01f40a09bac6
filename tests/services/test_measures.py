"""Measures by verbs: proposing, editing, archiving, on SQLite and PostgreSQL."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY
from govapp.data.engine import reading
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.services._work import Origin
from govapp.services.comments import AddComment, add_comment
from govapp.services.measures import (
    ArchiveProposal,
    EditMeasure,
    ProposeMeasure,
    archive_proposal,
    edit_measure,
    propose_measure,
)
from tests.factories import fields_of, loaded, make_measure, make_proposal, measure_row, move, version_of

IMPORT = Origin(None, "import")


def last_payload() -> dict:
    with reading() as session:
        row = session.execute(select(AuditLog).order_by(AuditLog.sequence.desc()).limit(1)).scalar_one()
        return json.loads(row.payload or "{}")


def test_keys_grow_and_are_never_used_again(database, cast):
    first = make_proposal(cast)
    archive_proposal(ArchiveProposal(first, 1, "Not worth it", cast.owner.origin))
    second = make_proposal(cast)
    assert (first, second) == ("M-1", "M-2")
    replayed = propose_measure(ProposeMeasure("service-desk", fields_of(), IMPORT, key="M-140"))
    assert replayed == "M-140"
    assert make_proposal(cast) == "M-141"
    with pytest.raises(Invalid) as error:
        propose_measure(ProposeMeasure("service-desk", fields_of(), IMPORT, key="M-140"))
    assert error.value.errors == {"key": ["measure_key_taken"]}


def test_a_person_cannot_choose_a_key(database, cast):
    with pytest.raises(Refused):
        propose_measure(ProposeMeasure("service-desk", fields_of(), cast.owner.origin, key="M-7"))


def test_a_proposal_has_no_stage_and_the_active_rules(database, cast):
    key = make_proposal(cast)
    found = loaded(key)
    assert (found.snapshot.stage, found.snapshot.state, found.rules.workflow) == (
        None,
        "proposed",
        "service-team",
    )
    assert found.card is not None
    assert found.card.next_stage == "defined"


def test_a_measure_does_not_lie_under_an_organization_or_portfolio(database, cast):
    for branch in ("OI", "operations"):
        with pytest.raises(Invalid) as error:
            propose_measure(ProposeMeasure(branch, fields_of(), IMPORT))
        assert error.value.errors == {"branch": ["branch_too_high"]}


def test_r08_who_may_not_propose_here_is_refused(database, cast):
    with pytest.raises(NotFound):
        make_proposal(cast, by=cast.outsider)
    for person in (cast.auditor, cast.administrator, cast.controller):
        with pytest.raises(Refused):
            make_proposal(cast, by=person)


def test_an_edit_is_logged_with_old_and_new_and_kept_by_sequence(database, cast):
    key = make_proposal(cast, title="The old title here")
    edit_measure(EditMeasure(key, 1, {"title": "The new title here"}, cast.owner.origin))
    assert last_payload()["changes"] == {"title": ["The old title here", "The new title here"]}
    twin = HISTORY["measure"]
    with reading() as session:
        rows = session.execute(
            select(twin.c.title, twin.c.from_seq, twin.c.to_seq).order_by(twin.c.history_id)
        ).all()
    assert [row.title for row in rows] == ["The old title here", "The new title here"]
    assert rows[0].to_seq == rows[1].from_seq
    assert rows[1].to_seq is None


def test_an_edit_that_changes_nothing_writes_nothing(database, cast):
    key = make_proposal(cast)
    assert edit_measure(EditMeasure(key, 1, {"title": fields_of()["title"]}, cast.owner.origin)) == 1


def test_r10_an_old_version_is_refused(database, cast):
    key = make_proposal(cast)
    edit_measure(EditMeasure(key, 1, {"vendor": ""} | {"title": "First writer wins"}, cast.owner.origin))
    with pytest.raises(Stale):
        edit_measure(EditMeasure(key, 1, {"title": "Second writer"}, cast.owner.origin))
    assert measure_row(key).title == "First writer wins"


def test_r09_no_field_outside_the_list_is_taken(database, cast):
    key = make_proposal(cast)
    for name in ("stage", "state", "key", "version", "archived", "created_by"):
        with pytest.raises(Invalid):
            edit_measure(EditMeasure(key, 1, {name: "closed"}, cast.owner.origin))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e400", "-1", "1e18"])
def test_amounts_that_are_none_are_refused(sqlite, cast, amount):
    key = make_proposal(cast)
    with pytest.raises(Invalid):
        edit_measure(EditMeasure(key, 1, {"vendor_spend": Decimal(amount)}, cast.owner.origin))


def test_texts_of_ten_kilobytes_are_kept_and_longer_ones_refused(database, cast):
    key = make_proposal(cast)
    edit_measure(EditMeasure(key, 1, {"description": "字" * 10_240}, cast.owner.origin))
    with pytest.raises(Invalid) as error:
        edit_measure(EditMeasure(key, 2, {"description": "x" * 10_241}, cast.owner.origin))
    assert error.value.errors == {"description": ["too_long"]}


def test_only_a_proposal_is_archived_and_its_open_review_ends(database, cast):
    key = make_proposal(cast)
    move(cast, key, "defined")
    with pytest.raises(Invalid):
        archive_proposal(ArchiveProposal(key, version_of(key), " ", cast.lead.origin))
    archive_proposal(ArchiveProposal(key, version_of(key), "Done elsewhere", cast.lead.origin))
    assert measure_row(key).archived
    assert loaded(key).snapshot.review is None
    accepted = make_measure(cast, "defined")
    with pytest.raises(Invalid):
        archive_proposal(ArchiveProposal(accepted, version_of(accepted), "Too late", cast.lead.origin))


def test_who_only_reads_does_not_comment(database, cast):
    key = make_proposal(cast)
    assert add_comment(AddComment(key, "Worth a look", cast.member.origin)) > 0
    for person in (cast.auditor, cast.administrator):
        with pytest.raises(Refused):
            add_comment(AddComment(key, "Mine too", person.origin))
