"""The measure dossier: everything on record about one measure at one moment, as PDF or printable page."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from govapp.present.chart_gantt import GanttMilestone, gantt
from govapp.present.dates import local
from govapp.reports._render import Sheet, render, render_page
from govapp.reports.paper import LogHead, Progress, RenderedPdf, content_hash, for_paper, unhashed


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
    """What the measure waits for, whom, since when; `due` is the end of the target time."""

    what: str
    whom: tuple[str, ...]
    since: datetime
    due: datetime | None = None


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
    values: tuple[Fact, ...] = ()
    files: tuple[EvidenceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote: verdict approve, send_back or comment, and the meaning the voter signed.

    `dossier`: the number seen.
    """

    name: str
    verdict: str
    at: datetime
    on_behalf_of: str = ""
    reason: str = ""
    meaning: str = ""
    dossier: int = 1
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An approval step with all its votes. `state`: waiting, open, granted, refused, ended."""

    name: str
    deciders: str
    rule: str
    state: str
    votes: tuple[Vote, ...] = ()


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
    """A milestone with its planned, expected and actual day; `first_plan` is the first plan ever given."""

    name: str
    owner: str = ""
    plan: date | None = None
    first_plan: date | None = None
    forecast: date | None = None
    actual: date | None = None


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

    `currency` is a code, '' for FTE; `run_rate` a full year of a recurring line.
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


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition set with a decision. `state`: open, met, lapsed."""

    wording: str
    owner: str
    due: date
    blocking: bool
    state: str


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
    the version.

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
    milestones: tuple[Milestone, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    risks: tuple[Risk, ...] = ()
    evidence: tuple[EvidencePiece, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    base_url: str = unhashed()


def render_dossier(data: DossierData, progress: Progress | None = None) -> RenderedPdf:
    """The dossier as PDF/UA-1; equal data gives equal bytes.

    Raises RenderError (Pango missing, nesting).
    """
    return render(_sheet(data), progress)


def dossier_page(data: DossierData, stylesheet: str) -> str:
    """The dossier as a printable HTML page for where PDF cannot be made; `stylesheet` is the address of
    print.css."""
    return render_page(_sheet(data), stylesheet)


def _sheet(data: DossierData) -> Sheet:
    shown = for_paper(data)
    return Sheet(
        template="dossier",
        data=shown,
        rows=shown.history,
        content_hash=content_hash("dossier", data),
        extra={
            "plans": gantt(tuple(_marked(m) for m in data.milestones), local(data.as_of, data.zone).date()),
            "places": _places(data.effects),
        },
    )


def _places(lines: tuple[EffectLine, ...]) -> int:
    """Equal decimals for all amounts of the table: none unless one has cents."""
    amounts = [
        a for x in lines if x.currency for a in (x.run_rate, x.plan, x.forecast, x.actual, x.confirmed) if a
    ]
    return 0 if all(a == a.to_integral_value() for a in amounts) else 2


def _marked(milestone: Milestone) -> GanttMilestone:
    return GanttMilestone(milestone.name, milestone.plan, milestone.forecast, milestone.actual)
