"""Import of measures: added, changed, refused; the same file twice; a killed import; the three portfolio files."""

import csv
import gzip
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from govapp.config import ROOT
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.imports import BatchRow
from govapp.data.measures import Measure, Milestone, StagePassage, StageTotal, StatusEntry
from govapp.data.structure import Branch
from govapp.domain.asks import AskKind
from govapp.domain.errors import NotFound, Refused
from govapp.domain.imports import Problem
from govapp.domain.money import from_minor
from govapp.present.imports import problem_sentence
from govapp.services import imports
from govapp.services.audit import verify
from govapp.services.imports import ImportMeasures, ImportResult, import_measures
from govapp.services.measures import ArchiveProposal, archive_proposal
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.settling import settle_all
from govapp.services.structure import AddOrganization, ArchiveBranch, add_organization, archive_branch
from tests.cast import SYSTEM, Cast
from tests.factories import assign_all, bring_to, make_measure, measure_row, move, stage_of

pytestmark = pytest.mark.usefixtures("database")
GMPP = {2019: 133, 2020: 125, 2023: 244}
MAPPING: dict[str, Any] = {
    "name": "Plain list",
    "source": "list",
    "encoding": "utf-8",
    "delimiter": "comma",
    "match": "key_then_name",
    "key": "id",
    "title": "name",
    "fields": {"problem": {"column": "problem"}, "description": {"column": "note"}},
    "amounts": [
        {"line": "Saving", "kind": "ebitda", "category": "licences", "timing": "one_off", "series": "plan",
         "column": "saving", "scale": 1000, "currency": "EUR", "sign": 1}
    ],
    "milestones": [{"name": "End", "which": "plan", "column": "end"}],
    "dates": {"date_forms": ["yyyy-mm-dd"]},
    "amount_style": {"decimal": "point", "thousands": "comma"},
}  # fmt: skip
ROWS = (
    "id,name,problem,note,saving,end\n"
    "A1,First measure,Too slow,one,1.5,2026-05-01\n"
    'A2,Second measure,Too dear,two,"2,000",2026-06-01\n'
)


def run(
    text: str, *, mapping: dict[str, Any] | None = None, under: str = "service-desk", **more: Any
) -> ImportResult:
    command = ImportMeasures(
        more.pop("origin", SYSTEM), "list.csv", text.encode(), under, mapping or MAPPING, **more
    )
    return import_measures(command)


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.added, result.changed, result.unchanged, result.refused


def rows_in_log() -> int:
    with reading() as session:
        return (
            session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.measure_id.is_not(None)))
            or 0
        )


def imported(external_key: str) -> Measure:
    with reading() as session:
        row = session.scalars(select(Measure).where(Measure.external_key == external_key)).one()
        session.expunge(row)
        return row


def test_rows_become_proposals_with_amounts_in_minor_units_and_milestones(cast: Cast) -> None:
    assert counts(run(ROWS)) == (2, 0, 0, 0)
    first = imported("A1")
    assert (first.state, first.stage, first.title) == ("proposed", None, "First measure")
    with reading() as session:
        amount = session.scalar(select(EffectValue.amount).where(EffectValue.measure_id == imported("A2").id))
        planned = session.scalar(select(Milestone.first_plan_date).where(Milestone.measure_id == first.id))
    assert amount == 2_000_000_00
    assert str(planned) == "2026-05-01"


def test_the_same_file_twice_changes_nothing(cast: Cast) -> None:
    run(ROWS)
    before = rows_in_log()
    assert counts(run(ROWS)) == (0, 0, 2, 0)
    assert rows_in_log() == before


def test_next_years_file_updates_by_key_and_says_what_changed(cast: Cast) -> None:
    run(ROWS)
    result = run(ROWS.replace("Too slow", "Far too slow").replace("1.5", "1.25"))
    assert counts(result) == (0, 1, 1, 0)
    assert [change[:4] for change in result.shown[0].changes] == [
        ["field", "problem", "Too slow", "Far too slow"],
        ["amount", "Saving", 150_000, 125_000],
    ]
    assert imported("A1").version == 2


def test_a_measure_whose_key_changed_is_found_by_its_name(cast: Cast) -> None:
    run(ROWS)
    assert counts(run(ROWS.replace("A1", "Z9"))) == (0, 1, 1, 0)
    assert imported("Z9").title == "First measure"


def test_a_dry_run_writes_nothing_and_says_the_same(cast: Cast) -> None:
    before = rows_in_log()
    dry = run(ROWS, dry_run=True)
    assert counts(dry) == (2, 0, 0, 0)
    assert rows_in_log() == before
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(BatchRow)) == 0
    run(ROWS)
    again = run(ROWS.replace("one", "uno"), dry_run=True)
    assert counts(again) == (0, 1, 1, 0)
    assert imported("A1").description == "one"


