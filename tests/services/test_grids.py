"""The money grid: many cells in one act, all or none, each by its own right, nothing overwritten unseen."""

from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import select, update

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.finance import AWAITS, CONFIRMED, REFUSED, EffectLine, EffectValue
from govapp.data.ledger import PeriodLock, PlanChange
from govapp.data.measures import Measure, Milestone
from govapp.data.structure import Organization
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.services._work import Work, writing
from govapp.services.audit import verify
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grids import Cell, CopyPlan, FillPlan, SaveGrid, copy_plan, fill_plan, save_grid
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import bring_to, key_of_form, loaded, make_measure, move
from tests.many import at_once

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def make_line(cast, key: str, **more) -> int:
    values = {"name": "Calls", "kind": "ebitda", "timing": "recurring", "currency": "EUR"} | more
    return set_effect_line(SetEffectLine(key, origin=cast.owner.origin, **values))


def cell(line: int, series: str, month: date | None, amount, seen: int | None = None) -> Cell:
    return Cell(line, series, month, seen, None if amount is None else Decimal(str(amount)))


def save(who, key: str, *cells: Cell, **more) -> int:
    return save_grid(SaveGrid(key, cells, who.origin, **more))


def held(line: int) -> dict[tuple[str, str], int]:
    with reading() as session:
        rows = session.scalars(
            select(EffectValue).where(EffectValue.line_id == line, EffectValue.plan_version == 0)
        )
        return {(row.series, row.month.isoformat()[:7] if row.month else ""): row.amount for row in rows}


def row_of(line: int, series: str, month: date | None) -> EffectValue:
    with reading() as session:
        row = session.scalars(
            select(EffectValue).where(
                EffectValue.line_id == line, EffectValue.series == series, EffectValue.month == month
            )
        ).one()
        session.expunge(row)
        return row


def run_rate(line: int) -> int | None:
    with reading() as session:
        return session.get_one(EffectLine, line).run_rate


def _standing(line: int, month: date, standing: str) -> None:
    """As the controller's verb leaves it."""

    def act(work: Work) -> None:
        value = work.session.scalars(
            select(EffectValue).where(
                EffectValue.line_id == line, EffectValue.month == month, EffectValue.series == "actual"
            )
        ).one()
        value.standing = standing
        work.log(Event.AMOUNTS_REFUSED, {"rows": [], "reason": "test"})

    writing(SYSTEM, act)


def lock(month: date) -> None:
    """Close a month of the organization."""

    def act(work: Work) -> None:
        organization = work.session.scalars(select(Organization.id).where(Organization.key == "OI")).one()
        row = PeriodLock(
            organization_id=organization,
            month=month,
            note="",
            person_id=None,
            at=work.at,
            right_used="system",
        )
        work.session.add(row)
        work.log(Event.PERIOD_LOCKED, {"month": month.isoformat()[:7]}, made=(row,))

    writing(SYSTEM, act)


def draft_change(key: str) -> None:
    """A change of the frozen plan is being drafted."""

    def act(work: Work) -> None:
        measure = work.session.scalars(select(Measure).where(Measure.key == key)).one()
        work.session.add(PlanChange(measure_id=measure.id, state="draft", asked_at=work.at))
        work.log(Event.PLAN_CHANGE_OPENED, {"change": 1, "reason": "test"}, measure_id=measure.id)

    writing(SYSTEM, act)


