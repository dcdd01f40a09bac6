"""What factories made is put back as they left it (tests/support/worlds.py)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.services.audit import verify
from tests.cast import Cast
from tests.confirming import make_line
from tests.factories import make_measure
from tests.factories3 import set_months
from tests.support.worlds import worlds


@pytest.mark.parametrize("turn", range(4))
def test_a_table_that_was_emptied_is_empty_when_it_is_put_back(database: Any, cast: Cast, turn: int) -> None:
    key = make_measure(cast, None)
    make_line(cast, key, {"2026-05": 10})
    set_months(cast, key, "Fewer calls", "plan", {date(2026, 5, 1): None})
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(EffectValue)) == 0
    assert verify(state=True).ok
    assert len(worlds.path) == 1 + 3 * 4, "all three calls were known"
