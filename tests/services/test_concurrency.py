"""Threads on one database: one winner, nothing lost, sequences without gaps; failures and replays write nothing."""

import sqlite3
import threading
import time
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from sqlalchemy import DDL, Engine, ExceptionContext, event, func, select, text

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.engine import BUSY_MILLISECONDS, reading
from govapp.data.measures import StagePassage, StageTotal
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import KeyReused, Stale
from govapp.domain.events import Event
from govapp.services._work import Busy, Work, now, writing
from govapp.services.audit import verify
from govapp.services.measures import EditMeasure, edit_measure
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.plans import AddDependency, add_dependency
from govapp.services.reviews import CastVote, cast_vote
from govapp.services.settling import settle_all
from tests.cast import SYSTEM, Cast
from tests.factories import (
    bring_to,
    hold,
    key_of_form,
    loaded,
    make_measure,
    make_proposal,
    measure_row,
    move,
    open_review,
    review_states,
    stage_of,
    supply,
    version_of,
    vote,
)
from tests.many import at_once, everything, open_many

pytestmark = pytest.mark.usefixtures("database")
THREADS = 8
REASON = "The plan has to be made again"


def recycle(cast: Cast, key: str, version: int, action_key: str = "", reason: str = REASON) -> MoveOutcome:
    """Back to Defined, by the program lead."""
    return move_measure(
        MoveMeasure(key, cast.lead.origin, version, "defined", reason=reason, action_key=action_key)
    )


def log_of(key: str) -> list[str]:
    with reading() as session:
        events = select(AuditLog.event).where(AuditLog.measure_id == measure_row(key).id)
        return list(session.scalars(events.order_by(AuditLog.sequence)))


def gaps() -> list[tuple[str, int, int]]:
    """Chains whose number of rows is not their last sequence or not what their head says."""
    with reading() as session:
        rows = session.execute(
            select(
                AuditHead.chain,
                AuditHead.sequence,
                func.count(AuditLog.sequence),
                func.max(AuditLog.sequence),
            )
            .join(AuditLog, AuditLog.chain == AuditHead.chain)
            .group_by(AuditHead.chain, AuditHead.sequence)
        )
        return [(chain, head, count) for chain, head, count, last in rows if not head == count == last]


def test_r10_of_eight_moves_of_one_card_exactly_one_wins_and_the_others_are_stale(cast: Cast) -> None:
    key = open_many(1)[0]
    version = version_of(key)
    results = at_once([partial(recycle, cast, key, version, key_of_form()) for _ in range(THREADS)])
    won = [result for result in results if isinstance(result, MoveOutcome)]
    assert [outcome.outcome for outcome in won] == [Outcome.ALLOWED]
    assert sum(isinstance(result, Stale) for result in results) == THREADS - 1, results
    assert (stage_of(key), version_of(key)) == ("defined", version + 1)
    assert log_of(key).count(Event.MEASURE_MOVED) == 1


def test_r10_eighty_moves_of_different_cards_by_eight_threads_all_succeed(cast: Cast) -> None:
    keys = open_many(80)
    stop, seen = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            seen.append(gaps())
            time.sleep(0.005)

    def work_through(mine: list[str]) -> list[MoveOutcome]:
        return [recycle(cast, key, 1, key_of_form()) for key in mine]

    watcher = threading.Thread(target=watch)
    watcher.start()
    results = at_once([partial(work_through, keys[n::THREADS]) for n in range(THREADS)])
    stop.set()
    watcher.join()
    assert all(isinstance(result, list) for result in results), results
    assert {stage_of(key) for key in keys} == {"defined"}
    assert seen and not any(seen), "somebody saw a sequence before the ones below it"
    with reading() as session:
        counted = session.execute(
            select(StageTotal.stage, StageTotal.count).where(StageTotal.currency == "", StageTotal.count != 0)
        ).all()
    assert [tuple(row) for row in counted] == [("defined", 80)]
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_r10_edits_of_one_measure_at_once_keep_one_and_tell_the_others(cast: Cast) -> None:
    key = make_proposal(cast)
    version = version_of(key)

    def edit(n: int) -> int:
        command = EditMeasure(key, version, {"description": f"Text number {n}."}, cast.owner.origin)
        return edit_measure(command)

    results = at_once([partial(edit, n) for n in range(THREADS)])
    assert sum(isinstance(result, Stale) for result in results) == THREADS - 1, results
    assert version_of(key) == version + 1


