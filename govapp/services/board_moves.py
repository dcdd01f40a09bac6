"""What may be done with one measure, and why not: hints while dragging, Other moves, what a refusal teaches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data.actors import groups_of
from govapp.data.board_cards import CardRow
from govapp.data.board_queries import person_name, role_holders
from govapp.data.engine import reading
from govapp.data.judges import group_members
from govapp.data.measure_records import names_of
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.asks import (
    Ask,
    AskKind,
    Decision,
    Outcome,
    interpret,
)
from govapp.domain.criteria import UNJUDGED, Finding, Suppliers
from govapp.domain.deputies import ASK, SUPPLY
from govapp.domain.errors import NotFound, Refused
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.gates import decide
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot
from govapp.services._cards import card_of
from govapp.services._holders import Holders, holders_of_path
from govapp.services.askers import ask_right
from govapp.services.duties import right_for
from govapp.services.evidence import supplying

SUBMITTER = "submitter"
GROUP, CONDITION_OWNER = "group:", "condition_owner"
_FIXED_BY = {
    "field": Permission.MEASURE_EDIT,
    "role": Permission.MEASURE_ASSIGN_PARTS,
    "distinct": Permission.MEASURE_ASSIGN_PARTS,
    "evidence": Permission.EVIDENCE_SUBMIT,
    "milestone": Permission.MILESTONE_EDIT,
    "risk": Permission.RISK_EDIT,
    "dependency": Permission.DEPENDENCY_EDIT,
}
_STATE_ASKS = (AskKind.HOLD, AskKind.RELEASE, AskKind.REOPEN, AskKind.CANCEL)


@dataclass(frozen=True, slots=True)
class Standing:
    """A measure as it stands now: snapshot, rules, place, its card, the day in its organization's zone.

    `groups` are the reader's, `lent_groups` those of people whose deputy the reader is; `holders` who would decide at
    the next gate by role or group, None when not looked up.
    """

    key: str
    title: str
    snapshot: Snapshot
    rules: Rules
    place: Place
    card: CardRow
    currency: str
    today: date
    created_by: int | None
    version: int
    workflow_id: int
    groups: frozenset[str] = frozenset()
    lent_groups: Mapping[int, frozenset[str]] = field(default_factory=dict)
    holders: Holders | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that may be asked for, with the answer `decide` gives now."""

    kind: AskKind
    stage: str | None
    decision: Decision
    right: str | None

    @property
    def wants_reason(self) -> bool:
        """True when nothing but the reason stands in the way."""
        return self.decision.wants_reason

    @property
    def is_open(self) -> bool:
        """True when it can be done now."""
        return self.decision.outcome is not Outcome.REFUSED or self.wants_reason


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a refusal teaches: by finding who can supply it, and the first evidence this reader may hand in."""

    suppliers: Mapping[str, Suppliers] = field(default_factory=dict)
    kind: EvidenceKind | None = None


def _standing(session: Session, actor: Actor, key: str, at: datetime) -> Standing:
    loaded = load_measure(session, key)
    if loaded is None:
        raise NotFound("not_found")
    may(actor, Permission.MEASURE_VIEW, loaded.place)
    proposer = "" if loaded.measure.stage else person_name(session, loaded.measure.created_by)
    now = standing_of(loaded, at, proposer)
    groups = groups_of(session, actor.id, loaded.measure.organization_id) if actor.id else frozenset()
    lent = {
        one.id or 0: groups_of(session, one.id or 0, loaded.measure.organization_id)
        for one in actor.absent_for(ASK)
    }
    following = None if loaded.snapshot.review else loaded.rules.next_stage(loaded.snapshot.stage)
    return replace(
        now, groups=groups, lent_groups=lent, holders=holders_of_path(session, loaded, following, now.today)
    )


def standing_of(loaded: Loaded, at: datetime, proposer: str = "") -> Standing:
    """How a loaded measure stands."""
    return Standing(
        key=loaded.measure.key,
        title=loaded.measure.title,
        snapshot=loaded.snapshot,
        rules=loaded.rules,
        place=loaded.place,
        card=card_of(loaded, proposer),
        currency=loaded.currency,
        today=at.astimezone(ZoneInfo(loaded.timezone)).date(),
        created_by=loaded.measure.created_by,
        version=loaded.measure.version,
        workflow_id=loaded.workflow_id,
    )


def standing(actor: Actor, key: str, at: datetime) -> Standing:
    """The measure as it stands, for a reader who may see it. Raises NotFound."""
    with reading() as session:
        return _standing(session, actor, key, at)


def decision_on(
    actor: Actor,
    now: Standing,
    stage: str | None,
    ask: AskKind | None,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> Decision:
    """What `decide` says to an ask: the same function that the move itself uses."""
    kind = ask or interpret(now.rules, now.snapshot, stage or "")
    right = _right(actor, now, kind)
    asked = Ask(kind, stage, reason, details or {})
    return decide(now.rules, now.snapshot, asked, now.today, right=right, holders=now.holders)


def _right(actor: Actor, now: Standing, kind: AskKind) -> str | None:
    def groups(voice: Actor) -> frozenset[str]:
        return now.groups if voice is actor else now.lent_groups.get(voice.id or 0, frozenset())

    return ask_right(actor, now.rules, kind, now.place, now.snapshot.stage, groups)


def ways(actor: Actor, now: Standing) -> tuple[list[Way], list[Way]]:
    """Every other stage, the next gate before all and then the reachable ones; and the decisions that are no drop."""
    stages = []
    for stage in now.rules.stages:
        if stage.key != now.snapshot.stage:
            kind = interpret(now.rules, now.snapshot, stage.key)
            stages.append(_way(actor, now, kind, stage.key))
    following = now.rules.next_stage(now.snapshot.stage)
    stages.sort(key=lambda way: (way.stage != following, not way.is_open))
    others = [_way(actor, now, kind, None) for kind in _STATE_ASKS]
    if following and str(AskKind.EMERGENCY) in now.rules.decisions:
        others.append(_way(actor, now, AskKind.EMERGENCY, following))
    return stages, others


def _way(actor: Actor, now: Standing, kind: AskKind, stage: str | None) -> Way:
    right = _right(actor, now, kind)
    decision = decide(now.rules, now.snapshot, Ask(kind, stage), now.today, right=right, holders=now.holders)
    return Way(kind, stage, decision, right)


def lesson(actor: Actor, now: Standing, decision: Decision) -> Lesson:
    """Who can supply what is missing, by name, and the first evidence this reader may hand in.

    Source: product.md, What a drop means, 2.
    """
    unmet = [finding for finding in decision.unmet if not finding.key.startswith("rule:")]
    if not unmet:
        return Lesson()
    with reading() as session:
        found = suppliers(session, actor, now, unmet)
    kinds = (suppliable(actor, now, finding) for finding in unmet)
    return Lesson(found, next((kind for kind in kinds if kind is not None), None))


def suppliers(
    session: Session, actor: Actor, now: Standing, findings: Sequence[Finding]
) -> dict[str, Suppliers]:
    """Who can supply each of these findings, as this reader sees it: board, measure page and Ask go by it."""
    holders = holders_of(session, now, {key for finding in findings for key in finding.supplied_by})
    return {finding.key: _suppliers(actor, now, finding, holders) for finding in findings}


def holders_of(session: Session, now: Standing, keys: Iterable[str]) -> dict[str, dict[int, str]]:
    """Active people behind keys of `supplied_by`, by id: each a part held here, else a role, or the submitter."""
    found: dict[str, dict[int, str]] = {}
    roles = []
    for key in sorted(keys):
        held = now.snapshot.parts.get(key)
        if held is not None:
            found[key] = {held.person_id: held.name} if held.active else {}
        elif key == SUBMITTER:
            name = person_name(session, now.created_by)
            found[key] = {now.created_by: name} if now.created_by and name else {}
        elif key == CONDITION_OWNER:
            found[key] = names_of(session, {one.owner_id for one in now.snapshot.conditions})
        else:
            roles.append(key)
    groups = [key.removeprefix(GROUP) for key in roles if key.startswith(GROUP)]
    holding = role_holders(
        session, now.place.path, [key for key in roles if not key.startswith(GROUP)], now.today
    )
    found |= {role: dict(people) for role, people in holding.items()}
    members = group_members(session, now.place.branch_id, groups) if groups else {}
    return found | {f"{GROUP}{group}": people for group, people in members.items()}


def _suppliers(
    actor: Actor, now: Standing, finding: Finding, holders: Mapping[str, Mapping[int, str]]
) -> Suppliers:
    if finding.code == UNJUDGED:
        return _judges(actor, now, finding, holders)
    people = {person: name for key in finding.supplied_by for person, name in holders.get(key, {}).items()}
    vacant = tuple(key for key in finding.supplied_by if not holders.get(key))
    others = tuple(name for person, name in people.items() if person != actor.id)
    return Suppliers(others, vacant, fixes(actor, now, finding))


def _judges(
    actor: Actor, now: Standing, finding: Finding, holders: Mapping[str, Mapping[int, str]]
) -> Suppliers:
    """Who can judge evidence that waits: whom its kind names, but never who handed it in, nor the owner."""
    barred = {now.snapshot.owner_id} | {
        person
        for fact in now.snapshot.evidence
        if fact.evidence_id == finding.values["evidence"]
        for person in fact.submitters
    }
    named = {person: name for key in finding.supplied_by for person, name in holders.get(key, {}).items()}
    vacant = tuple(key for key in finding.supplied_by if not holders.get(key))
    others = tuple(name for person, name in named.items() if person != actor.id and person not in barred)
    judges = right_of(actor, Permission.EVIDENCE_JUDGE, now.place) is not None
    return Suppliers(others, vacant, judges and actor.id in named and actor.id not in barred)


def fixes(actor: Actor, now: Standing, finding: Finding) -> bool:
    """True when this reader may supply what the finding wants."""
    subject = finding.key.partition(":")[0]
    if subject == "evidence":
        return suppliable(actor, now, finding) is not None
    if subject == "condition":
        return any(actor.id in {one.owner_id, one.set_by} for one in now.snapshot.conditions)
    if subject == "lookback":
        return actor.id is not None and actor.id == now.snapshot.owner_id
    permission = _FIXED_BY.get(subject)
    if permission is None:
        return False
    if (
        permission is Permission.MEASURE_EDIT
        and now.snapshot.state == "proposed"
        and actor.id == now.created_by
    ):
        return True
    if subject == "role" and "owner" in finding.supplied_by and actor.id == now.snapshot.owner_id:
        return True
    return right_of(actor, permission, now.place) is not None


def suppliable(actor: Actor, now: Standing, finding: Finding) -> EvidenceKind | None:
    """The evidence kind of a finding when this reader may hand it in; what waits for its judge needs no hand-in."""
    if finding.code == UNJUDGED:
        return None
    kind = now.rules.kinds.get(str(finding.values.get("kind", "")))
    if kind is None or finding.key.partition(":")[0] != "evidence" or not _supplies(actor, now, kind):
        return None
    return kind


def _supplies(actor: Actor, now: Standing, kind: EvidenceKind) -> bool:
    if now.snapshot.state == "cancelled":
        return False
    right = partial(supplying, kind=kind, place=now.place)
    return right_for(actor, now.rules, now.place, SUPPLY, right) is not None


def require_supplier(actor: Actor, now: Standing, kind: EvidenceKind) -> None:
    """Raise Refused, with who else may, when this reader may not hand in this kind here."""
    if not _supplies(actor, now, kind):
        raise Refused("not_a_supplier", kind=kind.name, suppliers=list(kind.submitted_by))
