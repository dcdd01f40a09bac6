"""The outbox: delivered at least once, patient when the far side is away, cleared by the clock."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from govapp.data.audit import ActionKey
from govapp.data.blobs import BlobStore
from govapp.data.engine import reading, write_session
from govapp.data.notices import Notice, Outbox
from govapp.data.runtime import current
from govapp.domain.errors import Refused
from govapp.services._work import Origin, now, writing
from govapp.services.clockwork import once_per, sweep, sweep_period
from govapp.services.outbox import (
    FarSideAway,
    Parcel,
    SendAgain,
    deliver_due,
    due_parcels,
    send_again,
)
from tests.many import at_once

pytestmark = pytest.mark.usefixtures("database")
CLOCK = Origin(None, "job", "clock")


def put(kind: str = "mail", count: int = 1) -> None:
    def body(work) -> None:
        for n in range(count):
            work.deliver(kind, {"to": f"p{n}@example.test", "subject": "Asked", "text": "Please decide"})

    writing(Origin(None, "cli"), body)


def rows() -> list[Outbox]:
    with reading() as session:
        found = list(session.scalars(select(Outbox).order_by(Outbox.id)))
        session.expunge_all()
    return found


def make_due() -> None:
    writing(CLOCK, lambda work: work.session.execute(update(Outbox).values(due_at=work.at)))


def test_what_is_due_leaves_once():
    put(count=3)
    got: list[Parcel] = []
    assert deliver_due(CLOCK, {"mail": got.append}) == 3
    assert deliver_due(CLOCK, {"mail": got.append}) == 0
    assert [parcel.payload["to"] for parcel in got] == [f"p{n}@example.test" for n in range(3)]
    assert {row.state for row in rows()} == {"done"}


def test_a_kind_without_a_way_out_stays():
    put("mail")
    assert deliver_due(CLOCK, {"job": lambda parcel: None}) == 0
    assert rows()[0].state == "waiting"


def test_one_bad_parcel_does_not_hold_up_the_others():
    put(count=3)

    def deliver(parcel: Parcel) -> None:
        if parcel.payload["to"].startswith("p1"):
            raise ValueError("no such mailbox")

    assert deliver_due(CLOCK, {"mail": deliver}) == 2
    bad = rows()[1]
    assert (bad.state, bad.attempts, bad.problem) == ("waiting", 1, "ValueError: no such mailbox")
    assert bad.due_at > now()


def test_when_the_far_side_is_away_only_one_is_tried():
    put(count=3)
    tried = []

    def deliver(parcel: Parcel) -> None:
        tried.append(parcel.id)
        raise FarSideAway("nobody answers")

    assert deliver_due(CLOCK, {"mail": deliver}) == 0
    assert len(tried) == 1
    assert [row.attempts for row in rows()] == [1, 0, 0]


@pytest.mark.parametrize("problem", [OSError("refused"), FarSideAway("nobody answers")])
def test_mail_is_tried_for_about_an_hour_and_may_be_sent_again_by_an_operator(cast, problem):
    put()

    def deliver(parcel: Parcel) -> None:
        raise problem

    waited = timedelta()
    while rows()[0].state == "waiting":
        make_due()
        began = now()
        deliver_due(CLOCK, {"mail": deliver})
        waited += rows()[0].due_at - began
    row = rows()[0]
    assert row.state == "failed"
    assert timedelta(minutes=50) < waited < timedelta(minutes=75)
    with pytest.raises(Refused):
        send_again(SendAgain(row.id, cast.owner.origin))
    send_again(SendAgain(row.id, cast.administrator.origin))
    assert len(due_parcels(("mail",))) == 1


def test_two_clocks_send_a_mail_once_however_long_it_takes():
    put(count=3)
    sent = []

    def deliver(parcel: Parcel) -> None:
        sent.append(parcel.id)
        assert deliver_due(CLOCK, {"mail": lambda other: sent.append(other.id)}) == 2

    assert deliver_due(CLOCK, {"mail": deliver}) == 1
    assert sorted(sent) == [row.id for row in rows()]
    put(count=5)
    sent.clear()

    def slowly(parcel: Parcel) -> None:
        time.sleep(0.05)
        sent.append(parcel.id)

    at_once([lambda: deliver_due(CLOCK, {"mail": slowly})] * 4)
    assert sorted(sent) == [row.id for row in rows()][3:]
    assert {row.state for row in rows()} == {"done"}


def test_a_mail_held_by_who_died_is_due_again_after_a_while():
    put()

    def die(parcel: Parcel) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_due(CLOCK, {"mail": die})
    assert due_parcels(("mail",)) == []
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert deliver_due(CLOCK, {"mail": lambda parcel: None}) == 1


def test_a_round_begins_no_new_mail_after_its_time():
    put(count=5)
    assert deliver_due(CLOCK, {"mail": lambda parcel: time.sleep(0.2)}, seconds=0.3) == 2
    assert [row.state for row in rows()] == ["done"] * 2 + ["waiting"] * 3


def test_a_job_is_never_given_up():
    put("job")

    def deliver(parcel: Parcel) -> None:
        raise FarSideAway("away")

    for _ in range(15):
        make_due()
        deliver_due(CLOCK, {"job": deliver})
    assert rows()[0].state == "waiting"


def test_two_clocks_do_periodic_work_once():
    done = []
    assert once_per(CLOCK, "weekly:2026-48", lambda: done.append(1))
    assert not once_per(CLOCK, "weekly:2026-48", lambda: done.append(2))
    assert done == [1]
    assert sweep_period(CLOCK)
    assert not sweep_period(CLOCK)


def test_the_sweep_clears_what_is_old_and_nothing_else(cast):
    put()
    deliver_due(CLOCK, {"mail": lambda parcel: None})
    key = ActionKey(key="k", person_id=cast.owner.id, body_digest="d", outcome={}, at=now())
    writing(CLOCK, lambda work: work.session.add(key))
    store = BlobStore(current().files)
    source = current().files / "source"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(b"an upload whose request ended before its row")
    orphan = store.put(source)
    assert sweep(CLOCK) == []
    assert store.exists(orphan.digest) and len(rows()) == 1
    removed = sweep(replace(CLOCK, at=now() + timedelta(days=30)))
    assert removed == [orphan.digest]
    assert rows() == []
    with reading() as session:
        assert session.get(ActionKey, "k") is None


def test_notices_are_swept_when_read_long_ago_or_never_read_for_a_year(cast):
    def tell(work):
        work.tell(cast.owner.id, "part_given")
        work.tell(cast.sponsor.id, "part_given")

    writing(CLOCK, tell)
    with write_session() as session:
        session.execute(update(Notice).where(Notice.person_id == cast.owner.id).values(read_at=now()))

    def left():
        with reading() as session:
            return set(session.scalars(select(Notice.person_id)))

    for days, kept in ((80, {cast.owner.id, cast.sponsor.id}), (100, {cast.sponsor.id}), (400, set())):
        sweep(replace(CLOCK, at=now() + timedelta(days=days)))
        assert left() == kept
