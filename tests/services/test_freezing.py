"""Freezing of plans: what a version keeps, that nothing changes it, and that no plan is frozen without a rate."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import PlanChange, PlanVersion
from govapp.data.measures import Measure, StagePassage
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid
from govapp.services.audit import verify
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.plan_changes import AskPlanChange, OpenPlanChange, ask_plan_change, open_plan_change
from govapp.services.rates import SetPlanRates, set_plan_rates
from govapp.services.settling import settle_all
from tests.cast import SYSTEM, Cast
from tests.factories import bring_to, loaded, make_measure, move, stage_of, supply, vote_all
from tests.factories2 import emergency, make_measure2, use_version_2

pytestmark = pytest.mark.usefixtures("database")
MONTHS = (date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1))
NEW_YEAR = date(2026, 1, 1)


def rate(currency: str, worth: str, since: date = NEW_YEAR) -> None:
    set_plan_rates(SetPlanRates(SYSTEM, "OI", since, {currency: Decimal(worth)}, "As the bank says"))


def line(cast: Cast, key: str, **more: Any) -> int:
    values: dict[str, Any] = {
        "name": "Calls",
        "kind": "ebitda",
        "timing": "recurring",
        "currency": "EUR",
    } | more
    return set_effect_line(SetEffectLine(key, origin=cast.owner.origin, **values))


def plan(cast: Cast, key: str, number: int, *amounts: str | None) -> None:
    months = {
        month: None if amount is None else Decimal(amount)
        for month, amount in zip(MONTHS, amounts, strict=False)
    }
    set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin))


def versions(key: str) -> list[PlanVersion]:
    with reading() as session:
        found = (
            select(PlanVersion).join(Measure, Measure.id == PlanVersion.measure_id).where(Measure.key == key)
        )
        rows = list(session.scalars(found.order_by(PlanVersion.number)))
        session.expunge_all()
        return rows


def amounts(number: int, version: int) -> list[tuple[str, int]]:
    with reading() as session:
        rows = session.execute(
            select(EffectValue.month, EffectValue.amount)
            .where(
                EffectValue.line_id == number,
                EffectValue.plan_version == version,
                EffectValue.series == "plan",
            )
            .order_by(EffectValue.month)
        )
        return [(row.month.isoformat()[:7] if row.month else "", row.amount) for row in rows]


def recycle(cast: Cast, key: str) -> None:
    move(cast, key, "detailed", ask=AskKind.RECYCLE, by=cast.lead, reason="The offer has expired")


def test_entering_decided_freezes_version_1_with_fields_rates_and_totals_rounded_once(cast: Cast) -> None:
    """3 x 333.33 USD = 999.99 USD at 0.92 = 919.9908, so 919.99 EUR; month by month it would be 919.98."""
    rate("USD", "0.92")
    key = make_measure(cast, "detailed")
    dollars = line(cast, key, currency="USD", run_rate=Decimal("3999.96"), category="licences")
    plan(cast, key, dollars, "333.33", "333.33", "333.33")
    posts = line(cast, key, name="Posts", kind="fte", currency="", totals={"plan": Decimal("1.5")})
    late = line(cast, key, name="Unplanned", totals={"forecast": Decimal(5)})
    bring_to(cast, key, "decided")
    (version,) = versions(key)
    assert (version.number, version.cause, version.rates) == (1, "decided", {"USD": "0.92"})
    assert version.translated == {str(dollars): 919_99}
    assert version.lines[str(dollars)] == {
        "name": "Calls", "kind": "ebitda", "timing": "recurring", "category": "licences", "cost_object": "",
        "currency": "USD", "run_rate": 3999_96, "plan": 999_99,
    }  # fmt: skip
    assert version.lines.keys() == {str(dollars), str(posts)}, "a line without a plan is in no version"
    assert amounts(dollars, 1) == [("2026-05", 333_33), ("2026-06", 333_33), ("2026-07", 333_33)]
    assert (amounts(posts, 1), amounts(late, 1)) == ([("", 15_000)], [])
    assert version.person_id in {cast.sponsor.id, cast.controller.id}, "the last vote freezes"
    assert version.review_id is not None
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.sequence == version.seq)).one()
        passage = session.scalars(select(StagePassage).order_by(StagePassage.id.desc())).first()
    assert (row.event, '"ebitda":{"USD":99999}' in row.payload) == ("finance:plan-frozen", True)
    assert passage is not None
    assert passage.values == {"USD": 3999_96}
    card = loaded(key).card
    assert card is not None
    assert card.plan_number == 1


def test_a_measure_without_a_plan_is_frozen_as_one(cast: Cast) -> None:
    key = make_measure(cast, "decided")
    (version,) = versions(key)
    assert (version.lines, version.rates, version.translated) == ({}, {}, {})


def test_without_a_plan_rate_nothing_moves_and_the_finding_names_the_currency(cast: Cast) -> None:
    key = make_measure(cast, "detailed")
    line(cast, key, timing="one_off", kind="cash", currency="GBP", totals={"plan": Decimal(10)})
    supply(cast, key, "decided")
    refused = move(cast, key, "decided")
    assert refused.decision is not None
    assert [(each.key, each.values) for each in refused.decision.unmet] == [
        ("rule:rate-missing", {"currencies": ["GBP"]})
    ]
    assert (refused.outcome, stage_of(key), versions(key)) == (Outcome.REFUSED, "detailed", [])
    rate("GBP", "1.17")
    move(cast, key, "decided")
    vote_all(cast, key)
    assert (stage_of(key), len(versions(key))) == ("decided", 1)


def test_a_rate_gone_while_the_review_is_open_keeps_the_last_vote_from_moving_it(cast: Cast) -> None:
    key = make_measure(cast, "detailed")
    supply(cast, key, "decided")
    move(cast, key, "decided")
    line(cast, key, kind="cash", currency="GBP", run_rate=Decimal(10))
    vote_all(cast, key)
    assert (stage_of(key), versions(key)) == ("detailed", [])


def test_an_emergency_advance_freezes_too_and_is_refused_without_a_rate(cast: Cast) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, "detailed")
    number = line(cast, key, currency="GBP", run_rate=Decimal(10))
    refused = emergency(cast, key, "decided")
    assert refused.decision is not None
    assert [each.key for each in refused.decision.unmet] == ["rule:rate-missing"]
    rate("GBP", "1.17")
    emergency(cast, key, "decided")
    (version,) = versions(key)
    assert (stage_of(key), version.review_id, list(version.lines)) == ("decided", None, [str(number)])


def test_a_recycle_leaves_the_version_in_force_and_the_next_entry_freezes_the_next(cast: Cast) -> None:
    rate("USD", "0.92")
    key = make_measure(cast, "detailed")
    number = line(cast, key, currency="USD", run_rate=Decimal(1200))
    plan(cast, key, number, "100", "100", "100")
    bring_to(cast, key, "decided")
    recycle(cast, key)
    plan(cast, key, number, "80", "100", None)
    line(cast, key, line_id=number, currency="USD", run_rate=Decimal(900))
    between = loaded(key)
    assert between.card is not None
    assert (between.card.values, between.card.plan_number) == ({"USD": 1200_00}, 1), "version 1 is in force"
    assert between.snapshot.figures == {f"{number}:run_rate": 900_00, f"{number}:plan": 180_00}, (
        "gates read the draft"
    )
    rate("USD", "0.90")
    bring_to(cast, key, "decided")
    first, second = versions(key)
    assert amounts(number, 1) == [("2026-05", 100_00), ("2026-06", 100_00), ("2026-07", 100_00)]
    assert amounts(number, 2) == [("2026-05", 80_00), ("2026-06", 100_00)]
    assert (first.translated, first.rates) == ({str(number): 276_00}, {"USD": "0.92"})
    assert (second.translated, second.rates) == ({str(number): 162_00}, {"USD": "0.90"})
    after = loaded(key)
    assert after.card is not None
    assert (after.card.values, after.card.plan_number) == ({"USD": 900_00}, 2)
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_gates_after_decided_read_the_version_in_force(cast: Cast) -> None:
    key = make_measure(cast, "detailed")
    number = line(cast, key, run_rate=Decimal(100), totals={"plan": Decimal(90)})
    bring_to(cast, key, "decided")
    assert loaded(key).snapshot.figures == {f"{number}:run_rate": 100_00, f"{number}:plan": 90_00}


def test_a_later_corrected_plan_rate_leaves_a_frozen_version_as_it_is(cast: Cast) -> None:
    rate("USD", "0.92")
    key = make_measure(cast, "detailed")
    number = line(cast, key, currency="USD", totals={"plan": Decimal("1000.00")})
    bring_to(cast, key, "decided")
    rate("USD", "0.80")
    (version,) = versions(key)
    assert (version.rates, version.translated) == ({"USD": "0.92"}, {str(number): 920_00})


def test_r18_the_database_takes_no_change_of_a_frozen_plan(cast: Cast, database: Engine) -> None:
    key = make_measure(cast, "detailed")
    number = line(cast, key, totals={"plan": Decimal(900)})
    bring_to(cast, key, "decided")
    values, frozen = EffectValue.__table__, versions(key)[0]
    held = values.c.plan_version == 1
    same = {"measure_id": frozen.measure_id, "line_id": number, "series": "plan", "amount": 1, "standing": "",
            "hands": [], "source": ""}  # fmt: skip
    attempts: list[Any] = [
        update(EffectValue).where(held).values(amount=1),
        update(EffectValue).where(held).values(plan_version=0, month=MONTHS[0]),
        update(EffectValue).where(values.c.plan_version == 0).values(plan_version=1, month=MONTHS[0]),
        delete(EffectValue).where(held),
        insert(EffectValue).values(**same, month=MONTHS[0], plan_version=1),
        update(PlanVersion).values(rates={"EUR": "2"}),
        delete(PlanVersion),
    ]
    for statement in attempts:
        with pytest.raises(DBAPIError), write_session() as session:
            session.execute(statement)
    assert amounts(number, 1) == [("", 900_00)]


def test_a_line_with_frozen_amounts_is_never_removed_but_its_draft_can_be_set_to_nothing(cast: Cast) -> None:
    key = make_measure(cast, "detailed")
    number = line(cast, key, run_rate=Decimal(100), totals={"plan": Decimal(900)})
    bring_to(cast, key, "decided")
    recycle(cast, key)
    with pytest.raises(Invalid, match="line_in_frozen_plan"):
        remove_effect_line(RemoveEffectLine(key, number, cast.owner.origin))
    for changes in ({"kind": "cash"}, {"timing": "one_off", "run_rate": None}, {"currency": "USD"}):
        with pytest.raises(Invalid) as refused:
            line(
                cast,
                key,
                line_id=number,
                **{"run_rate": Decimal(100), "totals": {"plan": Decimal(900)}} | changes,
            )
        assert {code for codes in refused.value.errors.values() for code in codes} <= {
            "line_in_frozen_plan",
            "line_holds_amounts",
        }
    line(cast, key, line_id=number, run_rate=None, totals={"plan": None})
    assert (amounts(number, 0), amounts(number, 1)) == ([], [("", 900_00)])
    bring_to(cast, key, "decided")
    assert versions(key)[1].lines == {}


MAPPING: dict[str, Any] = {
    "name": "Portfolio", "source": "list", "encoding": "utf-8", "delimiter": "comma", "match": "key_then_name",
    "key": "id", "title": "name",
    "open_at": "decided",
    "amounts": [
        {"line": "Saving", "kind": "ebitda", "category": "licences", "timing": "one_off", "series": "plan",
         "column": "saving", "scale": 1, "currency": "USD", "sign": 1}
    ],
    "dates": {"date_forms": ["yyyy-mm-dd"]},
    "amount_style": {"decimal": "point", "thousands": "comma"},
}  # fmt: skip


def bring_in(*rows: str) -> tuple[int, int, int, int]:
    text = "\n".join(("id,name,saving", *rows)) + "\n"
    result = import_measures(ImportMeasures(SYSTEM, "list.csv", text.encode(), "service-desk", MAPPING))
    return result.added, result.changed, result.unchanged, result.refused


def test_an_import_past_decided_freezes_what_it_plans_and_each_new_statement_is_the_next_version(
    cast: Cast,
) -> None:
    assert bring_in("A1,First measure,1000.10") == (0, 0, 0, 1), "no plan rate: refused, never taken at 1.0"
    rate("USD", "0.92")
    assert bring_in("A1,First measure,1000.10", "A2,Second measure,") == (2, 0, 0, 0)
    with reading() as session:
        keys = dict(session.execute(select(Measure.external_key, Measure.key)).all())
        rows = session.scalar(select(func.count()).select_from(PlanVersion))
    assert (rows, versions(keys["A2"])) == (1, []), "nothing planned, nothing frozen"
    (version,) = versions(keys["A1"])
    assert (version.cause, list(version.translated.values())) == ("opened", [920_09]), (
        "1000.10 x 0.92 = 920.092"
    )
    assert bring_in("A1,First measure,1200") == (0, 1, 0, 0)
    first, second = versions(keys["A1"])
    assert [list(each.translated.values()) for each in (first, second)] == [[920_09], [1104_00]]
    assert verify(state=True).ok


def test_an_import_does_not_replace_a_plan_that_a_change_request_has_frozen(cast: Cast) -> None:
    rate("USD", "0.92")
    assert bring_in("A1,First measure,1000.10") == (1, 0, 0, 0)
    with reading() as session:
        key = session.scalar(select(Measure.key).where(Measure.external_key == "A1")) or ""
        row = session.scalars(select(EffectLine)).one()
    number = open_plan_change(OpenPlanChange(key, "A better offer", cast.lead.origin))
    set_effect_line(
        SetEffectLine(
            key, row.name, row.kind, row.timing, row.currency, cast.lead.origin, category=row.category,
            totals={"plan": Decimal("1000.20")}, line_id=row.id,
        )
    )  # fmt: skip
    with reading() as session:
        seen = session.get_one(PlanChange, number).version
    assert ask_plan_change(AskPlanChange(key, number, seen, cast.lead.origin)) == "frozen"
    assert bring_in("A1,First measure,5000") == (0, 0, 0, 1)
    assert [each.cause for each in versions(key)] == ["opened", "change"]