def test_cells_of_several_lines_and_series_are_saved_in_one_act_and_logged_with_old_and_new(database, cast):
    key = make_measure(cast)
    calls, cost = make_line(cast, key), make_line(cast, key, name="Setup", timing="one_off", currency="JPY")
    saved = save(
        cast.owner, key,
        cell(calls, "plan", MAY, "700.10"), cell(calls, "plan", date(2026, 6, 17), "0.1"),
        cell(calls, "forecast", MAY, 650), cell(cost, "plan", None, -120000),
        cell(calls, "baseline", MAY, None),
    )  # fmt: skip
    assert saved == 4
    assert held(calls) == {
        ("plan", "2026-05"): 70_010,
        ("plan", "2026-06"): 10,
        ("forecast", "2026-05"): 65_000,
    }
    assert held(cost) == {("plan", ""): -120_000}
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == str(Event.GRID_CHANGED))).one()
        assert f'"{calls}":{{"forecast":{{"2026-05":[null,65000]}}' in row.payload
        assert f'"{cost}":{{"plan":{{"total":[null,-120000]}}}}' in row.payload
        assert '"JPY"' in row.payload
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_one_bad_cell_refuses_them_all_and_every_fault_is_named(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key, start=MAY)
    with pytest.raises(Invalid) as refused:
        save(
            cast.owner, key,
            cell(line, "plan", MAY, 1), cell(line, "plan", JUNE, "1e400"), cell(line, "plan", JULY, "NaN"),
            cell(line, "forecast", MAY, "0.001"),
        )  # fmt: skip
    assert refused.value.errors == {
        f"{line}:plan:2026-06": ["amount_out_of_range"],
        f"{line}:plan:2026-07": ["amount_out_of_range"],
        f"{line}:forecast:2026-05": ["amount_too_precise"],
    }
    with pytest.raises(Invalid) as refused:
        save(
            cast.owner, key,
            cell(line, "plan", date(2026, 4, 1), 1), cell(line, "plan", date(2090, 1, 1), 1),
            cell(line, "confirmed", MAY, 1), cell(line, "wishes", MAY, 1), cell(line, "plan", JUNE, 1),
        )  # fmt: skip
    assert refused.value.errors == {
        f"{line}:plan:2026-04": ["month_before_start"],
        f"{line}:plan:2090-01": ["month_out_of_range"],
        f"{line}:confirmed:2026-05": ["confirmed_not_entered"],
        f"{line}:wishes:2026-05": ["unknown_choice"],
    }
    assert held(line) == {}


def test_each_series_takes_its_own_right(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    for who, series in (
        (cast.lead, "actual"), (cast.controller, "actual"), (cast.controller, "plan"), (cast.auditor, "forecast"),
    ):  # fmt: skip
        with pytest.raises(Refused):
            save(who, key, cell(line, series, MAY, 1))
    with pytest.raises(Refused):
        save(cast.lead, key, cell(line, "forecast", MAY, 1), cell(line, "actual", JUNE, 1))
    with pytest.raises(Refused):
        save(cast.auditor, key, cell(line, "forecast", MAY, "NaN"))
    assert held(line) == {}
    assert save(cast.lead, key, cell(line, "forecast", MAY, 1)) == 1
    assert save(cast.finance, key, cell(line, "actual", MAY, 1), cell(line, "plan", MAY, 1)) == 2


def test_a_line_of_another_measure_is_not_found_here(database, cast):
    key, other = make_measure(cast), make_measure(cast)
    line = make_line(cast, other)
    with pytest.raises(NotFound):
        save(cast.owner, key, cell(line, "plan", MAY, 1))


def test_what_somebody_else_changed_meanwhile_is_shown_with_both_values_and_nothing_is_stored(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100), cell(line, "plan", JUNE, 100))
    save(cast.lead, key, cell(line, "plan", MAY, 120, 10_000), cell(line, "plan", JULY, 7))
    with pytest.raises(Stale) as stale:
        save(
            cast.owner, key,
            cell(line, "plan", MAY, 90, 10_000), cell(line, "plan", JUNE, 95, 10_000), cell(line, "plan", JULY, 7),
        )  # fmt: skip
    assert stale.value.values["cells"] == [[f"{line}:plan:2026-05", 10_000, 12_000, 9_000]]
    assert held(line)["plan", "2026-06"] == 10_000
    assert (
        save(cast.owner, key, cell(line, "plan", MAY, 90, 12_000), cell(line, "plan", JUNE, 95, 10_000)) == 2
    )


def test_two_people_in_different_cells_do_not_meet(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100))
    assert save(cast.lead, key, cell(line, "plan", JUNE, 100)) == 1


def test_r13_a_grid_sent_twice_writes_nothing_new(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    asked = SaveGrid(key, (cell(line, "plan", MAY, 1),), cast.owner.origin, action_key=key_of_form())
    assert save_grid(asked) == 1
    save(cast.owner, key, cell(line, "plan", MAY, 2, 100))
    assert save_grid(asked) == 1
    assert held(line) == {("plan", "2026-05"): 200}
    with pytest.raises(KeyReused):
        save_grid(
            SaveGrid(key, (cell(line, "plan", MAY, 3),), cast.owner.origin, action_key=asked.action_key)
        )


def test_a_frozen_plan_stands_still_until_a_change_of_it_is_drafted(database, cast):
    key = make_measure(cast, "detailed")
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100))
    bring_to(cast, key, "decided")
    with pytest.raises(Invalid) as refused:
        save(cast.owner, key, cell(line, "plan", MAY, 90, 10_000), cell(line, "forecast", MAY, 90))
    assert refused.value.errors == {f"{line}:plan:2026-05": ["plan_frozen"]}
    assert refused.value.values["stage"] == "Decided"
    assert save(cast.owner, key, cell(line, "forecast", MAY, 90), cell(line, "target", MAY, 90)) == 2
    draft_change(key)
    assert save(cast.owner, key, cell(line, "plan", MAY, 90, 10_000)) == 1


