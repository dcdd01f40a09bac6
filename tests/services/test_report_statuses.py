"""Reports of version 3: statuses and the next gate's findings come out of the record as the cards showed them."""

from datetime import timedelta

from sqlalchemy import func, select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.domain.gates import gate_findings
from govapp.jobs._gather_branch import branch_data
from govapp.jobs._gather_dossier import dossier_data
from govapp.reports.dossier import dossier_page, render_dossier
from govapp.reports.paper import LogHead
from govapp.services._report_rights import Reach
from govapp.services._work import now
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.status_reports import PublishReport, publish_report
from govapp.services.statuses import DeclareStatus, declare_status
from tests.factories import loaded, today_of
from tests.factories3 import bring_to3, make_measure3, month_of, use_version_3

REASON = "The vendor delivers four weeks later than promised."


def newest():
    with reading() as session:
        return session.scalar(select(func.max(AuditLog.sequence))) or 0


def dossier(key, seq=None):
    with reading() as session:
        found = dossier_data(
            session, loaded(key).measure.id, seq or newest(), now(), Reach(True), LogHead(seq or 0, ""), ""
        )
    assert found is not None
    return found


def late(cast, key):
    plan = today_of(key) - timedelta(days=30)
    set_milestone(SetMilestone(key, "Vendor ready", cast.owner.origin, cast.owner.id, plan))


def test_findings_of_a_dossier_are_those_of_the_gate(database, cast):
    key = make_measure3(cast, use_version_3(cast), "implemented")
    here = loaded(key)
    live = [
        f.met for f in gate_findings(here.rules, here.rules.gates["closed"], here.snapshot, today_of(key))
    ]
    assert [each.met for each in dossier(key).findings] == live


def test_a_dossier_shows_the_computed_status_with_its_reasons_also_of_a_past_moment(database, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "detailed")
    before = newest()
    late(cast, key)
    assert dossier(key).implementation.colour == "red"
    assert "more than ten working days late" in dossier(key).implementation.reason
    assert dossier(key, before).implementation.colour == "green"
    bring_to3(cast, board, key, "decided")
    assert dossier(key).potential.colour == loaded(key).card.potential == "green"


def test_a_declared_status_stands_in_the_reports_while_it_holds(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    declare_status(DeclareStatus(key, "implementation", "yellow", REASON, cast.owner.origin))
    said = dossier(key).implementation
    assert (said.colour, said.reason, said.declared_by) == ("amber", REASON, cast.owner.name)
    late(cast, key)  # the computed one changes, so it lapses
    assert dossier(key).implementation.colour == "red"
    assert dossier(key).implementation.declared_by == ""


def test_a_branch_report_shows_the_statuses_of_the_cards(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    late(cast, key)
    with reading() as session:
        found = branch_data(
            session, loaded(key).measure.branch_id, newest(), now(), Reach(True), LogHead(0, ""), ""
        )
    assert found is not None
    row = next(each for each in found.measures if each.key == key)
    assert (row.implementation, row.potential) == ("red", "green")


def test_a_dossier_shows_operating_figures_checks_and_status_reports(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "closed")
    month = month_of(key)
    publish_report(PublishReport(key, month, "Closed; the line stays low.", cast.owner.origin))
    publish_report(
        PublishReport(key, month, "Closed and handed over.", cast.owner.origin, "A word was missing", 1)
    )
    found = dossier(key)
    assert [(each.name, len(each.readings)) for each in found.kpis] == [("Reset calls", 3)]
    assert [(each.months, each.state) for each in found.checks] == [(3, "due"), (6, "due"), (12, "due")]
    assert [(each.number, each.reason) for each in found.status_reports] == [
        (2, "A word was missing"),
        (1, ""),
    ]
    page = dossier_page(found, "/print.css")
    assert "Reset calls has reached its target of 420 calls" in page
    assert "Closed and handed over." in page
    assert render_dossier(found).pages >= 2