def test_a_bad_row_is_refused_by_row_column_and_value_and_the_others_come_in(cast: Cast) -> None:
    result = run(ROWS.replace("1.5", "a lot"))
    assert counts(result) == (1, 0, 0, 1)
    problem = result.shown[0].problems[0]
    assert (problem[0], problem[1], problem[2]) == (2, "saving", "a lot")


def sentences(result: ImportResult) -> list[str]:
    return [problem_sentence(Problem(*problem)) for row in result.shown for problem in row.problems]


def test_a_fault_is_said_once_with_the_limit_and_where_it_stands_in_the_file(cast: Cast) -> None:
    long = run(ROWS.replace("First measure", "x" * 300))
    assert [said.rpartition("”: ")[2] for said in sentences(long)] == [
        "the text is longer than 200 characters."
    ]
    empty = run(ROWS.replace("First measure", ""))
    assert sentences(empty) == ["Row 2, “name”: the name is missing; a measure needs a title."]
    both = run(ROWS.replace("First measure", "").replace("1.5", "a lot"))
    assert len(sentences(both)) == 2


def test_an_entry_of_no_list_is_named_by_its_column_or_as_a_default_with_what_the_list_has(
    cast: Cast,
) -> None:
    chosen = {"fields": {"business_unit": {"column": "note"}}, "defaults": {"function": "Abroad"}}
    said = sentences(run(ROWS, mapping=MAPPING | chosen))
    assert said[0].startswith(
        "Row 2, “note”, value “one”: the organization's list has no such entry; it has: business-unit-1, "
    )
    assert said[1].startswith("Row 2, “defaults.function”, value “Abroad”: ")


def test_a_record_in_a_column_is_called_a_column_also_where_a_field_cannot_be_kept(cast: Cast) -> None:
    across = "id,A1\nname,First measure\nproblem,p\nnote,n\nsaving,1\nend,2199-05-01\n"
    done = [{"name": "End", "which": "actual", "column": "end"}]
    result = run(across, mapping=MAPPING | {"orientation": "columns", "milestones": done})
    assert sentences(result)[0].startswith("Column 2 (B), ")


def test_an_update_never_changes_a_stage(cast: Cast) -> None:
    opened = MAPPING | {"open_at": {"stage": "decided"}}
    run(ROWS, mapping=opened)
    assert stage_of(imported("A1").key) == "decided"
    run(ROWS.replace("one", "uno"), mapping=MAPPING | {"open_at": {"stage": "identified"}})
    assert stage_of(imported("A1").key) == "decided"


def test_a_measure_opened_at_a_stage_says_so_in_log_passage_and_row(cast: Cast) -> None:
    run(ROWS, mapping=MAPPING | {"open_at": {"stage": "implemented"}})
    measure = imported("A1")
    assert measure.opened_at_stage == "implemented"
    with reading() as session:
        passage = session.scalars(select(StagePassage).where(StagePassage.measure_id == measure.id)).one()
        event = session.scalar(
            select(AuditLog.payload).where(
                AuditLog.event == "measure:opened-at", AuditLog.measure_id == measure.id
            )
        )
    assert passage.how == "opened_at"
    assert event and '"file":"list.csv"' in event and '"row":2' in event


def test_an_unknown_stage_refuses_the_row(cast: Cast) -> None:
    result = run(ROWS, mapping=MAPPING | {"open_at": {"stage": "flying"}})
    assert counts(result) == (0, 0, 0, 2)
    assert result.shown[0].problems[0][3] == "unknown_stage"


def test_import_needs_its_right_and_opening_at_a_stage_another(cast: Cast) -> None:
    with pytest.raises(Refused):
        run(ROWS, origin=cast.owner.origin)
    with pytest.raises(NotFound):
        run(ROWS, origin=cast.stranger.origin)
    with pytest.raises(NotFound):
        run(ROWS, under="nowhere")


def test_a_killed_import_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 10)
    many = "id,name,problem,note,saving,end\n" + "".join(
        f"K{n},Measure number {n},p,n,1,2026-05-01\n" for n in range(45)
    )
    command = ImportMeasures(SYSTEM, "list.csv", many.encode(), "service-desk", MAPPING)

    class Killed(BaseException):
        pass

    def die(phase: str, done: int, total: int, refused: int) -> None:
        if phase == "importing" and done >= 20:
            raise Killed

    with pytest.raises(Killed):
        import_measures(command, die)
    with reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Measure).where(Measure.external_source == "list"))
            == 20
        )
    result = import_measures(command)
    assert result.resumed
    assert counts(result) == (45, 0, 0, 0)
    with reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Measure).where(Measure.external_source == "list"))
            == 45
        )
    assert settle_all(SYSTEM) == 0
    assert verify(state=True).ok


