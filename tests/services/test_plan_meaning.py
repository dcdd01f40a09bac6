"""Category and cost object of plan amounts are those the plan in force kept, in views and reports of past moments."""

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.engine import reading
from govapp.data.money_totals import MoneyYear
from govapp.jobs.report_data import gather
from govapp.present.history import Names, sentence
from govapp.services._report_rights import Reach
from govapp.services._work import now
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.plan_changes import (
    AskPlanChange,
    OpenPlanChange,
    VotePlanChange,
    open_plan_change,
    vote_plan_change,
)
from govapp.services.plan_changes import ask_plan_change as ask
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import bring_to, loaded, make_measure
from tests.services.test_plan_changes import change_of, held, plan


def head() -> int:
    with reading() as session:
        return session.scalars(select(AuditHead.sequence).where(AuditHead.chain == "business")).one()


def kept(line: int) -> set[tuple[str, str, str]]:
    with reading() as session:
        rows = session.execute(
            select(MoneyYear.category, MoneyYear.cost_object, MoneyYear.timing).where(
                MoneyYear.line_id == line
            )
        )
        return {(row.category, row.cost_object, row.timing) for row in rows}


def shown(key, seq):
    data = gather("dossier", loaded(key).measure.id, seq, now(), Reach(True))
    return data, [(each.category, each.cost_object) for each in data.effects]


pytestmark = pytest.mark.usefixtures("sqlite")
MAY = date(2026, 5, 1)


@pytest.fixture
def line(cast):
    """A decided measure with a line of EUR 50,000 in the category telephony, and values to set it again."""
    key = make_measure(cast, "detailed")
    values = {"name": "Calls", "kind": "ebitda", "timing": "one_off", "currency": "EUR", "cost_object": "C-1"}
    number = set_effect_line(SetEffectLine(key, origin=cast.owner.origin, category="telephony", **values))
    plan(cast, key, number, {MAY: "50000"})
    bring_to(cast, key, "decided")
    return key, number, values | {"line_id": number}


def test_a_category_changed_by_an_approved_change_counts_from_then_on_and_not_before(cast, line):
    key, number, values = line
    decided = head()
    change = open_plan_change(OpenPlanChange(key, "Booked as licences", cast.owner.origin))
    set_effect_line(
        SetEffectLine(key, origin=cast.owner.origin, category="licences", **values | {"cost_object": "C-2"})
    )
    plan(cast, key, number, {MAY: "30000"})
    drafted = head()
    assert kept(number) == {("telephony", "C-1", "one_off")}, "a draft moves nothing of the plan in force"
    assert ask(AskPlanChange(key, change, change_of(change).version, cast.owner.origin)) == "asked"
    for by in (cast.controller, cast.sponsor):
        state = vote_plan_change(VotePlanChange(key, change, "approve", held(key).digest, by.origin))
    assert state == "frozen"
    assert kept(number) == {("licences", "C-2", "one_off")}
    assert settle_all(SYSTEM) == 0
    for seq in (decided, drafted):
        data, lines = shown(key, seq)
        assert lines == [("Telephony", "C-1")]
        assert data.plan_changes == ()
    data, lines = shown(key, head())
    assert lines == [("Licences", "C-2")]
    (version,) = data.plan_changes
    assert version.number == 2
    assert version.why.endswith("Booked as licences")
    assert [(row.what, row.old, row.new, row.difference) for row in version.difference.rows] == [
        ("Category", "Telephony", "Licences", ""), ("Cost object", "C-1", "C-2", ""),
        ("May 2026", "50,000", "30,000", "−20,000"),
    ]  # fmt: skip


def test_the_log_keeps_by_line_and_month_what_was_asked_for(cast, line):
    key, number, _values = line
    change = open_plan_change(OpenPlanChange(key, "Less", cast.owner.origin))
    plan(cast, key, number, {MAY: "30000"})
    ask(AskPlanChange(key, change, change_of(change).version, cast.owner.origin))
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == "finance:plan-change-asked")).one()
    payload = json.loads(row.payload)
    (said,) = payload["lines"]
    assert (said["plan"], said["months"]) == ([50000_00, 30000_00], {"2026-05": [50000_00, 30000_00]})
    told = sentence(row.event, payload, Names())
    assert "by Calls EUR 50,000 → EUR 30,000 (1 month)" in told


def test_where_a_line_starts_is_shown_as_a_change(cast, line):
    key, number, values = line
    change = open_plan_change(OpenPlanChange(key, "Later", cast.owner.origin))
    set_effect_line(SetEffectLine(key, origin=cast.owner.origin, category="telephony", start=MAY, **values))
    plan(cast, key, number, {MAY: "49000"})
    assert ask(AskPlanChange(key, change, change_of(change).version, cast.owner.origin)) == "frozen"
    (version,) = shown(key, head())[0].plan_changes
    assert ("Starts", "–", "1 May 2026") in [(row.what, row.old, row.new) for row in version.difference.rows]
    assert Decimal(49000) == shown(key, head())[0].effects[0].plan
