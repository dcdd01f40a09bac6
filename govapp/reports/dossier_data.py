"""What a measure dossier is made of: plain values, gathered by the job, laid out by `dossier.py`."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from govapp.reports.closing_data import ClosingShown, PlanChangeShown
from govapp.reports.figure_data import CheckShown, KpiShown, StatusReportShown
from govapp.reports.money_data import MoneyShown
from govapp.reports.paper import LogHead, unhashed


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, both in words."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PartHeld:
    """A part on the measure by its key, and who holds it ('' while nobody does)."""

    part: str
    name: str


@dataclass(frozen=True, slots=True)
class Status:
    """A status: colour green, amber, red or none; its reason; who declared it, from when ('' if computed)."""

    colour: str = "none"
    reason: str = ""
    declared_by: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the measure waits for, whom, since when; target and time passed in working hours."""

    what: str
    whom: tuple[str, ...]
    since: datetime
    hours: int | None = None
    worked: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion of the next gate: met or not, and who can supply it."""

    wording: str
    met: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file of a revision: name, size in bytes, SHA-256 (hexadecimal)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EvidencePiece:
    """One revision of a piece of evidence.

    `state`: valid, expired, returned, accepted. `digest`: of the submission.
    """

    kind: str
    title: str
    revision: int
    state: str
    submitter: str
    submitted_at: datetime
    digest: str
    kind_version: int = 1
    on_behalf_of: str = ""
    effective: date | None = None
    valid_until: date | None = None
    judged_by: str = ""
    judged_reason: str = ""
    values: tuple[Fact, ...] = ()
    files: tuple[EvidenceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote: verdict approve, approve_with_conditions, send_back, comment or close_ballot, with what was set by it.

    `dossier`: the number seen. `signed`: the printed name of who signed, '' where no signature was asked for.
    """

    name: str
    verdict: str
    at: datetime
    on_behalf_of: str = ""
    reason: str = ""
    meaning: str = ""
    dossier: int = 1
    stale: bool = False
    signed: str = ""
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An approval step with all its votes. `state`: waiting, open, granted, refused, ended, dropped.

    `because`: why the decision table asks for it, in the words of its rows. `hours` is its target, `worked` the working
    hours it took since it last opened, holds left out.
    """

    name: str
    deciders: str
    rule: str
    state: str
    votes: tuple[Vote, ...] = ()
    because: tuple[str, ...] = ()
    hours: int | None = None
    worked: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A request to pass the gate into a stage. `state`: open, passed, sent_back, withdrawn, overtaken."""

    number: int
    into: str
    state: str
    asked_by: str
    opened_at: datetime
    dossiers: int = 1
    dossier_digest: str = ""
    ended_at: datetime | None = None
    reason: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone with its planned, expected and actual day; `first_plan` is the first plan ever given.

    `entered`: the day on which the actual one was entered, where that was later.
    """

    name: str
    owner: str = ""
    plan: date | None = None
    first_plan: date | None = None
    forecast: date | None = None
    actual: date | None = None
    entered: date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk; likelihood and impact from 1 to 5, rating low to critical."""

    text: str
    rating: str
    likelihood: int
    impact: int
    owner: str = ""
    response: str = ""
    blocking: bool = False
    open: bool = True


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another measure that must reach a stage first; `stage` is where it is now, in words."""

    key: str
    title: str
    needs: str
    stage: str
    reached: bool


@dataclass(frozen=True, slots=True)
class EffectLine:
    """Whole-life amounts of one effect line.

    `currency` is a code, '' for FTE; `run_rate` a full year of a recurring line. `category` in words.
    """

    name: str
    kind: str
    recurring: bool
    currency: str
    run_rate: Decimal | None = None
    plan: Decimal | None = None
    forecast: Decimal | None = None
    actual: Decimal | None = None
    confirmed: Decimal | None = None
    category: str = ""
    cost_object: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition set with a decision. `state`: open, met, lapsed."""

    wording: str
    owner: str
    due: date
    blocking: bool
    state: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs from the dossier decided on before, in words."""

    what: str
    old: str
    new: str
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision a filed dossier belongs to; `state`: passed or sent_back. Digests are SHA-256, hexadecimal.

    `since`: when the decision before it fell, None for the first; `changes` what differs from it.
    """

    review: int
    dossier: int
    came_from: str
    into: str
    question: str
    state: str
    reason: str
    asked_by: str
    asked_for: str
    asked_at: datetime
    frozen_at: datetime
    ended_at: datetime
    digest: str
    basis: str
    since: datetime | None = None
    changes: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row of the log as a sentence, oldest first."""

    seq: int
    at: datetime
    actor: str
    sentence: str
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class DossierData:
    """All a dossier shows. `values`: worth a year by currency. `zone`: in which times are printed. `rules`:
    the version. `unseen`: sections its reader may not read (evidence, finance, reviews). `gate`: of a filed dossier
    the decision it belongs to; then all else is what its deciders had before them.

    `base_url` only makes keys into links and is no part of the content hash.
    """

    key: str
    title: str
    organization: str
    branch_path: str
    stage: str
    state: str
    rules: str
    as_of: datetime
    zone: str
    log_head: LogHead
    implementation: Status = Status()
    potential: Status = Status()
    values: tuple[tuple[str, Decimal], ...] = ()
    facts: tuple[Fact, ...] = ()
    texts: tuple[Fact, ...] = ()
    parts: tuple[PartHeld, ...] = ()
    waits: tuple[Waiting, ...] = ()
    next_stage: str = ""
    findings: tuple[Finding, ...] = ()
    reviews: tuple[Review, ...] = ()
    conditions: tuple[Condition, ...] = ()
    effects: tuple[EffectLine, ...] = ()
    plan_shown: str = ""
    money: MoneyShown | None = None
    closing: ClosingShown | None = None
    plan_changes: tuple[PlanChangeShown, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    risks: tuple[Risk, ...] = ()
    evidence: tuple[EvidencePiece, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    kpis: tuple[KpiShown, ...] = ()
    checks: tuple[CheckShown, ...] = ()
    status_reports: tuple[StatusReportShown, ...] = ()
    unseen: tuple[str, ...] = ()
    gate: Gate | None = None
    base_url: str = unhashed()
