"""Deriving again: all of it changes nothing; what time has made due is found by the clock."""

from datetime import timedelta

from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.measures import Card, Measure, StageTotal
from govapp.services._work import Origin, now, writing
from govapp.services.audit import verify
from govapp.services.board import BoardQuery, board
from govapp.services.board_changes import changes
from govapp.services.settling import settle_all, settle_due
from govapp.services.statuses import DeclareStatus, declare_status
from tests.cast import SYSTEM
from tests.factories import make_measure, make_proposal, move, submit, supply, vote

QUERY = BoardQuery(branch="service-quality")


def card_of(key):
    with reading() as session:
        found = session.scalars(
            select(Card).join(Measure, Measure.id == Card.measure_id).where(Measure.key == key)
        ).one()
        session.expunge(found)
        return found


def totals():
    with reading() as session:
        return sorted(
            tuple(row) for row in session.execute(select(*StageTotal.__table__.columns)) if row.count
        )


def test_settling_everything_again_changes_nothing(database, cast):
    key = make_measure(cast, "identified")
    make_measure(cast, "detailed", "first-contact")
    make_proposal(cast)
    move(cast, key, "detailed")
    before = totals()
    rows = verify().rows
    assert settle_all(SYSTEM) == 0
    assert totals() == before
    assert verify().rows == rows


def test_a_step_that_opens_again_waits_since_then_and_settling_again_changes_nothing(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    asked = card_of(key).waits_since
    vote(cast, key, cast.controller)
    vote(cast, key, cast.sponsor, "comment", reason="Who runs it at night?")
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert card_of(key).waits_since == asked, "the sponsor has not decided since then"
    assert settle_all(SYSTEM) == 0
    vote(cast, key, cast.sponsor)
    before = now()
    submit(cast, key, "plan-numbers", run_rate=80_000)
    vote(cast, key, cast.controller)
    assert card_of(key).waits_since >= before
    assert settle_all(SYSTEM) == 0


def test_derived_data_that_was_spoiled_is_rebuilt(database, cast):
    key = make_measure(cast, "defined")
    right = card_of(key)

    def spoil(work):
        work.session.execute(update(Card).values(missing=99, waits_for="nothing", owner_id=None))

    writing(SYSTEM, spoil)
    assert settle_all(SYSTEM) == 1
    rebuilt = card_of(key)
    assert (rebuilt.missing, rebuilt.waits_for, rebuilt.owner_id) == (
        right.missing,
        right.waits_for,
        right.owner_id,
    )


def test_progress_is_said_until_the_last_measure(database, cast):
    for _ in range(3):
        make_proposal(cast)
    said = []
    settle_all(SYSTEM, lambda done, total: said.append((done, total)))
    assert said[-1] == (3, 3)


def test_the_clock_finds_evidence_that_has_expired(database, cast):
    key = make_measure(cast, "defined")
    submit(cast, key, "baseline-record")
    assert card_of(key).check_at > now()
    assert settle_due(SYSTEM) == 0
    later = Origin(None, "job", at=now() + timedelta(days=400))
    assert settle_due(later) == 1
    assert card_of(key).expired == ["baseline-record"]
    assert settle_due(later) == 0


def test_open_boards_hear_of_what_the_clock_has_changed(database, cast):
    key, other = make_measure(cast), make_measure(cast)
    declare_status(DeclareStatus(key, "implementation", "green", "", cast.owner.origin))
    with reading() as session:
        owner = load_actor(session, cast.owner.id, now())
    since, rows = board(owner, QUERY).since, verify().rows
    assert settle_due(Origin(None, "job", at=now() + timedelta(days=100))) == 1
    found = changes(owner, QUERY, since)
    assert [(row.key, row.implementation) for row in found.rows] == [(key, "none")]
    assert changes(owner, QUERY, found.since) is None
    assert verify(state=True).ok
    assert verify().rows == rows + 1, "one row says what time has changed"
    assert card_of(other).change_seq <= since