def test_a_recycle_to_before_decided_opens_the_plan_of_the_grid(database, cast):
    key = make_measure(cast, "detailed")
    line = make_line(cast, key)
    bring_to(cast, key, "decided")
    move(cast, key, "detailed", ask=AskKind.RECYCLE, by=cast.lead, reason="The offer has expired")
    assert save(cast.owner, key, cell(line, "plan", MAY, 90)) == 1


def test_r05_an_actual_amount_awaits_confirmation_and_keeps_all_who_entered_it(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.finance, key, cell(line, "actual", MAY, 100), source="Ledger 4110, May")
    row = row_of(line, "actual", MAY)
    assert (row.standing, row.hands, row.source, row.late_on) == (
        AWAITS, [cast.finance.id], "Ledger 4110, May", None,
    )  # fmt: skip
    _standing(line, MAY, REFUSED)
    save_grid(SaveGrid(key, (cell(line, "actual", MAY, 90, 10_000),), SYSTEM))
    row = row_of(line, "actual", MAY)
    assert (row.standing, row.hands, row.source) == (AWAITS, [cast.finance.id], "Ledger 4110, May")


def test_r05_a_confirmed_amount_is_edited_by_nobody(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.finance, key, cell(line, "actual", MAY, 100))
    _standing(line, MAY, CONFIRMED)
    for who in (cast.finance.origin, SYSTEM):
        for amount in (90, None):
            with pytest.raises(Invalid) as refused:
                save_grid(SaveGrid(key, (cell(line, "actual", MAY, amount, 10_000),), who))
            assert refused.value.errors == {f"{line}:actual:2026-05": ["amount_confirmed"]}
    assert save(cast.owner, key, cell(line, "forecast", MAY, 90)) == 1
    _standing(line, MAY, AWAITS)
    assert save(cast.finance, key, cell(line, "actual", MAY, 90, 10_000)) == 1


def test_a_closed_month_takes_only_a_dated_late_entry_of_the_controller(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "forecast", MAY, 100))
    lock(MAY)
    for who, series in ((cast.finance, "actual"), (cast.owner, "forecast")):
        with pytest.raises(Invalid) as refused:
            save(who, key, cell(line, series, MAY, 90, 10_000 if series == "forecast" else None))
        assert refused.value.errors == {f"{line}:{series}:2026-05": ["period_locked"]}
    with pytest.raises(Refused):
        save(cast.auditor, key, cell(line, "actual", MAY, 90))
    with pytest.raises(Refused):
        save(cast.controller, key, cell(line, "actual", JUNE, 90))
    assert save(cast.controller, key, cell(line, "actual", MAY, 90)) == 1
    row = row_of(line, "actual", MAY)
    assert row.late_on is not None
    assert row.hands == [cast.controller.id]
    assert save(cast.owner, key, cell(line, "plan", MAY, 90), cell(line, "forecast", JUNE, 90)) == 2
    assert save(cast.finance, key, cell(line, "actual", JUNE, 90), cell(line, "actual", None, 5)) == 2


def test_a_run_rate_follows_the_last_plan_month_unless_it_was_given(database, cast):
    key = make_measure(cast)
    line, given = make_line(cast, key), make_line(cast, key, name="Given", run_rate=Decimal(1000))
    posts = make_line(cast, key, name="Posts", kind="fte", currency="")
    once = make_line(cast, key, name="Once", timing="one_off")
    for each in (line, given, posts, once):
        save(cast.owner, key, cell(each, "plan", MAY, 100), cell(each, "plan", JUNE, 200))
    assert [run_rate(each) for each in (line, given, posts, once)] == [240_000, 100_000, 2_000_000, None]
    save(cast.owner, key, cell(line, "plan", JUNE, 300, 20_000), cell(line, "plan", MAY, 1, 10_000))
    assert run_rate(line) == 360_000
    assert loaded(key).card.values == {"EUR": 460_000}
    save(cast.owner, key, cell(line, "plan", JUNE, None, 30_000), cell(line, "plan", MAY, None, 100))
    assert run_rate(line) is None


