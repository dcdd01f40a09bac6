"""What a gate reads of a measure, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Held:
    """A person holding a part."""

    person_id: int
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """The latest revision of one piece of evidence; `milestone` is the one it names in its answer of that name."""

    kind: str
    evidence_id: int
    revision_id: int
    revision: int
    digest: str
    submitters: frozenset[int]
    valid_until: date | None = None
    judged: str = ""
    passage_id: int | None = None
    kind_version: int = 1
    milestone: str = ""


@dataclass(frozen=True, slots=True)
class MilestoneFact:
    """A milestone: planned when it has owner and plan date, done when it has an actual date."""

    id: int
    name: str
    owner_id: int | None
    plan_date: date | None
    actual_date: date | None
    final: bool = False


@dataclass(frozen=True, slots=True)
class RiskFact:
    """A risk as gates read it."""

    id: int
    rating: str
    owner_id: int | None
    response: str
    blocking: bool
    open: bool


@dataclass(frozen=True, slots=True)
class PredecessorFact:
    """A measure this one depends on, the stage it must reach and where it is."""

    key: str
    needs: str
    stage: str | None
    state: str


@dataclass(frozen=True, slots=True)
class VoteFact:
    """A vote; `basis` is the digest of the basis it was given on."""

    person_id: int
    verdict: str
    basis: str
    at: datetime
    on_behalf_of: int | None = None

    @property
    def people(self) -> frozenset[int]:
        """The acting and the original person."""
        return frozenset({self.person_id} | ({self.on_behalf_of} if self.on_behalf_of else set()))


@dataclass(frozen=True, slots=True)
class StepFact:
    """An approval step of an open review with all its votes, oldest first.

    `named` are the active people whom its parts, roles and groups name now; `electors` those of them who may decide it.
    For a past moment, where nobody knows them any more, `needed` is the number of approvals asked for when it opened.
    """

    id: int
    key: str
    name: str
    waits_for: str
    order: int
    rule: Mapping[str, Any]
    deciders: Mapping[str, Any]
    votes: tuple[VoteFact, ...] = ()
    opened_at: datetime | None = None
    quorum: int | None = None
    veto: bool = False
    sign: bool = False
    attests: str = ""
    state: str = ""
    named: frozenset[int] = frozenset()
    electors: frozenset[int] = frozenset()
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class ConditionFact:
    """A condition of an earlier decision that is not yet confirmed or lifted."""

    id: int
    state: str
    due: date
    blocking: bool
    owner_id: int
    set_by: int

    def overdue(self, today: date) -> bool:
        """True when its day has passed and its owner has not reported it as fulfilled."""
        return self.state == "open" and self.due < today


@dataclass(frozen=True, slots=True)
class LookbackFact:
    """An emergency advance of this measure; open until its report is accepted."""

    id: int
    state: str
    due: date
    into: str


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """The open review of a measure, with the basis digest of its latest dossier."""

    id: int
    into: str
    basis: str
    dossier: int
    asked_by: int
    opened_at: datetime
    steps: tuple[StepFact, ...] = ()


Amounts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LineFact:
    """An effect line with its amounts in minor units (FTE: 1/10,000), by month as YYYY-MM, '' where undated.

    `plan`: the draft before the stage that freezes it, the version in force from then on. `actual` amounts come with
    their standing (awaits, confirmed, refused). `due`: months up to the newest closed one in which plan or forecast
    expect an amount, or one is there. `excepted`: due months that the controller lets pass without one.
    """

    id: int
    name: str
    kind: str
    timing: str
    category: str = ""
    currency: str = ""
    run_rate: int | None = None
    baseline: Amounts = ()
    plan: Amounts = ()
    actual: tuple[tuple[str, int, str], ...] = ()
    due: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KpiFact:
    """An operating figure of the measure with its readings by month, oldest first, all in 1/10,000 of its unit.

    `signed`: a gap to the target is explained and the controller has signed the explanation.
    """

    id: int
    name: str
    unit: str
    source: str
    better: str
    baseline: int | None = None
    target: int | None = None
    readings: Amounts = ()
    signed: bool = False
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A measure as `decide` sees it. `figures` are plan totals in minor units by line.

    `locked` is the newest closed month (YYYY-MM) of the organization. `claims`: cost objects on which it and others
    claim more than there is, without an agreed split. `no_rate` names currencies without a plan rate: then
    `fields['value']` is None and nothing may be decided by value. `unrated` are those of its working plan: without a
    rate no plan is frozen.
    """

    key: str
    stage: str | None
    state: str
    version: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Held] = field(default_factory=dict)
    evidence: tuple[EvidenceFact, ...] = ()
    milestones: tuple[MilestoneFact, ...] = ()
    risks: tuple[RiskFact, ...] = ()
    predecessors: tuple[PredecessorFact, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[LineFact, ...] = ()
    kpis: tuple[KpiFact, ...] = ()
    locked: str = ""
    conditions: tuple[ConditionFact, ...] = ()
    lookbacks: tuple[LookbackFact, ...] = ()
    no_rate: tuple[str, ...] = ()
    unrated: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    passage_id: int | None = None
    review: ReviewFact | None = None

    @property
    def owner_id(self) -> int | None:
        """The person who holds the part owner."""
        held = self.parts.get("owner")
        return held.person_id if held else None
