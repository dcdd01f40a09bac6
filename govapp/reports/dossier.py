"""The measure dossier: everything on record about one measure at one moment, as PDF or printable page."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from govapp.present.chart_gantt import GanttMilestone, gantt
from govapp.present.charts import listed
from govapp.present.dates import local
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.report_words import part_word
from govapp.reports._render import Sheet, render, render_page
from govapp.reports.paper import LogHead, Progress, RenderedPdf, content_hash, for_paper, unhashed

_LONG_FACT = 40


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
    judged_reason: str = ""
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
    the version. `unseen`: sections its reader may not read (evidence, finance, reviews).

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
    unseen: tuple[str, ...] = ()
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
    facts = [(part_word(held.part), held.name) for held in shown.parts if held.name]
    facts += [(fact.label, fact.value) for fact in shown.facts]
    return Sheet(
        template="dossier",
        data=shown,
        rows=shown.history,
        content_hash=content_hash("dossier", data),
        extra={
            "plans": gantt(tuple(_marked(m) for m in data.milestones), local(data.as_of, data.zone).date()),
            "places": _places(data.effects),
            "net": _net(data.effects),
            "money_finding": _money_finding(data.effects),
            "reviews_finding": _reviews_finding(data.reviews),
            "unmet": sum(not finding.met for finding in data.findings),
            "pairs": _pairs(facts),
            "vacant": [part_word(held.part) for held in data.parts if not held.name],
            "nothing": _nothing(data),
            "entered": max(
                (r.ended_at for r in data.reviews if _led_here(r, data) and r.ended_at), default=None
            ),
        },
    )


def _led_here(review: Review, data: DossierData) -> bool:
    return review.state == "passed" and review.into == data.stage


def _pairs(facts: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Short facts two to a line, a long one on a line of its own."""
    lines: list[list[tuple[str, str]]] = []
    for label, value in facts:
        long = len(value) > _LONG_FACT
        open_line = lines and len(lines[-1]) == 1 and len(lines[-1][0][1]) <= _LONG_FACT
        if open_line and not long:
            lines[-1].append((label, value))
        else:
            lines.append([(label, value)])
    return lines


def _nothing(data: DossierData) -> list[str]:
    """One sentence for each section of which nothing is on record, so that empty ones need no heading."""
    empty = (
        (data.reviews or "reviews" in data.unseen, _("No review has been asked for yet.")),
        (data.effects or "finance" in data.unseen, _("No effect line has been entered.")),
        (data.milestones, _("No milestone has been entered.")),
        (data.risks, _("No risk has been entered.")),
        (data.evidence or "evidence" in data.unseen, _("No evidence has been submitted.")),
    )
    return [sentence for filled, sentence in empty if not filled]


def _reviews_finding(reviews: tuple[Review, ...]) -> str:
    passed = sum(review.state == "passed" for review in reviews)
    text = ngettext("%(num)s review passed", "%(num)s reviews passed", passed)
    back = sum(review.state == "sent_back" for review in reviews)
    if back:
        text += _(", %(n)s sent back", n=back)
    for review in reviews:
        waiting = [step.name for step in review.steps if step.state == "open"]
        if review.state == "open" and waiting:
            text += _("; %(stage)s waits for: %(steps)s", stage=review.into, steps=listed(waiting))
        elif review.state == "open":
            text += _("; %(stage)s is approved and not yet entered", stage=review.into)
    return text


def _series(line: EffectLine) -> tuple[Decimal | None, ...]:
    return line.run_rate, line.plan, line.forecast, line.actual, line.confirmed


def _net(lines: tuple[EffectLine, ...]) -> list[tuple[str, list[Decimal | None]]]:
    """Sums by currency where all its lines are of one kind, since EBITDA and cash are never added, and one recurs.

    Imported whole-life and in-year costs overlap, so lines that only stand beside each other get no sum.
    """
    sums = []
    for code in dict.fromkeys(line.currency for line in lines if line.currency):
        mine = [line for line in lines if line.currency == code]
        if len(mine) > 1 and len({line.kind for line in mine}) == 1 and any(line.recurring for line in mine):
            columns = zip(*(_series(line) for line in mine), strict=True)
            filled = [[amount for amount in column if amount is not None] for column in columns]
            sums.append((code, [sum(each, Decimal(0)) if each else None for each in filled]))
    return sums


def _money_finding(lines: tuple[EffectLine, ...]) -> str:
    """How much of what was planned is confirmed; several currencies and kinds are only counted."""
    text = ngettext("%(num)s effect line", "%(num)s effect lines", len(lines))
    confirmed = sum(line.confirmed is not None for line in lines)
    if confirmed:
        return text + _(", %(n)s with confirmed amounts", n=confirmed)
    if any(line.actual is not None for line in lines):
        return text + _(", actual amounts not confirmed yet")
    return text + _(", no actual amounts yet")


def _places(lines: tuple[EffectLine, ...]) -> int:
    """Equal decimals for all amounts of the table: none unless one has cents."""
    amounts = [a for x in lines if x.currency for a in _series(x) if a]
    return 0 if all(a == a.to_integral_value() for a in amounts) else 2


def _marked(milestone: Milestone) -> GanttMilestone:
    return GanttMilestone(milestone.name, milestone.plan, milestone.forecast, milestone.actual)
