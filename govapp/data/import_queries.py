"""Reads for the import: which measures of a source are known, and what they hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import and_, func, select, union
from sqlalchemy.orm import Session

from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.imports import Batch, BatchRow, MappingRow
from govapp.data.ledger import PlanVersion
from govapp.data.measures import Measure, Milestone, StagePassage, StatusEntry
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.structure import Branch
from govapp.domain.plan_versions import OPENED


@dataclass
class Known:
    """A measure with what a file may say about it: milestones and lines by name, undated values by (line, series).

    `loaded` is None for one that is being added; `decided`: it has passed a gate here, or its plan was frozen by a gate
    or a change request.
    """

    measure: Measure
    loaded: Loaded | None = None
    decided: bool = False
    milestones: dict[str, Milestone] = field(default_factory=dict)
    lines: dict[str, EffectLine] = field(default_factory=dict)
    values: dict[tuple[int, str], EffectValue] = field(default_factory=dict)
    statuses: dict[str, StatusEntry] = field(default_factory=dict)


def known_measures(session: Session, organization_id: int, source: str) -> Iterator[tuple[int, str, str]]:
    """(id, external key, title) of every measure that came from a source in an organization, as they are read."""
    statement = select(Measure.id, Measure.external_key, Measure.title).where(
        Measure.organization_id == organization_id, Measure.external_source == source
    )
    for row in session.execute(statement.execution_options(yield_per=1000)):
        yield row.id, row.external_key, row.title


def newest_year(session: Session, organization_id: int, source: str) -> int | None:
    """The latest year brought in from a source, by the first row of each import; None where no year was told."""
    statement = (
        select(MappingRow.definition, BatchRow.content)
        .join(Batch, Batch.mapping_id == MappingRow.id)
        .join(Branch, Branch.id == Batch.branch_id)
        .join(BatchRow, and_(BatchRow.batch_id == Batch.id, BatchRow.number == 0))
        .where(Branch.organization_id == organization_id)
    )
    years = [
        row.content["year"] for row in session.execute(statement) if row.definition.get("source") == source
    ]
    return max(filter(None, years), default=None)


def known_details(session: Session, ids: Iterable[int], *, lock: bool = False) -> dict[int, Known]:
    """What these measures hold, by id, in six queries; `lock` locks the measure rows."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found = {each.measure.id: Known(each.measure, each) for each in load_measures(session, wanted, lock=lock)}
    passed = select(StagePassage.measure_id).where(
        StagePassage.measure_id.in_(wanted), StagePassage.how == "advance"
    )
    frozen = select(PlanVersion.measure_id).where(
        PlanVersion.measure_id.in_(wanted), PlanVersion.cause != OPENED
    )
    for measure_id in session.scalars(union(passed, frozen)):
        found[measure_id].decided = True
    for stone in session.scalars(
        select(Milestone).where(Milestone.measure_id.in_(wanted)).order_by(Milestone.id)
    ):
        found[stone.measure_id].milestones.setdefault(stone.name, stone)
    for line in session.scalars(
        select(EffectLine).where(EffectLine.measure_id.in_(wanted)).order_by(EffectLine.id)
    ):
        found[line.measure_id].lines.setdefault(line.name, line)
    values = select(EffectValue).where(
        EffectValue.measure_id.in_(wanted), EffectValue.month.is_(None), EffectValue.plan_version == DRAFT
    )
    for value in session.scalars(values):
        found[value.measure_id].values[(value.line_id, value.series)] = value
    newest = (
        select(func.max(StatusEntry.id))
        .where(StatusEntry.measure_id.in_(wanted))
        .group_by(StatusEntry.measure_id, StatusEntry.kind)
    )
    for entry in session.scalars(select(StatusEntry).where(StatusEntry.id.in_(newest))):
        found[entry.measure_id].statuses[entry.kind] = entry
    return found


def staged_rows(session: Session, batch_id: int, limit: int) -> list[BatchRow]:
    """The next staged rows of a batch, in order."""
    statement = select(BatchRow).where(BatchRow.batch_id == batch_id, BatchRow.state == "staged")
    return list(session.scalars(statement.order_by(BatchRow.number).limit(limit)))


def unfinished_batch(session: Session, key: str) -> Batch | None:
    """The batch of the same file, mapping and branch that was not brought to its end."""
    statement = select(Batch).where(
        Batch.key.startswith(f"{key}:", autoescape=True), Batch.state.in_(("staging", "running"))
    )
    return session.scalar(statement.order_by(Batch.id.desc()).limit(1))


def outcomes(session: Session, batch_id: int, states: tuple[str, ...], limit: int = 1000) -> list[BatchRow]:
    """Rows of a batch with these outcomes, in order."""
    statement = select(BatchRow).where(BatchRow.batch_id == batch_id, BatchRow.state.in_(states))
    return list(session.scalars(statement.order_by(BatchRow.number).limit(limit)))


def remarks_of(session: Session, measure_id: int) -> list[tuple[str, str, str]]:
    """Remarks (code, label, text) the latest import left about a measure."""
    statement = (
        select(BatchRow.content)
        .where(BatchRow.measure_id == measure_id)
        .order_by(BatchRow.batch_id.desc())
        .limit(1)
    )
    content = session.scalar(statement) or {}
    return [(code, label, text) for code, label, text in content.get("remarks", [])]