def test_import_leaves_measures_of_other_sources_alone(cast: Cast) -> None:
    own = make_measure(cast, None, title="First measure")
    run(ROWS)
    assert measure_row(own).external_key == ""


def _portfolio(year: int) -> ImportMeasures:
    data = gzip.decompress((ROOT / "demo" / "uk-gmpp" / f"uk_{year}.csv.gz").read_bytes())
    mapping = yaml.safe_load((ROOT / "demo" / "mappings" / f"gmpp-{year}.yaml").read_text(encoding="utf-8"))
    return ImportMeasures(SYSTEM, f"uk_{year}.csv", data, "GMPP", mapping)


def _column_total(path: Path, year: int, column: str) -> Decimal:
    """The total of an amount column in pounds, counted another way: csv, latin-1, digits only."""
    text = gzip.decompress(path.read_bytes()).decode("latin-1")
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if year == 2023 else ","))
    place = [name.encode("latin-1").decode("cp1252", "replace") for name in rows[0]].index(column)
    total = Decimal(0)
    for row in rows[1:]:
        cell = row[place].replace(chr(163), "").replace(",", "").strip() if len(row) > place else ""
        if cell and cell.replace(".", "").replace("-", "").isdigit():
            total += Decimal(cell)
    return total * 1_000_000


def test_the_three_portfolio_files_come_in_with_counts_and_totals(cast: Cast) -> None:
    add_organization(AddOrganization(SYSTEM, "Government", "GMPP", "GBP", 4, "Europe/London", "G"))
    for year, count in GMPP.items():
        result = import_measures(_portfolio(year))
        assert (result.rows, result.refused) == (count, 0)
        assert result.added + result.changed + result.unchanged == count
    path = ROOT / "demo" / "uk-gmpp"
    with reading() as session:
        sums = dict(
            session.execute(
                select(EffectLine.name, func.sum(EffectValue.amount))
                .join(EffectValue, EffectValue.line_id == EffectLine.id)
                .where(EffectValue.series == "baseline", EffectLine.name.like("In-year cost%"))
                .group_by(EffectLine.name)
            ).all()
        )
        benefits = session.scalar(
            select(func.sum(EffectValue.amount))
            .join(EffectLine)
            .where(EffectLine.name == "Whole life benefits", EffectValue.plan_version == 0)
        )
        total = session.scalar(
            select(func.sum(StageTotal.count)).where(
                StageTotal.currency == "", StageTotal.stage != "proposed"
            )
        )
    for year, column in ((2019, "yearly_budget"), (2020, "yearly_budget"), (2023, "total_baseline")):
        assert -from_minor(int(sums[f"In-year cost {year}"]), "GBP") == _column_total(
            path / f"uk_{year}.csv.gz", year, column
        )
    expected = _column_total(path / "uk_2023.csv.gz", 2023, "TOTAL Baseline Benefits (£m)")
    assert from_minor(int(benefits or 0), "GBP") == expected
    assert total == 338
    again = import_measures(_portfolio(2023))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 244)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(StatusEntry)) or 0
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def sentence(result: ImportResult) -> str:
    return problem_sentence(Problem(*result.shown[0].problems[0]))


def test_a_measure_whose_key_stands_in_the_file_is_never_found_by_its_name(cast: Cast) -> None:
    run(ROWS)
    first = imported("A1").key
    twins = ROWS.splitlines()[0] + "\nA9,First measure,p,n,1,2026-05-01\nA1,First measure,p,n,1,2026-05-01\n"
    for dry in (True, False):
        assert counts(run(twins, dry_run=dry)) == (1, 1, 0, 0)
    assert (imported("A1").key, imported("A9").key != first) == (first, True)


def test_a_name_that_could_mean_two_measures_or_is_borne_by_two_rows_refuses_the_row(cast: Cast) -> None:
    head = ROWS.splitlines()[0] + "\n"
    run(head + "B1,Beta,p,n,1,2026-05-01\nB2,Beta,p,n,1,2026-05-01\nC1,Gamma,p,n,1,2026-05-01\n")
    for rows, refused in (
        (",Beta,p,n,1,2026-05-01\n", 1),
        ("B7,Beta,p,n,1,2026-05-01\n", 1),
        ("C8,Gamma,p,n,1,2026-05-01\nC9,Gamma,p,n,1,2026-05-01\n", 2),
    ):
        result = run(head + rows)
        assert counts(result) == (0, 0, 0, refused), rows
        assert "say by its key which one is meant" in sentence(result)
    assert counts(run(head + "B1,Beta,p,n,1,2026-05-01\nB7,Beta,p,n,1,2026-05-01\n")) == (0, 1, 1, 0)