def test_two_deciders_who_vote_at_the_same_moment_move_the_card_once(cast: Cast) -> None:
    for _ in range(3):
        key = make_measure(cast, "identified")
        supply(cast, key, "detailed")
        move(cast, key, "detailed")
        review, dossier = open_review(key)
        votes = [CastVote(review, "approve", dossier, who.origin) for who in (cast.sponsor, cast.controller)]
        results = at_once([partial(cast_vote, each) for each in votes])
        assert sorted(getattr(result, "result", repr(result)) for result in results) == ["kept", "moved"]
        assert stage_of(key) == "detailed"
        assert review_states(key)[-1] == "passed"
        assert log_of(key).count(Event.REVIEW_ENDED) == len(review_states(key))


def test_a_vote_and_a_recycle_at_the_same_moment_do_not_both_count(cast: Cast) -> None:
    for _ in range(3):
        key = make_measure(cast, "identified")
        supply(cast, key, "detailed")
        move(cast, key, "detailed")
        vote(cast, key, cast.sponsor)
        version = version_of(key)
        review, dossier = open_review(key)
        approve = CastVote(review, "approve", dossier, cast.controller.origin)
        results = at_once([partial(cast_vote, approve), partial(recycle, cast, key, version)])
        assert sum(isinstance(result, Stale) for result in results) == 1, results
        assert stage_of(key) in {"detailed", "defined"}
    assert verify(state=True).ok


def test_measures_that_depend_on_each_other_move_at_once_without_a_deadlock(
    database: Engine, cast: Cast
) -> None:
    """A moves, which settles B that waits for it, while B moves: both write the totals of one branch."""
    keys = [make_measure(cast) for _ in range(4)]
    for n, key in enumerate(keys[1:]):
        add_dependency(AddDependency(key, keys[n], "identified", cast.owner.origin))
    failed: list[str] = []

    def note(context: ExceptionContext) -> None:
        failed.append(str(context.original_exception))

    def back_and_forth(key: str) -> int:
        for _ in range(6):
            hold(cast, key)
            move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="The vendor has answered by now")
        return 1

    event.listen(database, "handle_error", note)
    results = at_once([partial(back_and_forth, key) for key in keys])
    event.remove(database, "handle_error", note)
    assert results == [1] * len(keys)
    assert failed == []
    assert settle_all(SYSTEM) == 0


STEPS_OF_A_LAST_VOTE = (
    "vote",
    "review",
    "stage_passage",
    "measure",
    "measure_history",
    "notice",
    "stage_total",
    "audit_log",
)


