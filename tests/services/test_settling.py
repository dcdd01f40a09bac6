"""Deriving again: all of it changes nothing; what time has made due is found by the clock."""

from datetime import timedelta

from sqlalchemy import select, update

from govapp.data.engine import reading
from govapp.data.measures import Card, Measure, StageTotal
from govapp.services._work import Origin, now, writing
from govapp.services.audit import verify
from govapp.services.settling import settle_all, settle_due
from tests.cast import SYSTEM
from tests.factories import make_measure, make_proposal, measure_row, move, submit


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
    assert measure_row(key).stage == "defined"