def test_a_cancelled_measure_and_an_archived_proposal_are_not_changed(cast: Cast) -> None:
    run(ROWS)
    archive_proposal(ArchiveProposal(imported("A1").key, 1, "Not worth it", cast.lead.origin))
    run(
        ROWS.replace("A2", "A3").replace("Second", "Third"),
        mapping=MAPPING | {"open_at": {"stage": "defined"}},
    )
    third = imported("A3")
    move(cast, third.key, ask=AskKind.CANCEL, by=cast.lead, reason="Not worth it")
    result = run(ROWS.replace("one", "uno"))
    assert counts(result) == (0, 0, 1, 1)
    assert "“id”, value “A1”" in sentence(result)
    assert "is an archived proposal" in sentence(result)
    changed = ROWS.replace("A2", "A3").replace("Second", "Third").replace("two", "due")
    assert f"{third.key} is cancelled" in sentence(run(changed.replace("A1,First", "A4,Fourth")))
    assert measure_row(third.key).description == "two"


def test_a_matched_measure_is_changed_only_by_who_may_import_there(cast: Cast) -> None:
    run(ROWS, under="workplace")
    result = run(ROWS.replace("one", "uno"), origin=cast.lead.origin)
    assert counts(result) == (0, 0, 0, 2)
    assert "lies where you may not" in sentence(result)
    assert imported("A1").description == "one"


def test_a_series_needs_the_right_that_entering_it_needs(cast: Cast) -> None:
    actuals = MAPPING | {"amounts": [MAPPING["amounts"][0] | {"series": "actual"}]}
    with pytest.raises(Refused):
        run(ROWS, mapping=actuals, origin=cast.lead.origin)
    assert counts(run(ROWS, origin=cast.lead.origin)) == (2, 0, 0, 0)


def test_a_plan_frozen_by_a_gate_is_not_changed_but_one_only_opened_keeps_its_source(cast: Cast) -> None:
    run(ROWS, mapping=MAPPING | {"open_at": {"stage": "detailed"}})
    decided = imported("A1").key
    opened = MAPPING | {"open_at": {"stage": "decided"}}
    assert counts(run(ROWS.replace("A2", "A3").replace("Second", "Third"), mapping=opened)) == (1, 0, 1, 0)
    assign_all(cast, decided)
    bring_to(cast, decided, "decided")
    dearer = (
        ROWS.replace("A2", "A3").replace("Second", "Third").replace("1.5", "1.6").replace("2,000", "3,000")
    )
    result = run(dearer)
    assert counts(result) == (0, 1, 0, 1)
    assert "“Saving, plan”, value “1600.00”: the plan is frozen since Decided" in sentence(result)
    move(cast, decided, "detailed", ask=AskKind.RECYCLE, by=cast.lead, reason="The offer has expired")
    assert counts(run(dearer)) == (0, 1, 1, 0)


def test_an_amount_never_enters_a_line_of_another_currency(cast: Cast) -> None:
    run(ROWS)
    result = run(ROWS, mapping=MAPPING | {"amounts": [MAPPING["amounts"][0] | {"currency": "USD"}]})
    assert counts(result) == (0, 0, 0, 2)
    assert "keeps this line as EBITDA one-off EUR" in sentence(result)


def test_new_measures_come_to_lie_as_proposals_by_hand_would(cast: Cast) -> None:
    result = run(ROWS, under="operations")
    assert counts(result) == (0, 0, 0, 2)
    assert "Measures lie under a program" in sentence(result)
    levels = MAPPING | {"branch": [{"kind": "program", "fixed": "New\x07 desk"}]}
    assert counts(run(ROWS, under="operations", mapping=levels)) == (0, 0, 0, 2)
    levels = MAPPING | {"branch": [{"kind": "program", "fixed": "New desk"}]}
    dry = run(ROWS, under="operations", mapping=levels, dry_run=True)
    assert counts(dry) == counts(run(ROWS, under="operations", mapping=levels)) == (2, 0, 0, 0)
    with reading() as session:
        made = session.scalars(select(Branch).where(Branch.name == "New desk")).one()
        archive = ArchiveBranch(SYSTEM, made.key)
    assert imported("A1").branch_id == made.id
    for key in ("A1", "A2"):
        archive_proposal(ArchiveProposal(imported(key).key, 1, "Not worth it", SYSTEM))
    archive_branch(archive)
    more = ROWS.replace("A1,First", "A5,Fifth").replace("A2,Second", "A6,Sixth")
    assert "archived" in sentence(run(more, under="operations", mapping=levels))