def break_writes(engine: Engine, table: str) -> None:
    """From now on the database refuses to write this table."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for act in ("INSERT", "UPDATE"):
                connection.execute(
                    DDL(
                        f"CREATE TRIGGER broken_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
                    )
                )
            return
        connection.execute(
            DDL("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$")
        )
        connection.execute(
            DDL(
                f"CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
            )
        )


@pytest.mark.parametrize("table", STEPS_OF_A_LAST_VOTE)
def test_r11_a_move_that_fails_anywhere_rolls_back_everything(
    database: Engine, cast: Cast, table: str
) -> None:
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    vote(cast, key, cast.sponsor)
    before = everything()
    break_writes(database, table)
    with pytest.raises(Exception, match="broken"):
        vote(cast, key, cast.controller)
    assert everything() == before


def test_r11_an_exception_inside_a_verb_takes_log_outbox_and_notices_with_it(cast: Cast) -> None:
    key = open_many(1)[0]
    before = everything()

    class Bug(Exception):
        pass

    def body(work: Work) -> None:
        found = loaded(key)
        measure = work.session.merge(found.measure)
        measure.title = "Half done"
        work.deliver("job", {"name": "nothing", "args": []})
        work.tell(cast.owner.id, "moved", measure_id=found.measure.id)
        work.log(Event.MEASURE_EDITED, {"changes": {}}, measure_id=found.measure.id)
        work.session.flush()
        raise Bug

    with pytest.raises(Bug):
        writing(cast.lead.origin, body)
    assert everything() == before


def test_r11_a_kept_row_that_changes_without_a_log_row_is_refused(cast: Cast) -> None:
    key = open_many(1)[0]
    before = everything()

    def body(work: Work) -> None:
        work.session.merge(loaded(key).measure).title = "Silently"

    with pytest.raises(ValueError, match="without a log row"):
        writing(cast.lead.origin, body)
    assert everything() == before


def test_r13_a_replayed_key_gives_the_first_outcome_and_writes_nothing(cast: Cast) -> None:
    key = open_many(1)[0]
    first = recycle(cast, key, 1, "replayed")
    before = everything()
    again = recycle(cast, key, 1, "replayed")
    assert (again.outcome, again.came_from, again.to) == (first.outcome, "identified", "defined")
    assert everything() == before


def test_r13_a_key_with_another_body_or_by_another_person_is_refused(cast: Cast) -> None:
    key, other = open_many(2)
    recycle(cast, key, 1, "taken")
    before = everything()
    with pytest.raises(KeyReused):
        recycle(cast, key, 1, "taken", reason="Another reason than the first")
    with pytest.raises(KeyReused):
        recycle(cast, other, 1, "taken")
    with pytest.raises(KeyReused):
        move_measure(
            MoveMeasure(key, cast.administrator.origin, 1, "defined", reason=REASON, action_key="taken")
        )
    assert everything() == before


def test_r13_the_same_form_sent_eight_times_at_once_acts_once(cast: Cast) -> None:
    key = open_many(1)[0]
    results = at_once([partial(recycle, cast, key, 1, "double-click") for _ in range(THREADS)])
    assert {getattr(result, "outcome", repr(result)) for result in results} == {Outcome.ALLOWED}
    assert log_of(key).count(Event.MEASURE_MOVED) == 1


def test_r13_a_refusal_consumes_no_key(cast: Cast) -> None:
    key = bring_to(cast, make_measure(cast), "defined")
    refused = move(cast, key, "identified", action_key="again")
    assert refused.outcome is Outcome.REFUSED
    supply(cast, key, "identified")
    assert move(cast, key, "identified", action_key="again").outcome is Outcome.WAITING
    assert open_review(key)


def hold_the_lock(engine: Engine, key: str) -> tuple[object, object]:
    """Another program in the middle of a long write; returns its connection and how to end it."""
    if engine.dialect.name == "sqlite":
        other = sqlite3.connect(str(engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other, other.rollback
    connection = engine.connect()
    connection.execute(text("SELECT id FROM measure WHERE key = :key FOR UPDATE"), {"key": key})
    return connection, connection.rollback


def test_r14_a_locked_database_is_busy_after_a_bounded_wait_and_works_afterwards(
    database: Engine, cast: Cast
) -> None:
    key = open_many(1)[0]
    other, release = hold_the_lock(database, key)
    before = everything()
    begun = time.monotonic()
    results = at_once([partial(recycle, cast, key, 1, key_of_form()) for _ in range(4)])
    waited = time.monotonic() - begun
    assert {type(result) for result in results} == {Busy}, results
    assert BUSY_MILLISECONDS / 1000 <= waited < 3 * BUSY_MILLISECONDS / 1000
    assert all(result.values["retry_after"] for result in results if isinstance(result, Busy))
    assert everything() == before
    release()
    other.close()
    assert recycle(cast, key, 1).outcome is Outcome.ALLOWED


def test_r15_when_the_clock_goes_back_the_log_keeps_its_order_and_says_no_earlier_time(cast: Cast) -> None:
    key = open_many(1)[0]
    with time_machine.travel(now() - timedelta(days=1), tick=False):
        recycle(cast, key, 1)
        move(cast, key, ask=AskKind.HOLD, by=cast.lead, reason="The vendor has to answer first")
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="The vendor has answered by now")
    with reading() as session:
        times = list(
            session.scalars(
                select(AuditLog.at).where(AuditLog.chain == "business").order_by(AuditLog.sequence)
            )
        )
        passages = session.scalars(select(StagePassage).order_by(StagePassage.id)).all()
    assert times == sorted(times)
    assert [passage.stage for passage in passages] == ["identified", "defined"]
    assert all(passage.left_at is None or passage.left_at >= passage.entered_at for passage in passages)
    assert passages[1].entered_at >= passages[0].left_at
    assert verify(state=True).ok
