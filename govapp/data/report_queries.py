"""Reads the record as it stood at a log sequence: kept states from `_history`, facts by the sequence that made them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY
from govapp.data.evidence import Evidence, EvidenceFile, EvidenceRevision
from govapp.data.finance import DRAFT
from govapp.data.gates import EvidenceKindVersion
from govapp.data.measures import StagePassage
from govapp.data.plan_queries import PLAN, in_force_at, line_in_force
from govapp.data.reviews import Dossier, ReviewStep, Vote
from govapp.domain.events import BUSINESS

Row = Mapping[str, Any]
Clause = Callable[[Table], ColumnElement[bool]]
CHUNK = 500


@dataclass(slots=True)
class Recorded:
    """What was on record about one measure at a sequence, as rows by column name."""

    measure: Row
    parts: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    risks: list[Row] = field(default_factory=list)
    dependencies: list[Row] = field(default_factory=list)
    statuses: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    sums: dict[tuple[int, str], int] = field(default_factory=dict)
    plan_number: int = 0
    reviews: list[Row] = field(default_factory=list)
    dossiers: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    votes: list[Row] = field(default_factory=list)
    conditions: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    passage_id: int | None = None

    def newest_evidence(self) -> list[Row]:
        """The latest revision of each piece."""
        return list({row["evidence_id"]: row for row in self.evidence}.values())

    def open_review(self) -> Row | None:
        """The review that was open."""
        return next((row for row in self.reviews if row["state"] == "open"), None)


def kept(session: Session, seq: int, name: str, *clauses: Clause, columns: Sequence[str] = ()) -> list[Row]:
    """States of a kept table's rows at a sequence, by id. `clauses` are given the table of states."""
    twin = HISTORY[name]
    chosen = [twin.c[column] for column in columns] or list(twin.c)
    statement = (
        select(*chosen)
        .where(twin.c.from_seq <= seq, or_(twin.c.to_seq.is_(None), twin.c.to_seq > seq))
        .where(*(clause(twin) for clause in clauses))
        .order_by(twin.c.id)
    )
    return [row._asdict() for row in session.execute(statement)]


def branches_below(session: Session, seq: int, branch_id: int) -> list[Row]:
    """The branch and all below it, as the tree was; the branch itself first."""
    own = kept(session, seq, "branch", lambda t: t.c.id == branch_id)
    if not own:
        return []
    path = own[0]["path"]
    return sorted(
        kept(session, seq, "branch", lambda t: t.c.path.startswith(path, autoescape=True)), key=_path
    )


def _path(row: Row) -> tuple[int, ...]:
    return tuple(int(part) for part in row["path"].split("/") if part)


def branch_names(session: Session, seq: int, path: str) -> list[str]:
    """Names of the branches in a path, from the organization down, as they were called."""
    ids = [int(part) for part in path.split("/") if part]
    names = {row["id"]: row["name"] for row in kept(session, seq, "branch", lambda t: t.c.id.in_(ids))}
    return [names.get(i, "") for i in ids]


def measures_in(session: Session, seq: int, branch_ids: Iterable[int], also: Iterable[int] = ()) -> list[Row]:
    """Measures that were on these branches, and those with these ids; archived proposals left out."""
    branches, ids = list(branch_ids), list(also)

    def there(table: Table) -> ColumnElement[bool]:
        return or_(
            table.c.branch_id.in_(branches) if branches else false(), table.c.id.in_(ids) if ids else false()
        )

    return kept(session, seq, "measure", there, lambda t: t.c.archived.is_(False))


@dataclass(frozen=True, slots=True)
class OrganizationThen:
    """An organization as it was."""

    id: int
    name: str
    currency: str
    timezone: str
    fiscal_month: int


def organization_at(session: Session, seq: int, organization_id: int) -> OrganizationThen:
    """The organization with the name, currency and zone it had."""
    (row,) = kept(
        session,
        seq,
        "organization",
        lambda t: t.c.id == organization_id,
        columns=("id", "name", "currency", "timezone", "fiscal_month"),
    )
    return OrganizationThen(**row)


