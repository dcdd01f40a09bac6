"""Handing in evidence: a valid submission is a revision, nothing is overwritten. Half-filled forms stay as drafts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from govapp.data.evidence import Blob, Evidence, EvidenceDraft, EvidenceFile, EvidenceRevision
from govapp.data.people import Person
from govapp.data.rulebook import kind_version_id
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.evidence_kinds import EvidenceKind, valid_until
from govapp.domain.evidence_values import Fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may
from govapp.forms.evidence import FormContext, validate_values
from govapp.services._belongs import _same_version, visible
from govapp.services._keys import consume, consumed
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, writing

DRAFT_BYTES = 100_000
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Submission:
    """Values of one evidence kind as `forms.evidence.bind` or a file gives them; files are in the store already.

    `seen_revision` is the newest revision of the piece as the form showed it, 0 for none; None where nobody saw a form.
    """

    kind: str
    values: Mapping[str, Any]
    effective_on: date | None = None
    piece: int | None = None
    seen_revision: int | None = None


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


def _context(work: Work, loaded: Loaded, kind: EvidenceKind, values: Mapping[str, Any]) -> FormContext:
    """People are checked by id; only files that are in the store count."""
    wanted = {
        v for spec in kind.fields if spec.type == "person" and isinstance(v := values.get(spec.name), int)
    }
    people = (
        work.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted), Person.active)).all()
        if wanted
        else []
    )
    fields = dict(loaded.snapshot.fields)
    return FormContext(
        today=work.today(loaded.timezone),
        currency=loaded.currency,
        people=[(row.id, row.name) for row in people],
        measure_values=fields,
    )


def _submit(work: Work, loaded: Loaded, submission: Submission) -> Submitted:
    """Check and store a revision within a transaction; the caller settles."""
    right = may(work.actor, Permission.EVIDENCE_SUBMIT, loaded.place)
    kind = loaded.rules.kinds.get(submission.kind)
    if kind is None:
        raise NotFound("unknown_kind")
    if not may_supply(work.actor, kind, loaded.place):
        raise Refused("not_a_supplier", kind=kind.key, suppliers=list(kind.submitted_by))
    if loaded.snapshot.state == "cancelled":
        raise Refused("measure_cancelled")
    values, errors = validate_values(kind, submission.values, _context(work, loaded, kind, submission.values))
    today = work.today(loaded.timezone)
    effective = submission.effective_on or today
    if effective > today:
        errors["effective_on"] = [Fault("too_late", {"today": True})]
    elif effective < EARLIEST:
        errors["effective_on"] = [Fault("too_early", {"least": EARLIEST.isoformat()})]
    if errors:
        raise Invalid("evidence_invalid", faults=errors, kind=kind.key)
    files = [
        (name, item)
        for spec in kind.fields
        if (name := spec.name) in values and spec.type == "file"
        for item in values[name]
    ]
    _known_files(work, [item["sha256"] for _, item in files])
    piece = _piece(work, loaded, kind, submission.piece)
    _same_version(submission.seen_revision, piece.revisions, "stale_evidence", kind=kind.key)
    piece.revisions += 1
    piece.version += 1
    digest = digest_of(
        {"kind": kind.key, "form": kind.digest, "values": values, "effective_on": effective.isoformat()}
    )
    ends = valid_until(kind, effective)
    revision = EvidenceRevision(
        evidence_id=piece.id,
        measure_id=loaded.measure.id,
        number=piece.revisions,
        kind_version_id=kind_version_id(work.session, loaded.workflow_id, kind.key, kind.digest),
        values=values,
        digest=digest,
        effective_on=effective,
        valid_until=ends,
        passage_id=loaded.snapshot.passage_id,
        person_id=work.actor.id,
        at=work.at,
    )
    work.session.add(revision)
    work.session.flush()
    for name, item in files:
        work.session.add(
            EvidenceFile(
                revision_id=revision.id,
                field=name,
                name=item["name"],
                digest=item["sha256"],
                size=item["size"],
                type=item["type"],
            )
        )
    _drop_draft(work, loaded.measure.id, kind.key)
    work.log(
        Event.EVIDENCE_SUBMITTED,
        {
            "kind": kind.key, "revision": piece.revisions, "digest": digest, "piece": piece.number,
            "effective_on": effective.isoformat(), "valid_until": ends.isoformat() if ends else None,
            "files": [[item["name"], item["sha256"]] for _, item in files],
        },
        made=(revision,), right=right, object_type="evidence", object_id=str(piece.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return Submitted(kind.key, piece.id, piece.revisions, digest)


def _known_files(work: Work, digests: list[str]) -> None:
    known = (
        set(work.session.scalars(select(Blob.digest).where(Blob.digest.in_(digests)))) if digests else set()
    )
    if set(digests) - known:
        raise Invalid("file_unknown")


def _piece(work: Work, loaded: Loaded, kind: EvidenceKind, number: int | None) -> Evidence:
    """The piece to revise, or a new one: a kind with several pieces gets one each time none is named."""
    rows = work.session.scalars(
        select(Evidence).where(Evidence.measure_id == loaded.measure.id, Evidence.kind == kind.key)
    ).all()
    if number is not None or (rows and not kind.several):
        wanted = number if number is not None else min(row.number for row in rows)
        found = next((row for row in rows if row.number == wanted), None)
        if found is None:
            raise NotFound("unknown_piece")
        return found
    piece = Evidence(
        measure_id=loaded.measure.id,
        kind=kind.key,
        number=max((row.number for row in rows), default=0) + 1,
        revisions=0,
        version=0,
    )
    work.session.add(piece)
    work.session.flush()
    return piece


def _drop_draft(work: Work, measure_id: int, kind: str) -> None:
    work.session.execute(
        delete(EvidenceDraft).where(
            EvidenceDraft.measure_id == measure_id,
            EvidenceDraft.kind == kind,
            EvidenceDraft.person_id == work.actor.id,
        )
    )


def save_draft(command: SaveDraft) -> None:
    """Keep what was typed so far for this person. Raises NotFound, Refused, Invalid when it is too long to keep."""
    writing(command.origin, lambda work: _save_draft(work, command))


def _save_draft(work: Work, command: SaveDraft) -> None:
    loaded = visible(work, command.key)
    may(work.actor, Permission.EVIDENCE_SUBMIT, loaded.place)
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
