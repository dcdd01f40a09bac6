"""Judging evidence: a judge other than the submitter accepts a revision or returns it with a reason, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from govapp.data.actors import groups_of
from govapp.data.evidence import EvidenceRevision
from govapp.data.judges import emergency_people, named_judges
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.deputies import JUDGE
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.evidence_judging import (
    ACCEPT,
    LOOKBACK_KIND,
    NO_RIGHT,
    NOT_NAMED,
    RETURN,
    ROLE_ENDED,
    STATES,
    Handed,
    Judges,
    judges_of,
    named_as,
    waits_for_judge,
    why_not,
)
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may, right_of, with_voice
from govapp.domain.snapshot import EvidenceFact
from govapp.services._belongs import _refuse_cancelled, _same_version, _where, visible
from govapp.services._keys import consume, consumed
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, writing
from govapp.services.duties import _speak, right_for
from govapp.services.lookbacks import _accept_lookback
from govapp.services.sustain import _judge_sustain

REASON_LIMIT = 4000
REASON_LEAST = 3


@dataclass(frozen=True, slots=True)
class JudgeEvidence:
    """Accept or return the newest revision of a piece; `seen_revision` is the one the judge had before them."""

    key: str
    evidence_id: int
    seen_revision: int
    verdict: str
    origin: Origin
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged, and how: accepted or returned."""

    key: str
    kind: str
    kind_name: str
    revision: int
    state: str


class _Numbered:
    """Takes the number of the log row that says what the judge said."""

    def __init__(self, row: EvidenceRevision) -> None:
        self._row = row

    @property
    def seq(self) -> int:
        """The sequence of that log row."""
        return self._row.judged_seq

    @seq.setter
    def seq(self, number: int) -> None:
        self._row.judged_seq = number


def judge_evidence(command: JudgeEvidence) -> Judged:
    """Accept or return a revision; readiness, votes and the next dossier follow in the same transaction.

    Raises NotFound; Refused (no right; may_not_judge with every reason and who may); Invalid (verdict, reason); Stale
    (a newer revision is there, or it has been judged); KeyReused.
    """
    return writing(command.origin, lambda work: _judge(work, command), action_key=command.action_key)


def _judge(work: Work, command: JudgeEvidence) -> Judged:
    loaded = visible(work, command.key)
    body = [
        "judgement",
        command.key,
        command.evidence_id,
        command.seen_revision,
        command.verdict,
        command.reason,
    ]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return Judged(command.key, **earlier)
    if _right_to_judge(work, loaded) is None:
        may(work.actor, Permission.EVIDENCE_JUDGE, loaded.place)
    _refuse_cancelled(work, loaded)
    fact = next((each for each in loaded.snapshot.evidence if each.evidence_id == command.evidence_id), None)
    if fact is None:
        raise NotFound("not_found")
    kind = loaded.rules.kinds.get(fact.kind)
    if kind is None or not kind.judged:
        raise Refused("kind_not_judged")
    row = work.session.get_one(EvidenceRevision, fact.revision_id)
    used = _require_judge(work, loaded, kind, row)
    _check_words(command)
    _same_version(command.seen_revision, fact.revision, "stale_judgement")
    if fact.judged:
        raise Stale("judged_already", state=fact.judged)
    state = STATES[command.verdict]
    _store(work, loaded, fact, row, state, command.reason.strip(), used)
    if kind.key == LOOKBACK_KIND and command.verdict == ACCEPT:
        _accept_lookback(work, loaded, row, used)
    if kind.key == loaded.rules.effects.sustain.kind and command.verdict == ACCEPT:
        _judge_sustain(work, loaded, row, used)
    work.session.flush()
    settle(work, load_measures(work.session, [loaded.measure.id]))
    outcome = {"kind": fact.kind, "kind_name": kind.name, "revision": fact.revision, "state": state}
    consume(work, command.action_key, body, outcome)
    return Judged(command.key, fact.kind, kind.name, fact.revision, state)


def _right_to_judge(work: Work, loaded: Loaded) -> str | None:
    """The permission, the actor's own or lent."""
    voices = (work.actor, *work.actor.absent_for(JUDGE))
    return next((right for voice in voices if (right := _right_of(voice, loaded))), None)


def _right_of(voice: Actor, loaded: Loaded) -> str | None:
    """The grant or part by which a voice judges here; a part whose role has ended gives none (R06, R07)."""
    return right_of(
        voice, Permission.EVIDENCE_JUDGE, with_voice(loaded.place, voice, loaded.rules.roles_of_parts)
    )


def _require_judge(work: Work, loaded: Loaded, kind: EvidenceKind, row: EvidenceRevision) -> str:
    """The right used with what the kind names the actor, or the absent person whose deputy they are.

    Raises Refused with every reason, and with the names of those who may.
    """
    handed = Handed(row.person_id, row.on_behalf_of, _acted(work.session, loaded, kind))
    used = _speak(work, loaded, JUDGE, partial(_used, work.session, work.actor, loaded, kind, handed))
    if used is None:
        _named, reasons = _standing(work.session, work.actor, work.actor, loaded, kind, handed)
        submitted = {row.evidence_id: (row.person_id, row.on_behalf_of)}
        judges = judges_here(work.session, loaded, submitted, work.today(loaded.timezone))
        may_judge = judges[row.evidence_id].may if row.evidence_id in judges else ()
        raise Refused("may_not_judge", reasons=list(reasons), judges=[one.name for one in may_judge])
    return used


