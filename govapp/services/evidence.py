"""Handing in evidence: a valid submission is a revision, nothing is overwritten. Half-filled forms stay as drafts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govapp.data.evidence import EvidenceDraft, EvidenceRevision
from govapp.data.judges import named_judges
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.deputies import SUPPLY
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.evidence_judging import Handed, judges_of
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of
from govapp.services._belongs import visible
from govapp.services._keys import consume, consumed
from govapp.services._revisions import Submission, _drop_draft, _store_revision
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, writing
from govapp.services.duties import _speak

__all__ = [
    "SaveDraft",
    "Submission",
    "SubmitEvidence",
    "Submitted",
    "may_supply",
    "save_draft",
    "submit_evidence",
]

DRAFT_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class SubmitEvidence:
    """Hand in evidence on a measure."""

    key: str
    submission: Submission
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored revision."""

    kind: str
    evidence_id: int
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Keep a half-filled form."""

    key: str
    kind: str
    origin: Origin
    values: Mapping[str, Any] = field(default_factory=dict)


def may_supply(actor: Actor, kind: EvidenceKind, place: Place) -> bool:
    """True when the kind lets this person hand it in: by a part held, a role, or as program lead for any measure."""
    held = {part for part, person in place.parts.items() if person == actor.id}
    roles = actor.roles_on(place.path)
    if held & set(kind.submitted_by) or roles & set(kind.submitted_by):
        return True
    return actor.is_system or actor.grant_for(Permission.MEASURE_EDIT_ANY, place.path) is not None


def supplying(voice: Actor, kind: EvidenceKind, place: Place) -> str | None:
    """The right by which a voice may hand in this kind here, or None."""
    return right_of(voice, Permission.EVIDENCE_SUBMIT, place) if may_supply(voice, kind, place) else None


def submit_evidence(command: SubmitEvidence) -> Submitted:
    """Store one valid submission as the next revision.

    Raises NotFound, Refused (no right, or the kind names others), Invalid with errors by field, KeyReused, and Stale
    when another revision was seen.
    """
    return writing(
        command.origin, lambda work: _submit_evidence(work, command), action_key=command.action_key
    )


def _submit_evidence(work: Work, command: SubmitEvidence) -> Submitted:
    loaded = visible(work, command.key)
    handed = command.submission
    body = ["evidence", command.key, _body(handed)]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return Submitted(earlier["kind"], earlier["evidence_id"], earlier["revision"], earlier["digest"])
    result = _submit(work, loaded, command.submission)
    consume(work, command.action_key, body, {name: getattr(result, name) for name in Submitted.__slots__})
    work.session.flush()
    settle(work, load_measures(work.session, [loaded.measure.id]))
    return result


def _body(handed: Submission) -> list[Any]:
    """What makes two submissions the same under one action key."""
    return [handed.kind, dict(handed.values), handed.effective_on, handed.piece, handed.seen_revision]


def _submit(work: Work, loaded: Loaded, submission: Submission) -> Submitted:
    """Check and store a revision within a transaction and tell its judges; the caller settles."""
    kind = _kind(loaded, submission.kind)
    right = _speak(work, loaded, SUPPLY, lambda voice: supplying(voice, kind, loaded.place))
    if right is None:
        may(work.actor, Permission.EVIDENCE_SUBMIT, loaded.place)
    if kind.attested:
        raise Refused("attested_kind", kind=kind.name)
    if right is None:
        raise Refused("not_a_supplier", kind=kind.key, suppliers=list(kind.submitted_by))
    if loaded.snapshot.state == "cancelled":
        raise Refused("measure_cancelled")
    row = _store_revision(work, loaded, kind, submission, right)
    if kind.judged:
        _tell_judges(work, loaded, kind, row)
    return Submitted(kind.key, row.evidence_id, row.number, row.digest)


def _kind(loaded: Loaded, key: str) -> EvidenceKind:
    kind = loaded.rules.kinds.get(key)
    if kind is None:
        raise NotFound("unknown_kind")
    return kind


def _tell_judges(work: Work, loaded: Loaded, kind: EvidenceKind, row: EvidenceRevision) -> None:
    named = named_judges(
        work.session, loaded, [kind.judge] if kind.judge else [], work.today(loaded.timezone)
    )
    handed = Handed(row.person_id, row.on_behalf_of)
    for one in judges_of(kind.judge, named, handed, loaded.snapshot).may:
        work.tell(
            one.person_id, "judgement_waits", measure_id=loaded.measure.id,
            payload={"kind": kind.key, "evidence": row.evidence_id, "revision": row.number},
        )  # fmt: skip


def _attest(work: Work, loaded: Loaded, submission: Submission) -> EvidenceRevision:
    """Sign an attestation as part of a vote: the voter hands it in, no supplier is asked for and no judge follows.

    The vote's own step has asked whether this person decides; the caller settles. Raises NotFound, Refused (the kind is
    none that is signed), Invalid with errors by field, Stale.
    """
    right = may(work.voice, Permission.REVIEW_DECIDE, loaded.place)
    kind = _kind(loaded, submission.kind)
    if not kind.attested:
        raise Refused("kind_not_attested", kind=kind.name)
    return _store_revision(work, loaded, kind, submission, right)


def save_draft(command: SaveDraft) -> None:
    """Keep what was typed so far for this person. Raises NotFound, Refused, Invalid when it is too long to keep."""
    writing(command.origin, lambda work: _save_draft(work, command))


def _save_draft(work: Work, command: SaveDraft) -> None:
    loaded = visible(work, command.key)
    work.may(Permission.EVIDENCE_SUBMIT, loaded.place)
    if command.kind not in loaded.rules.kinds:
        raise NotFound("unknown_kind")
    if len(str(command.values)) > DRAFT_BYTES:
        raise Invalid("draft_too_long")
    _drop_draft(work, loaded.measure.id, command.kind)
    work.session.add(
        EvidenceDraft(
            measure_id=loaded.measure.id,
            kind=command.kind,
            person_id=work.actor.id,
            values=dict(command.values),
            at=work.at,
        )
    )
