"""Both versions of the set work side by side: measures keep theirs, and version 2 leads to Closed."""

import pytest
from sqlalchemy import Engine

from tests.cast import Cast
from tests.factories import loaded, make_measure, stage_of
from tests.factories2 import bring_to2, make_measure2, use_version_2


def test_a_measure_goes_from_proposed_to_closed_under_version_2(sqlite: Engine, cast: Cast) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, "closed")
    assert stage_of(key) == "closed"


@pytest.mark.parametrize("fields", [{"change_type": "normal", "risk_rating": "high"}])
def test_a_risky_change_passes_by_committee_and_change_authority(
    database: Engine, cast: Cast, fields: dict[str, str]
) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, "decided", **fields)
    assert stage_of(key) == "decided"


def test_a_measure_under_version_1_goes_on_under_it(sqlite: Engine, cast: Cast) -> None:
    old = make_measure(cast, "identified")
    board = use_version_2(cast)
    new = make_measure2(cast, board, "identified")
    assert (loaded(old).rules.version, loaded(new).rules.version) == (1, 2)
    assert stage_of(bring_to2(cast, board, old, "detailed")) == "detailed"
