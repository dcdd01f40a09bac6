"""Operating figures: what they are, their readings, what measures promise, explanations and their signature."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.kpi_queries import figures_of, promises_of
from govapp.data.kpis import KpiReading
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.services.kpi_explanations import ExplainGap, SignExplanation, explain_gap, sign_explanation
from govapp.services.kpis import (
    RemoveMeasureKpi,
    SetKpi,
    SetMeasureKpi,
    remove_measure_kpi,
    set_kpi,
    set_measure_kpi,
)
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.readings import SetReadings, set_readings
from tests.cast import SYSTEM
from tests.factories import bring_to, loaded, make_measure, today_of, version_of
from tests.logged import payloads

WHY = "One outage in October waited for a spare part; without it the mean lies below the target."


def promised(cast, key, by=None, **more):
    values = {"name": "Misclassified tickets", "unit": "%", "source": "sample-count"}
    values |= {"baseline": Decimal(21), "target": Decimal(9)} | more
    return set_measure_kpi(SetMeasureKpi(key, (by or cast.owner).origin, **values))


def promise(key, number=0):
    with reading() as session:
        return promises_of(session, loaded(key).measure.id)[number]


def read(cast, key, *values, by=None, first=(2026, 5), **more):
    months = {}
    for place, value in enumerate(values):
        year, month = first[0] + (first[1] - 1 + place) // 12, (first[1] - 1 + place) % 12 + 1
        months[date(year, month, 1)] = None if value is None else Decimal(str(value))
    return set_readings(SetReadings(promise(key).kpi_id, months, (by or cast.member).origin, key=key, **more))


def test_a_measure_promises_something_of_a_new_figure_or_one_that_is_there(database, cast):
    first, second = make_measure(cast), make_measure(cast)
    promised(cast, first)
    kpi = promise(first).kpi_id
    set_measure_kpi(SetMeasureKpi(second, cast.owner.origin, Decimal(12), Decimal("7.5"), kpi_id=kpi))
    assert (promise(second).name, promise(second).baseline, promise(second).target) == (
        "Misclassified tickets", 120_000, 75_000,
    )  # fmt: skip
    with reading() as session:
        organization = session.scalar(select(Organization.id).where(Organization.key == "OI"))
        assert [(each.key, each.measures) for each in figures_of(session, [organization])] == [
            ("misclassified-tickets", 2)
        ]
    assert [fact.target for fact in loaded(second).snapshot.kpis] == [75_000]
    with pytest.raises(Invalid) as twice:
        set_measure_kpi(SetMeasureKpi(second, cast.owner.origin, kpi_id=kpi))
    assert twice.value.errors == {"kpi_id": ["kpi_twice"]}


def test_a_target_lies_on_the_better_side_of_the_baseline(sqlite, cast):
    key = make_measure(cast)
    with pytest.raises(Invalid) as refused:
        promised(cast, key, target=Decimal(22))
    assert refused.value.errors == {"target": ["target_worse"]}
    promised(cast, key, better="higher", target=Decimal(22))
    with pytest.raises(Invalid) as refused:
        promised(cast, key, name=" ", better="sideways", baseline=Decimal("1e400"), target=Decimal("0.00001"))
    assert refused.value.errors == {
        "baseline": ["amount_out_of_range"], "target": ["amount_too_precise"], "name": ["required"],
        "better": ["unknown_choice"],
    }  # fmt: skip


def test_readings_reach_every_measure_that_the_figure_judges(database, cast):
    first, second = make_measure(cast), make_measure(cast)
    promised(cast, first)
    set_measure_kpi(
        SetMeasureKpi(second, cast.owner.origin, Decimal(12), Decimal(7), kpi_id=promise(first).kpi_id)
    )
    assert read(cast, first, 11.9, 9.8, 8.7) == 3
    assert loaded(second).snapshot.kpis[0].readings == (
        ("2026-05", 119_000),
        ("2026-06", 98_000),
        ("2026-07", 87_000),
    )
    assert read(cast, first, 11.9, 9.75, None) == 2
    assert loaded(first).snapshot.kpis[0].readings == (("2026-05", 119_000), ("2026-06", 97_500))
    assert payloads(Event.KPI_READ)[-1]["months"] == {"2026-06": ["9.8", "9.75"], "2026-07": ["8.7", ""]}


def test_two_people_in_one_month_see_each_others_values(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    read(cast, key, 11.9)
    kpi, may = promise(key).kpi_id, date(2026, 5, 1)
    with pytest.raises(Stale) as stale:
        set_readings(SetReadings(kpi, {may: Decimal(10)}, cast.owner.origin, seen={may: None}))
    assert stale.value.values["months"] == {"2026-05": [None, "11.9000"]}
    set_readings(SetReadings(kpi, {may: Decimal(10)}, cast.owner.origin, seen={may: Decimal("11.9")}))


def test_no_reading_lies_ahead_and_a_fault_keeps_nothing(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    today = today_of(key)
    ahead = date(today.year + 1, 1, 1)
    with pytest.raises(Invalid) as refused:
        set_readings(
            SetReadings(
                promise(key).kpi_id, {ahead: Decimal(1), date(2026, 1, 1): Decimal("NaN")}, cast.owner.origin
            )
        )
    assert refused.value.errors == {
        f"{today.year + 1}-01": ["month_ahead"],
        "2026-01": ["amount_out_of_range"],
    }
    with reading() as session:
        assert session.scalars(select(KpiReading)).all() == []


def test_who_keeps_readings(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    kpi, month = promise(key).kpi_id, {date(2026, 1, 1): Decimal(1)}
    for who in (cast.controller, cast.sponsor, cast.auditor, cast.administrator, cast.approver):
        with pytest.raises(Refused):
            set_readings(SetReadings(kpi, month, who.origin))
    with pytest.raises(NotFound):
        set_readings(SetReadings(kpi, month, cast.stranger.origin))
    for who in (cast.owner, cast.member, cast.lead):
        set_readings(SetReadings(kpi, month, who.origin))
    with pytest.raises(Refused) as refused:
        set_readings(SetReadings(kpi, month, cast.owner.origin, imported=True))
    assert refused.value.values["permission"] == "kpi:import"
    set_readings(SetReadings(kpi, month, cast.lead.origin, imported=True))


def test_a_figure_keeps_its_readings_when_a_measure_drops_it(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    read(cast, key, 5)
    kpi = promise(key).kpi_id
    remove_measure_kpi(RemoveMeasureKpi(key, promise(key).id, cast.owner.origin))
    assert loaded(key).snapshot.kpis == ()
    with reading() as session:
        assert session.scalar(select(KpiReading.value).where(KpiReading.kpi_id == kpi)) == 50_000


def explained(cast, key):
    explain_gap(ExplainGap(key, promise(key).id, WHY, cast.owner.origin))


def sign(cast, key, by=None, **more):
    asked = SignExplanation(key, promise(key).id, (by or cast.controller).origin, promise(key).version)
    sign_explanation(
        SignExplanation(**{name: getattr(asked, name) for name in asked.__slots__} | {"signed": True} | more)
    )


def test_the_controller_signs_why_a_target_is_missed(database, cast):
    key = make_measure(cast)
    promised(cast, key)
    with pytest.raises(Invalid) as short:
        explain_gap(ExplainGap(key, promise(key).id, "It rained.", cast.owner.origin))
    assert short.value.errors == {"explanation": ["explanation_short"]}
    explained(cast, key)
    assert not loaded(key).snapshot.kpis[0].signed
    sign(cast, key)
    assert loaded(key).snapshot.kpis[0].signed
    assert promise(key).signed_name == cast.controller.name
    assert payloads(Event.KPI_EXPLANATION_SIGNED)[-1]["text"] == WHY


def test_r27_a_signature_needs_the_proof_of_who_signs(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    explained(cast, key)
    with pytest.raises(Invalid) as unsigned:
        sign(cast, key, signed=False)
    assert unsigned.value.errors == {"password": ["signature_needed"]}


def test_r03_nobody_but_the_controller_signs_and_nobody_signs_their_own(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    explained(cast, key)
    for who in (cast.owner, cast.sponsor, cast.lead, cast.member, cast.leader):
        with pytest.raises(Refused):
            sign(cast, key, who)
    with pytest.raises(NotFound):
        sign(cast, key, cast.stranger)


@pytest.mark.parametrize("what", ["a reading", "the target", "the explanation", "the unit"])
def test_a_signature_falls_with_what_it_was_given_on(sqlite, cast, what):
    key = make_measure(cast)
    promised(cast, key)
    explained(cast, key)
    sign(cast, key)
    own = promise(key)
    if what == "a reading":
        read(cast, key, 9.5)
    elif what == "the target":
        set_measure_kpi(SetMeasureKpi(key, cast.owner.origin, Decimal(21), Decimal(10), promise_id=own.id))
    elif what == "the explanation":
        explain_gap(ExplainGap(key, own.id, WHY + " It came on Monday.", cast.owner.origin))
    else:
        set_kpi(SetKpi(cast.lead.origin, own.name, "tickets", own.source, own.better, kpi_id=own.kpi_id))
    assert not loaded(key).snapshot.kpis[0].signed
    assert promise(key).signed_name == ""


def test_what_was_read_is_what_is_signed(sqlite, cast):
    key = make_measure(cast)
    promised(cast, key)
    explained(cast, key)
    seen = promise(key).version
    explain_gap(ExplainGap(key, promise(key).id, WHY + " Nothing else.", cast.owner.origin))
    with pytest.raises(Stale):
        sign(cast, key, seen_version=seen)


def test_the_figure_by_which_a_measure_was_closed_stays(database, cast):
    key = make_measure(cast, "implemented")
    promised(cast, key)
    one = promise(key)
    bring_to(cast, key, "closed")
    with pytest.raises(Refused, match="kpi_of_closed"):
        promised(cast, key, promise_id=one.id, seen_version=one.version, target=Decimal(12))
    with pytest.raises(Refused, match="kpi_of_closed"):
        explain_gap(ExplainGap(key, one.id, WHY, cast.owner.origin, one.version))


def test_r08_attaching_a_figure_gives_no_right_over_the_measures_it_judges(database, cast):
    key, other = make_measure(cast), make_measure(cast)
    promised(cast, key)
    kpi, month = promise(key).kpi_id, today_of(key).replace(day=1)
    set_readings(SetReadings(kpi, {month: Decimal(5)}, cast.owner.origin))
    assign_parts(AssignParts(other, version_of(other), {"owner": cast.outsider.id}, SYSTEM))
    set_measure_kpi(SetMeasureKpi(other, cast.outsider.origin, Decimal(21), Decimal(9), kpi_id=kpi))
    with pytest.raises(Refused):
        set_readings(SetReadings(kpi, {month: Decimal(9)}, cast.outsider.origin))