def test_what_a_row_brings_is_logged_as_the_verbs_log_it(cast: Cast) -> None:
    statuses = {
        "statuses": [{"column": "note", "values": {"one": "red", "two": "green"}, "reason": "problem"}]
    }
    run(ROWS, mapping=MAPPING | statuses)
    changed = ROWS.replace("1.5", "1.25").replace("2026-05-01", "2026-05-02")
    run(changed, mapping=MAPPING | statuses)
    with reading() as session:
        rows = session.execute(
            select(AuditLog.event, AuditLog.payload)
            .where(AuditLog.measure_id == imported("A1").id)
            .order_by(AuditLog.sequence)
        ).all()
        entry = session.scalars(select(StatusEntry)).first()
    events = [row.event for row in rows]
    brought = ["milestone:changed", "finance:effect-changed"]
    assert events == ["measure:proposed", *brought, "status:declared", "measure:imported", *brought]
    assert '"totals":{"plan":[150000,125000]}' in rows[-1].payload
    assert '"changes":{"plan_date":["2026-05-01","2026-05-02"]}' in rows[-2].payload
    assert "150000" not in rows[-3].payload
    assert entry is not None
    assert entry.seq > 0
    assert verify(state=True).ok


def test_a_date_that_is_done_does_not_lie_ahead(cast: Cast) -> None:
    done = MAPPING | {"milestones": [{"name": "End", "which": "actual", "column": "end"}]}
    result = run(ROWS.replace("2026-05-01", "2199-05-01").replace("2026-06-01", "2020-06-01"), mapping=done)
    assert counts(result) == (1, 0, 0, 1)
    assert "This day lies ahead" in sentence(result)


def test_an_imported_status_begins_on_the_day_of_the_organization(
    cast: Cast,
) -> None:
    statuses = {"statuses": [{"column": "note", "values": {"one": "red", "two": "green"}}]}
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # 1 December in Berlin
    run(ROWS, mapping=MAPPING | statuses, origin=replace(SYSTEM, at=late))
    with reading() as session:
        days = set(session.scalars(select(StatusEntry.from_day)))
    assert days == {date(2026, 12, 1)}


def test_where_rows_lead_is_read_once_for_each_branch_even_while_branches_are_added(
    cast: Cast, count_queries: Any
) -> None:
    mapping = MAPPING | {"branch": [{"kind": "measure_package", "column": "package"}]}
    head = "id,name,problem,note,saving,end,package\n"
    counted = {}
    for packages in (5, 20):
        rows = "".join(
            f"P{packages}-{n},Measure {packages} {n},p,n,1,2026-05-01,Package {packages}.{n % packages}\n"
            for n in range(60)
        )
        with count_queries() as seen:
            assert counts(run(head + rows, mapping=mapping)) == (60, 0, 0, 0)
        counted[packages] = sum("FROM workflow_version" in statement for statement in seen.statements)
        asked = sum("FROM branch" in s and "branch.parent_id =" in s for s in seen.statements)
        assert asked <= 4 * packages
    assert counted[20] == counted[5]


def test_an_older_year_after_a_newer_one_is_told(cast: Cast) -> None:
    def of(year: int) -> dict[str, Any]:
        return MAPPING | {"year": year}

    assert run(ROWS, mapping=of(2023)).newer is None
    assert run(ROWS, mapping=of(2023)).newer is None
    assert run(ROWS, mapping=of(2020), dry_run=True).newer == 2023
    assert run(ROWS, mapping=of(2020)).newer == 2023
    assert run(ROWS, mapping=of(2020) | {"source": "another"}).newer is None


def test_a_file_moves_no_plan_date_later_of_a_milestone_that_is_done(cast: Cast) -> None:
    run(ROWS)
    for name in ("A1", "A2"):
        with reading() as session:
            stone = session.scalars(select(Milestone).where(Milestone.measure_id == imported(name).id)).one()
        done = SetMilestone(
            imported(name).key, stone.name, SYSTEM, plan_date=stone.plan_date, actual_date=date(2026, 5, 20),
            milestone_id=stone.id,
        )  # fmt: skip
        set_milestone(done)
    later = ROWS.replace("2026-05-01", "2026-05-02").replace("2026-06-01", "2026-05-31")
    assert counts(run(later)) == (0, 1, 0, 1)
