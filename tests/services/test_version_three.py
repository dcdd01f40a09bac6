"""Version 3 of the set, gate by gate: figures, an operating figure and confirmed amounts carry a measure to Closed."""

from sqlalchemy import select

from govapp.config import ROOT
from govapp.data.engine import reading
from govapp.data.measures import StagePassage
from govapp.domain.approvals import standings
from govapp.domain.gates import gate_findings
from govapp.services.governance import install_set, read_set
from tests.cast import SYSTEM
from tests.factories import assign_all, loaded, make_proposal, move, stage_of, today_of, vote
from tests.factories2 import PACKAGE, fill_groups
from tests.factories3 import (
    SAVING,
    bring_to3,
    make_measure3,
    month_of,
    readings,
    set_months,
    supply3,
    use_version_3,
)


def unmet(key: str, into: str) -> dict[str, str]:
    here = loaded(key)
    found = gate_findings(here.rules, here.rules.gates[into], here.snapshot, today_of(key))
    return {finding.key: finding.code for finding in found if not finding.met}


def test_a_measure_goes_from_proposal_to_closed_by_figures(database, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "closed")
    assert stage_of(key) == "closed"
    with reading() as session:
        confirmed = session.scalars(
            select(StagePassage.confirmed).where(StagePassage.stage == "closed")
        ).one()
    assert confirmed == {"EUR": 3 * 950_00 - 480_00}
    assert len(loaded(key).snapshot.fields["sustain_dates"]) == 3


def test_every_gate_says_which_figures_are_missing(sqlite, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "defined")
    assert unmet(key, "identified")["figures:rough-run-rate"] == "run_rate_missing"
    assert unmet(key, "identified")["figures:rough-one-off"] == "one_off_missing"
    bring_to3(cast, board, key, "identified")
    found = unmet(key, "detailed")
    assert (found["figures:effect-lines"], found["kpi:defined"]) == ("lines_short", "kpi_missing")
    bring_to3(cast, board, key, "implemented")
    found = unmet(key, "closed")
    assert found["kpi:reached-or-explained"] == "kpi_few_readings"
    assert found["confirmation:actuals"] == "months_few"
    assert found["figures:one-off-booked"] == "one_off_unbooked"
    assert found["field:sustain-dates"] == "field_missing"


def test_the_default_set_of_the_product_installs_and_runs_as_it_is(sqlite, cast):
    shared = ROOT / "governance" / "service-team.yaml"
    assert shared.exists()
    install_set(SYSTEM, read_set(shared))
    board = fill_groups()
    key = make_proposal(cast, PACKAGE)
    assign_all(cast, key)
    bring_to3(cast, board, key, "implemented")
    assert set(unmet(key, "closed")) >= {
        "confirmation:actuals",
        "figures:one-off-booked",
        "kpi:reached-or-explained",
    }


def test_votes_go_stale_when_a_month_of_the_plan_changes_and_not_when_a_reading_comes_in(sqlite, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "identified")
    supply3(cast, board, key, "detailed")
    move(cast, key, "detailed")
    vote(cast, key, cast.controller, signed=True)

    def stale() -> int:
        review = loaded(key).snapshot.review
        return sum(len(each.stale) for each in standings(review, review.basis, loaded(key).rules).values())

    readings(cast, key, 430, 415)
    assert stale() == 0
    set_months(cast, key, SAVING, "plan", {month_of(key, 1): 1001, month_of(key, 2): 999})
    assert stale() == 1
