"""Operating figures of the demonstration: what they are, their readings, what measures promise of them and prove."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.kpis import MeasureKpi
from govapp.data.measures import Measure
from govapp.services._work import Origin
from govapp.services.demo.play import Play, measure_row
from govapp.services.kpi_explanations import ExplainGap, SignExplanation, explain_gap, sign_explanation
from govapp.services.kpis import SetKpi, SetMeasureKpi, set_kpi, set_measure_kpi
from govapp.services.readings import SetReadings, set_readings
from govapp.services.sustain import SetSustainDates, set_sustain_dates

CLOSED = "closed"
_LATER = (91, 182, 365)  # days after closing, where the file says nothing


def define(file: Mapping[str, Any], origin: Origin) -> dict[str, int]:
    """The figures of the catalogue; numbers by their key of the file."""
    organization = file["organization"]["key"]
    return {
        one["key"]: set_kpi(
            SetKpi(
                origin,
                one["name"],
                one["unit"],
                one["source"],
                one["better"],
                one["service"],
                organization=organization,
            )
        )
        for one in file["kpis"]
    }


def read(play: Play, month: date, at: datetime) -> None:
    """Readings of a month that has ended come in from their sources, of figures that some closing asks for."""
    proving = {
        one["kpi"]["ref"]
        for one in play.measures.values()
        if any(said.get("to") == CLOSED for said in one["history"])
    }
    for one in play.file["kpis"]:
        value = one["readings"].get(month.isoformat()[:7])
        if one["key"] in proving and value is not None:
            _enter(play, one, {month: Decimal(str(value))}, at)


def read_the_rest(play: Play, at: datetime) -> None:
    """The readings of all other figures come in at once, as a file from their sources does."""
    for one in play.file["kpis"]:
        readings = {
            date.fromisoformat(f"{month}-01"): Decimal(str(value)) for month, value in one["readings"].items()
        }
        _enter(play, one, readings, at)


def _enter(play: Play, one: Mapping[str, Any], months: Mapping[date, Decimal], at: datetime) -> None:
    system = play.stage.origin("system", at)
    set_readings(SetReadings(play.kpis[one["key"]], months, system, one["source"], imported=True))


def promise(play: Play, key: str, at: datetime) -> None:
    """What the measure promises of its figure."""
    said = play.measures[key].get("kpi")
    if said:
        baseline, target = (Decimal(str(said[name])) for name in ("baseline", "target"))
        set_measure_kpi(SetMeasureKpi(key, play.owner(key, at), baseline, target, play.kpis[said["ref"]]))


def prove(play: Play, key: str, at: datetime) -> None:
    """Before Closed is asked for: days of the sustain checks; a missed target is explained, and that is signed."""
    data = play.measures[key]
    days = data.get("sustain_dates") or [at.date() + timedelta(days=count) for count in _LATER]
    owner = play.owner(key, at)
    set_sustain_dates(SetSustainDates(key, tuple(days), owner, measure_row(key)[1]))
    proofs = [one["values"].get("explanation") for one in data["evidence"] if one["kind"] == "kpi-proof"]
    if proofs and proofs[-1]:
        number, version = _promised(key)
        explain_gap(ExplainGap(key, number, proofs[-1], owner, version))
        number, version = _promised(key)
        sign_explanation(SignExplanation(key, number, play.controller(key, at), version, signed=True))


def _promised(key: str) -> tuple[int, int]:
    with reading() as session:
        row = session.execute(
            select(MeasureKpi.id, MeasureKpi.version)
            .join(Measure, Measure.id == MeasureKpi.measure_id)
            .where(Measure.key == key)
        ).one()
        return row.id, row.version