def _used(
    session: Session, actor: Actor, loaded: Loaded, kind: EvidenceKind, handed: Handed, voice: Actor
) -> str | None:
    """The right and the name by which the actor judges in a voice, or None."""
    right = _right_of(voice, loaded)
    named, reasons = _standing(session, actor, voice, loaded, kind, handed)
    return None if right is None or reasons else f"{right} {named}"


def _acted(session: Session, loaded: Loaded, kind: EvidenceKind) -> frozenset[int]:
    """Who used the emergency path that a look-back report of this measure looks back on."""
    if kind.key != LOOKBACK_KIND:
        return frozenset()
    return emergency_people(session, loaded.measure.id)


def _standing(
    session: Session, actor: Actor, voice: Actor, loaded: Loaded, kind: EvidenceKind, handed: Handed
) -> tuple[str, tuple[str, ...]]:
    """As what the kind names a voice, and every reason why the actor may not judge in it: those of both count."""
    every = {part for part, person in loaded.place.parts.items() if person == voice.id}
    place = with_voice(loaded.place, voice, loaded.rules.roles_of_parts)
    held = {part for part in every if part in place.parts}
    in_groups = voice.id is not None and kind.judge is not None and bool(kind.judge.groups)
    groups = groups_of(session, voice.id or 0, loaded.measure.organization_id) if in_groups else frozenset()
    roles = voice.roles_on(loaded.place.path)
    named = named_as(kind.judge, held, roles, groups)
    people = {each for each in (actor.id, voice.id) if each is not None}
    reasons = why_not(people, named, handed, loaded.snapshot.owner_id)
    if not named and named_as(kind.judge, every, roles, groups):
        reasons = tuple(ROLE_ENDED if reason == NOT_NAMED else reason for reason in reasons)
    return named, reasons


def barred_from_judging(
    session: Session,
    actor: Actor,
    loaded: Loaded,
    kind: EvidenceKind,
    submitter: int,
    submitted_for: int | None,
) -> tuple[str, ...]:
    """Every reason why a reader may not judge a revision of this kind; empty when they may."""
    handed = Handed(submitter, submitted_for, _acted(session, loaded, kind))
    lent = partial(_used, session, actor, loaded, kind, handed)
    if right_for(actor, loaded.rules, loaded.place, JUDGE, lent) is not None:
        return ()
    _named, reasons = _standing(session, actor, actor, loaded, kind, handed)
    if _right_of(actor, loaded) is None:
        reasons += (NO_RIGHT,)
    return reasons


def _check_words(command: JudgeEvidence) -> None:
    faults: dict[str, list[str]] = {}
    if command.verdict not in STATES:
        faults["verdict"] = ["judgement_unknown"]
    if command.verdict == RETURN and len(command.reason.strip()) < REASON_LEAST:
        faults["reason"] = ["return_needs_reason"]
    if len(command.reason) > REASON_LIMIT:
        faults["reason"] = ["reason_too_long"]
    if faults:
        raise Invalid("judgement_invalid", faults)


def _store(
    work: Work, loaded: Loaded, fact: EvidenceFact, row: EvidenceRevision, state: str, reason: str, right: str
) -> None:
    """Write the judgement beside the revision, log it, and tell whoever handed it in what to do."""
    row.judged, row.judged_reason = state, reason
    row.judged_by, row.judged_for, row.judged_at = work.actor.id, work.on_behalf_of, work.at
    work.log(
        Event.EVIDENCE_JUDGED,
        {
            "kind": fact.kind, "piece": fact.evidence_id, "revision": fact.revision, "digest": fact.digest,
            "from": "", "to": state, "reason": reason,
        },
        made=(_Numbered(row),), right=right, object_type="evidence", object_id=str(fact.evidence_id), **_where(loaded),
    )  # fmt: skip
    for person in sorted(fact.submitters - {work.actor.id}):
        work.tell(
            person, f"evidence_{state}", measure_id=loaded.measure.id,
            payload={"kind": fact.kind, "evidence": fact.evidence_id, "revision": fact.revision, "reason": reason},
        )  # fmt: skip


def judges_here(
    session: Session, loaded: Loaded, submitted: Mapping[int, tuple[int, int | None]], today: date
) -> dict[int, Judges]:
    """Who can judge each piece that waits, in one statement. `submitted`: by piece who handed it in, and for whom."""
    waiting = {}
    for fact in loaded.snapshot.evidence:
        kind = loaded.rules.kinds.get(fact.kind)
        if kind is not None and fact.evidence_id in submitted and waits_for_judge(kind, fact):
            waiting[fact.evidence_id] = kind
    asked = [kind.judge for kind in waiting.values() if kind.judge]
    named = named_judges(session, loaded, asked, today) if asked else {}
    found = {}
    for piece, kind in waiting.items():
        handed = Handed(*submitted[piece], _acted(session, loaded, kind))
        found[piece] = judges_of(kind.judge, named, handed, loaded.snapshot)
    return found