def choice_names(session: Session, seq: int, organization_id: int) -> dict[tuple[str, str], str]:
    """Names of the entries of an organization's lists by list and key, as they were."""
    rows = kept(
        session,
        seq,
        "choice",
        lambda t: t.c.organization_id == organization_id,
        columns=("list", "key", "name"),
    )
    return {(row["list"], row["key"]): row["name"] for row in rows}


def names_at(session: Session, seq: int, people: Iterable[int]) -> dict[int, Row]:
    """Name and `active` of people by id, as they were."""
    found: dict[int, Row] = {}
    for ids in chunks(sorted(set(people))):
        rows = kept(session, seq, "person", with_ids(ids), columns=("id", "name", "active"))
        found |= {row["id"]: row for row in rows}
    return found


def with_ids(ids: Sequence[int]) -> Clause:
    """Clause: rows with these ids."""
    return lambda table: table.c.id.in_(ids)


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids in groups small enough for one statement."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def record_of(session: Session, seq: int, measures: Sequence[Row], *, full: bool) -> dict[int, Recorded]:
    """Everything about these measures by id; without `full` only what a list shows."""
    found = {row["id"]: Recorded(row) for row in measures}
    for ids in chunks(list(found)):
        _read_chunk(session, seq, ids, found, full=full)
    return found


def _read_chunk(
    session: Session, seq: int, ids: Sequence[int], found: dict[int, Recorded], *, full: bool
) -> None:
    def of_measures(table: Table) -> ColumnElement[bool]:
        return table.c.measure_id.in_(ids)

    for name, attribute in (("part", "parts"), ("status_entry", "statuses"), ("effect_line", "lines")):
        _spread(found, attribute, kept(session, seq, name, of_measures))
    planned = in_force_at(session, seq, ids)
    for measure_id, version in planned.items():
        record = found[measure_id]
        record.plan_number = version.number
        record.lines = [line_in_force(line, version.lines) for line in record.lines]
    reviews = kept(session, seq, "review", of_measures, *(() if full else (lambda t: t.c.state == "open",)))
    _spread(found, "reviews", reviews)
    _read_votes(
        session, seq, [row["id"] for row in reviews], found, {r["id"]: r["measure_id"] for r in reviews}
    )
    if not full:
        return
    for name, attribute in (
        ("milestone", "milestones"),
        ("risk", "risks"),
        ("dependency", "dependencies"),
        ("condition", "conditions"),
    ):
        _spread(found, attribute, kept(session, seq, name, of_measures))
    _spread(found, "evidence", _evidence(session, seq, ids))
    for measure_id, line_id, series, amount in _sums(session, seq, ids):
        if series != PLAN or measure_id not in planned:
            found[measure_id].sums[line_id, series] = int(amount)
    for measure_id, version in planned.items():
        totals = {(int(line), PLAN): said["plan"] for line, said in version.lines.items()}
        found[measure_id].sums |= {key: total for key, total in totals.items() if total is not None}
    passages = (
        select(StagePassage.measure_id, func.max(StagePassage.id))
        .where(StagePassage.measure_id.in_(ids), StagePassage.entered_seq <= seq)
        .group_by(StagePassage.measure_id)
    )
    for measure_id, passage in session.execute(passages):
        found[measure_id].passage_id = passage


def _spread(found: dict[int, Recorded], attribute: str, rows: Iterable[Row]) -> None:
    for row in rows:
        getattr(found[row["measure_id"]], attribute).append(row)


