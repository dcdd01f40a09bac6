"""Debts of decisions when something else goes wrong: who owns conditions, their days, what the clock does alone."""

import pytest
from sqlalchemy import Engine

from govapp.domain.errors import Invalid
from tests.cast import Cast
from tests.factories import move, vote
from tests.factories2 import (
    Board,
    condition,
    make_measure2,
    supply2,
    use_version_2,
    vote_all2,
    voters,
)


@pytest.fixture
def board(database: Engine, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def asked(cast: Cast, board: Board, into: str = "identified") -> str:
    """A measure of which only the last step of a gate is left to decide."""
    key = make_measure2(cast, board)
    supply2(cast, board, key, into)
    move(cast, key, into)
    vote_all2(cast, board, key, but=voters(cast, board, key)[-1][0])
    return key


def test_r03_nobody_owns_a_condition_that_they_set_and_would_confirm(board: Board, cast: Cast) -> None:
    key = asked(cast, board)
    who = voters(cast, board, key)[0][1]
    with pytest.raises(Invalid) as refused:
        vote(
            cast, key, who, "approve_with_conditions", reason="Once I have trained the desk",
            conditions=(condition(who, key),), signed=True,
        )  # fmt: skip
    assert refused.value.errors == {"condition-1-owner": ["condition_owner_sets"]}
