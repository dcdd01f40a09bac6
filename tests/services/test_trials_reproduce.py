"""What was decided is reproduced exactly: over the whole demonstration, and over histories that hypothesis makes up."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from govapp.data.engine import reading
from govapp.data.gates import Replay, WorkflowVersion
from govapp.data.reviews import DecisionRecord
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError
from govapp.services.choices import SetGroup, set_group
from govapp.services.governance import SECOND_SET, install_set, read_set
from govapp.services.replay_runs import run_replay
from govapp.services.replays import MOST_WANTED, StartReplay, start_replay
from tests.cast import SYSTEM
from tests.demonstration import a_copy, play_once
from tests.factories import (
    assign_all,
    loaded,
    make_measure,
    make_proposal,
    move,
    open_review,
    submit,
    supply,
    vote,
)

WHO = (
    "owner",
    "sponsor",
    "controller",
    "service_owner",
    "lead",
    "member",
    "leader",
    "approver",
    "administrator",
)
STAGES = ("defined", "identified", "detailed", "decided", "implemented", "closed")
GROUPS = ("technical-validators", "risk-reviewers", "security-reviewers", "change-authority", "budget-holders",
          "contract-reviewers", "steering-committee")  # fmt: skip


def tried(version: int) -> Replay:
    """A trial of a version on everything that was ever decided."""
    number = start_replay(StartReplay(SYSTEM, version, MOST_WANTED), by_job=False)
    assert run_replay(number, seconds=600)
    with reading() as session:
        row = session.get_one(Replay, number)
        session.expunge_all()
        return row


def versions() -> list[int]:
    with reading() as session:
        return list(session.scalars(select(WorkflowVersion.id)))


def test_the_whole_demonstration_is_reproduced_exactly(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine = a_copy(play_once(tmp_path_factory), tmp_path)
    with reading() as session:
        kept = session.scalar(select(func.count()).select_from(DecisionRecord)) or 0
    assert kept > 100
    for version in versions():
        row = tried(version)
        assert row.done >= kept
        assert row.faults == []
    engine.dispose()


def act(cast: Any, keys: list[str], chance: Any) -> None:
    """One act of somebody, allowed or not."""
    key, who = chance.choice(keys), getattr(cast, chance.choice(WHO))
    following = loaded(key).rules.next_stage(loaded(key).snapshot.stage)
    kind = chance.randrange(7)
    if kind == 0 and following:
        supply(cast, key, following)
        move(cast, key, following)
    elif kind == 1:
        move(cast, key, chance.choice(STAGES), by=who, reason=chance.choice(["", "Because of it"]))
    elif kind == 2:
        move(cast, key, ask=chance.choice(list(AskKind)), by=who, reason="Because of it")
    elif kind == 3:
        submit(cast, key, chance.choice(sorted(loaded(key).rules.kinds)))
    elif kind == 4:
        members = chance.sample(WHO, chance.randrange(1, 5))
        name = chance.choice(GROUPS)
        set_group(SetGroup(SYSTEM, "OI", name, name, [getattr(cast, one).id for one in members]))
    else:
        open_review(key)
        verdict = chance.choice(["approve", "approve", "approve", "send_back"])
        vote(cast, key, who, verdict, reason="Because of it")


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.randoms(use_true_random=False), st.integers(10, 30))
def test_whatever_people_did_is_reproduced_exactly(sqlite: Engine, cast: Any, chance: Any, acts: int) -> None:
    if len(versions()) == 1:
        make_measure(cast, "detailed")
        install_set(SYSTEM, read_set(SECOND_SET))
    older, newer = make_proposal(cast), make_proposal(cast, risk_rating="high", change_type="normal")
    for key in (older, newer):
        assign_all(cast, key)
    keys = ["M-1", older, newer]
    for _ in range(acts):
        with contextlib.suppress(GovappError, AssertionError):
            act(cast, keys, chance)
    for version in versions():
        assert tried(version).faults == []