def _read_votes(
    session: Session, seq: int, reviews: Sequence[int], found: dict[int, Recorded], owner: Mapping[int, int]
) -> None:
    columns = (
        Dossier.id,
        Dossier.review_id,
        Dossier.number,
        Dossier.content_digest,
        Dossier.basis_digest,
        Dossier.at,
        Dossier.seq,
    )
    statements = {
        "dossiers": select(*columns)
        .where(Dossier.review_id.in_(reviews), Dossier.seq <= seq)
        .order_by(Dossier.id),
        "steps": select(*ReviewStep.__table__.c)
        .where(ReviewStep.review_id.in_(reviews), ReviewStep.seq <= seq)
        .order_by(ReviewStep.position, ReviewStep.id),
        "votes": select(*Vote.__table__.c)
        .where(Vote.review_id.in_(reviews), Vote.seq <= seq)
        .order_by(Vote.id),
    }
    if not reviews:
        return
    for attribute, statement in statements.items():
        for row in session.execute(statement):
            getattr(found[owner[row.review_id]], attribute).append(row._asdict())


def _evidence(session: Session, seq: int, ids: Sequence[int]) -> list[Row]:
    statement = (
        select(
            *EvidenceRevision.__table__.c,
            Evidence.kind,
            Evidence.number.label("piece"),
            EvidenceKindVersion.number.label("kind_version"),
            EvidenceKindVersion.definition,
        )
        .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
        .join(EvidenceKindVersion, EvidenceKindVersion.id == EvidenceRevision.kind_version_id)
        .where(EvidenceRevision.measure_id.in_(ids), EvidenceRevision.seq <= seq)
        .order_by(EvidenceRevision.id)
    )
    return [_judged_by_then(row._asdict(), seq) for row in session.execute(statement)]


def _judged_by_then(row: Row, seq: int) -> Row:
    """A judgement is filled in later: before it, the revision waited."""
    if not row["judged"] or row["judged_seq"] <= seq:
        return row
    return {
        **row,
        "judged": "",
        "judged_by": None,
        "judged_at": None,
        "judged_reason": "",
        "judged_for": None,
    }


def _sums(session: Session, seq: int, ids: Sequence[int]) -> list[Any]:
    twin = HISTORY["effect_value"]
    statement = (
        select(twin.c.measure_id, twin.c.line_id, twin.c.series, func.sum(twin.c.amount))
        .where(
            twin.c.measure_id.in_(ids),
            twin.c.plan_version == DRAFT,
            twin.c.from_seq <= seq,
            or_(twin.c.to_seq.is_(None), twin.c.to_seq > seq),
        )
        .group_by(twin.c.measure_id, twin.c.line_id, twin.c.series)
    )
    return list(session.execute(statement).all())


def dossier_at(session: Session, dossier_id: int) -> Mapping[str, Any]:
    """What a dossier holds; it never changes."""
    return session.execute(select(Dossier.content).where(Dossier.id == dossier_id)).scalar_one()


def files_of(session: Session, revisions: Sequence[int]) -> dict[int, list[Row]]:
    """Files by revision."""
    found: dict[int, list[Row]] = {}
    columns = (EvidenceFile.revision_id, EvidenceFile.name, EvidenceFile.size, EvidenceFile.digest)
    statement = select(*columns).where(EvidenceFile.revision_id.in_(revisions)).order_by(EvidenceFile.id)
    for row in session.execute(statement):
        found.setdefault(row.revision_id, []).append(row._asdict())
    return found


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the business log about a measure."""

    sequence: int
    at: Any
    actor: str
    on_behalf_of: int | None
    event: str
    payload: Any
    source: str
    object_id: str


def log_until(session: Session, measure_id: int, seq: int) -> list[LogRow]:
    """The log of a measure up to a sequence, oldest first; a redacted payload is None."""
    log = aliased(AuditLog)
    columns = (
        log.sequence,
        log.at,
        log.actor,
        log.on_behalf_of,
        log.event,
        log.payload,
        log.source,
        log.object_id,
    )
    statement = select(*columns).where(
        log.measure_id == measure_id, log.chain == BUSINESS, log.sequence <= seq
    )
    return [
        LogRow(
            row.sequence,
            row.at,
            row.actor,
            row.on_behalf_of,
            row.event,
            json.loads(row.payload or "null"),
            row.source,
            row.object_id,
        )
        for row in session.execute(statement.order_by(log.sequence))
    ]
