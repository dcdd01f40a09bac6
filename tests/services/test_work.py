"""The unit of work, and the foundation the other tests stand on."""

import pytest

from govapp.services.audit import verify
from tests.factories import make_measure, measure_row

STAGES = [None, "defined", "identified", "detailed", "decided", "implemented", "closed"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_measure_can_be_brought_to_every_stage_through_the_verbs(database, cast, stage):
    key = make_measure(cast, stage)
    row = measure_row(key)
    assert (row.stage, row.state) == (stage, "active" if stage else "proposed")
    checked = verify(state=True, files=True)
    assert checked.ok, checked.faults