def test_a_plan_is_filled_from_the_run_rate_with_a_ramp(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key, run_rate=Decimal(1000), start=date(2026, 5, 20))
    ramp = (Decimal(50), Decimal(75))
    # 41.67 and 62.50, then 83.33 eleven times and 83.37
    assert fill_plan(FillPlan(key, line, 14, cast.owner.origin, ramp)) == 14
    plan = held(line)
    assert [plan["plan", f"2026-{n:02}"] for n in (5, 6, 7)] == [4_167, 6_250, 8_333]
    assert plan["plan", "2027-06"] == 8_337
    assert sum(plan.values()) == 4_167 + 6_250 + 100_000
    assert run_rate(line) == 100_000
    for faulty, field in (
        ({"count": 0}, "count"), ({"count": 601}, "count"), ({"ramp": (Decimal(-1),)}, "ramp"),
        ({"ramp": (Decimal("NaN"),)}, "ramp"), ({"ramp": (Decimal("0.00001"),)}, "ramp"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            fill_plan(
                FillPlan(**{"key": key, "line_id": line, "count": 1, "origin": cast.owner.origin} | faulty)
            )
        assert field in refused.value.errors
    bare = make_line(cast, key)
    with pytest.raises(Invalid) as refused:
        fill_plan(FillPlan(key, bare, 12, cast.owner.origin, first=MAY))
    assert refused.value.errors == {"run_rate": ["run_rate_missing"]}


def test_the_plan_is_taken_over_as_forecast_where_months_are_open(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(
        cast.owner, key,
        *(cell(line, "plan", month, 100) for month in (MAY, JUNE, JULY)), cell(line, "plan", None, 5),
        cell(line, "forecast", date(2026, 9, 1), 7), cell(line, "forecast", JUNE, 8),
    )  # fmt: skip
    save(cast.finance, key, cell(line, "actual", JUNE, 90))
    lock(MAY)
    assert copy_plan(CopyPlan(key, cast.owner.origin)) == 3
    forecast = {month: amount for (series, month), amount in held(line).items() if series == "forecast"}
    assert forecast == {"2026-06": 800, "2026-07": 10_000, "": 500}
    with pytest.raises(Refused):
        copy_plan(CopyPlan(key, cast.controller.origin))


def test_amounts_of_a_cancelled_measure_stand_still(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    with write_session() as session:
        session.execute(update(Measure).where(Measure.key == key).values(state="cancelled"))
    with pytest.raises(Refused, match="measure_cancelled"):
        save(cast.owner, key, cell(line, "plan", MAY, 1))


def test_of_people_who_save_one_cell_at_once_one_wins_and_the_others_see_it(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)

    def one(n: int) -> int | str:
        try:
            return save((cast.owner, cast.lead)[n % 2], key, cell(line, "plan", MAY, n + 1))
        except Stale as stale:
            return stale.code

    results = at_once([partial(one, n) for n in range(6)])
    assert sorted(results, key=str) == [1, *["grid_changed"] * 5]
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_an_import_moves_the_forecast_with_its_milestone(database, cast):
    mapping = {
        "name": "Dates", "source": "list", "encoding": "utf-8", "delimiter": "comma", "match": "key", "key": "id",
        "title": "name", "dates": {"date_forms": ["yyyy-mm-dd"]},
        "milestones": [{"name": "Live", "which": "plan", "column": "planned"},
                       {"name": "Live", "which": "forecast", "column": "expected"}],
    }  # fmt: skip

    def run(planned: str, expected: str) -> None:
        text = f"id,name,planned,expected\nA1,Fewer calls at night,{planned},{expected}\n"
        import_measures(ImportMeasures(SYSTEM, "dates.csv", text.encode(), "service-desk", mapping))

    run("2026-05-10", "")
    with reading() as session:
        measure = session.scalars(select(Measure).where(Measure.external_key == "A1")).one()
        key, stone = measure.key, session.scalars(select(Milestone.id)).one()
    line = set_effect_line(
        SetEffectLine(key, "Calls", "ebitda", "recurring", "EUR", SYSTEM, start_milestone_id=stone)
    )
    save_grid(SaveGrid(key, (cell(line, "plan", MAY, 100), cell(line, "forecast", MAY, 100)), SYSTEM))
    run("2026-05-10", "2026-07-31")
    assert held(line) == {("plan", "2026-05"): 10_000, ("forecast", "2026-07"): 10_000}
    assert verify(state=True).ok
