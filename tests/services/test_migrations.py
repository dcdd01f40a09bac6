"""Measures brought to another version of their rules: said before, refused with why, in chunks, whole after a kill."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.imports import Batch, BatchRow
from govapp.data.notices import Outbox
from govapp.data.version_queries import migration_rows
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.rights import SYSTEM as SYSTEM_ACTOR
from govapp.services import migration_runs
from govapp.services._work import Origin, now, writing
from govapp.services.audit import verify
from govapp.services.drafts import ActivateVersion, DraftVersion, activate_version, draft_version
from govapp.services.governance import FIRST_SET, read_set
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.migrating import MigrateMeasures, preview_migration, scope_of, start_migration
from govapp.services.migration_runs import resume_migrations, run_migration
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import (
    bring_to,
    loaded,
    make_measure,
    make_proposal,
    measure_row,
    move,
    stage_of,
    supply,
    version_of,
)
from tests.many import everything, open_many


def second_set():
    """Asks for a longer problem to get Identified, no longer for a scope statement, and for the sponsor twice over."""
    data = copy.deepcopy(read_set(FIRST_SET))
    data["set"]["version"] = 2
    gate = next(each for each in data["gates"] if each["into"] == "identified")
    gate["criteria"] = [each for each in gate["criteria"] if each["id"] != "evidence:scope-statement"]
    gate["criteria"].append(
        {"id": "field:description", "kind": "field", "params": {"fields": ["description"], "min_length": 900},
         "wording": "The description is long.", "supplied_by": ["owner"]}
    )  # fmt: skip
    gate["steps"] = ["controller-check"]
    return data


def switch_on(data=None):
    """Draft and activate; the row of the version."""
    made = draft_version(DraftVersion(SYSTEM, data or second_set()))
    activate_version(ActivateVersion(SYSTEM, made.version_id, "Agreed"))
    return made.version_id


def preview(version, *keys, branch="", everything=False, actor=SYSTEM_ACTOR, limit=None):
    with reading() as session:
        scope = scope_of(session, actor, keys, branch, everything=everything)
    return preview_migration(actor, version, scope, now(), limit=limit)


def start(version, *keys, origin=SYSTEM, reason="The new rules fit better", **more):
    return start_migration(MigrateMeasures(origin, version, reason, keys, **more), by_job=False)


def migrate(version, *keys, **more):
    return run_migration(start(version, *keys, **more))


def outcomes(batch):
    with reading() as session:
        rows = session.scalars(select(BatchRow).where(BatchRow.batch_id == batch).order_by(BatchRow.number))
        return {row.content["key"]: (row.state, row.outcome) for row in rows}


def versions_of(keys):
    return {loaded(key).rules.version for key in keys}


def test_a_preview_says_what_changes_for_each_and_writes_nothing(database, cast):
    key = make_measure(cast, "defined")
    version, before = switch_on(), everything()
    found = preview(version, everything=True)
    assert (found.total, [each.key for each in found.planned]) == (1, [key])
    change = found.planned[0].change
    assert change.into == "identified"
    assert [finding.key for finding in change.newly_unmet] == ["field:description"]
    assert [finding.key for finding in change.newly_met] == ["evidence:scope-statement"]
    assert [step.key for step in change.steps_added] == ["controller-check"]
    assert [step.key for step in change.steps_removed] == ["sponsor-decision"]
    assert found.planned[0].number == 1
    assert everything() == before


def test_only_the_measures_chosen_go_on_under_the_new_version(database, cast):
    one, other = make_measure(cast, "defined"), make_measure(cast, "defined")
    seen = version_of(one)
    done = migrate(switch_on(), one)
    assert (done.changed, done.refused, done.unchanged) == (1, 0, 0)
    assert (loaded(one).rules.version, loaded(other).rules.version) == (2, 1)
    assert version_of(one) == seen + 1
    assert verify(state=True).ok


def test_derived_data_follow_the_new_rules_at_once(database, cast):
    key = make_measure(cast, "defined")
    migrate(switch_on(), key)
    card = loaded(key).card
    assert "field:description" in card.missing_keys
    assert "evidence:scope-statement" not in card.missing_keys
    assert settle_all(SYSTEM) == 0


def test_each_measure_s_history_says_from_which_version_to_which_and_why(database, cast):
    key = make_measure(cast, "defined")
    migrate(switch_on(), key, origin=cast.administrator.origin, reason="Lighter rules")
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == "measure:migrated")).one()
        assert row.measure_id == measure_row(key).id
        assert row.actor_id == cast.administrator.id
        assert row.right_used.startswith("role:administrator@")
        assert all(each in row.payload for each in ('"from":1', '"to":2', "Lighter rules"))
        events = session.scalars(select(AuditLog.event).order_by(AuditLog.sequence.desc()).limit(3)).all()
    assert events == ["governance:migration-ended", "measure:migrated", "governance:migration-started"]


def test_a_measure_with_an_open_review_is_refused_and_keeps_its_version(database, cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    move(cast, key, "identified")
    review = loaded(key).snapshot.review
    batch = start(switch_on(), key)
    assert run_migration(batch).refused == 1
    assert outcomes(batch)[key] == ("refused", {"why": ["review_open"], "stage": "defined"})
    assert loaded(key).rules.version == 1
    assert loaded(key).snapshot.review == review


def test_a_measure_whose_stage_is_gone_is_refused(database, cast):
    key, data = make_measure(cast, "detailed"), read_set(FIRST_SET)
    version = switch_on()
    bring_to(cast, key, "decided")
    data["set"]["version"] = 3
    data["stages"] = [each for each in data["stages"] if each["key"] != "detailed"]
    data["gates"] = [each for each in data["gates"] if each["into"] != "detailed"]
    next(each for each in data["gates"] if each["into"] == "decided")["from"] = "identified"
    third = switch_on(data)
    move(cast, key, "detailed", by=cast.lead, reason="Once more")
    assert stage_of(key) == "detailed"
    batch = start(third, key)
    assert run_migration(batch).refused == 1
    assert outcomes(batch)[key][1]["why"] == ["stage_missing"]
    assert migrate(version, key).changed == 1, "a version that still has the stage takes it"


def test_proposals_and_cancelled_measures_go_along_and_archived_ones_stay(database, cast):
    proposal, cancelled = make_proposal(cast), make_measure(cast, "defined")
    move(cast, cancelled, ask="cancel", by=cast.lead, reason="Not worth it")
    done = migrate(switch_on(), everything=True)
    assert done.changed == 2
    assert versions_of([proposal, cancelled]) == {2}


def test_all_of_a_branch_and_nothing_beside_it(database, cast):
    here = open_many(3, "service-desk")
    version = switch_on()
    beside = make_measure(cast, "defined", branch="service-quality")
    assert loaded(beside).rules.version == 2
    done = migrate(version, branch="service-desk")
    assert done.changed == 3
    assert versions_of(here) == {2}


def test_many_are_done_in_chunks_and_each_chunk_is_whole(database, cast, monkeypatch):
    keys = open_many(25)
    version = switch_on()
    monkeypatch.setattr(migration_runs, "CHUNK", 10)
    monkeypatch.setattr(migration_runs, "STAGE_CHUNK", 7)
    said = []
    batch = start(version, everything=True)
    done = run_migration(batch, lambda what, so_far, total: said.append((so_far, total)))
    assert said == [(10, 25), (20, 25), (25, 25)]
    assert done.changed == 25
    assert versions_of(keys) == {2}
    assert verify(state=True).ok


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def test_what_a_kill_left_unfinished_goes_on_where_it_stopped(database, cast, monkeypatch):
    keys = open_many(25)
    version = switch_on()
    monkeypatch.setattr(migration_runs, "CHUNK", 10)
    batch = start(version, everything=True)

    def stop(what, so_far, total):
        raise Killed

    with pytest.raises(Killed):
        run_migration(batch, stop)
    assert sum(loaded(key).rules.version == 2 for key in keys) == 10
    again = start(version, everything=True)
    assert again == batch, "the same request finds the migration that was left"
    assert run_migration(batch).changed == 25
    assert versions_of(keys) == {2}
    with reading() as session:
        found = session.scalars(select(AuditLog.measure_id).where(AuditLog.event == "measure:migrated")).all()
    assert len(found) == len(set(found)) == 25, "no measure was brought over twice"


def test_a_kill_while_measures_are_staged_leaves_none_out(database, cast, monkeypatch):
    open_many(25)
    version = switch_on()
    monkeypatch.setattr(migration_runs, "STAGE_CHUNK", 10)
    batch = start(version, everything=True)
    assert writing(SYSTEM, lambda work: migration_runs._stage_some(work, batch))
    assert run_migration(batch).changed == 25


def test_the_clock_hands_out_again_what_stands_still_once_a_minute(database, cast):
    open_many(2)
    start(switch_on(), everything=True)
    later = Origin(None, "job", at=datetime.now(UTC) + timedelta(minutes=3))
    assert resume_migrations(Origin(None, "job")) == 0
    assert [resume_migrations(later), resume_migrations(later)] == [1, 0]
    with reading() as session:
        assert [
            row.payload["name"] for row in session.scalars(select(Outbox).where(Outbox.kind == "job"))
        ] == ["govapp.jobs.rules.migrate"]


def test_a_migration_that_has_ended_is_not_done_again(database, cast):
    key = make_measure(cast, "defined")
    batch = start(switch_on(), key)
    first, before = run_migration(batch), version_of(key)
    assert run_migration(batch) == first
    assert version_of(key) == before
    assert run_migration(9999) is None


def test_r07_who_lost_the_right_meanwhile_brings_nothing_more_over(database, cast):
    keys = open_many(3)
    grant = grant_role(GrantRole(SYSTEM, cast.stranger.id, "administrator", "OI"))
    batch = start(switch_on(), origin=cast.stranger.origin, everything=True)
    writing(cast.stranger.origin, lambda work: migration_runs._stage_some(work, batch))
    end_grant(EndGrant(SYSTEM, grant, "Gone"))
    done = run_migration(batch)
    assert (done.changed, done.refused) == (0, 3)
    assert versions_of(keys) == {1}
    assert {row[1]["why"][0] for row in outcomes(batch).values()} == {"no_right_any_more"}


def test_r08_an_administrator_elsewhere_brings_nothing_over_here(database, cast):
    here = open_many(2)
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "administrator", "NW"))
    with pytest.raises(Invalid, match="migration_empty"):
        start(switch_on(), origin=cast.stranger.origin, everything=True)
    assert versions_of(here) == {1}


def test_r08_nobody_without_the_right_sees_or_starts_one(database, cast):
    key = make_measure(cast, "defined")
    version = switch_on()
    for who in (cast.lead, cast.controller, cast.auditor):
        with pytest.raises(Refused):
            start(version, key, origin=who.origin)


def test_it_needs_a_reason_one_scope_and_a_version_that_was_switched_on(database, cast):
    key = make_measure(cast, "defined")
    version = switch_on()
    drafted = draft_version(DraftVersion(SYSTEM, copy_of=version)).version_id
    for act, said in (
        (lambda: start(version, key, reason=" "), "not_saved"),
        (lambda: start(version), "migration_scope"),
        (lambda: start(version, key, everything=True), "migration_scope"),
        (lambda: start(drafted, key), "version_draft"),
        (lambda: start(version, "M-999"), "migration_empty"),
    ):
        with pytest.raises(Invalid, match=said):
            act()
    for act in (lambda: start(999, key), lambda: start(version, branch="nowhere")):
        with pytest.raises(NotFound):
            act()
    with reading() as session:
        assert session.scalars(select(Batch.id)).all() == []


def test_r08_a_reader_sees_what_became_of_the_measures_they_may_read(database, cast):
    key = make_measure(cast, "defined")
    batch = start(switch_on(), key)
    run_migration(batch)
    with reading() as session:
        lead, outsider = (load_actor(session, who.id, now()) for who in (cast.lead, cast.outsider))
        rows, total = migration_rows(session, lead, batch, 1)
        assert ([row.content["key"] for row in rows], total) == ([key], 1)
        assert migration_rows(session, outsider, batch, 1) == ([], 0)
