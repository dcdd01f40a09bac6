"""Storing a revision of evidence: checked by its kind's form, with its files, its piece, its digest and its log row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from govapp.data.evidence import Blob, Evidence, EvidenceDraft, EvidenceFile, EvidenceRevision
from govapp.data.people import Person
from govapp.data.rulebook import kind_version_id
from govapp.data.snapshots import Loaded
from govapp.domain.basis import digest_of
from govapp.domain.criteria import MILESTONE_FIELD, names_milestone, same_name
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.evidence_kinds import EvidenceKind, valid_until
from govapp.domain.evidence_values import Fault
from govapp.forms.evidence import FormContext, validate_values
from govapp.services._belongs import _same_version
from govapp.services._work import Work

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


def _store_revision(
    work: Work, loaded: Loaded, kind: EvidenceKind, submission: Submission, right: str
) -> EvidenceRevision:
    """Check and store a revision within a transaction. The caller asked for the right, and settles.

    Raises Invalid with errors by field, NotFound for an unknown piece, Stale when another revision was seen.
    """
    values, errors = validate_values(kind, submission.values, _context(work, loaded, kind, submission.values))
    if not errors and names_milestone(loaded.rules, kind.key):
        errors |= _milestone_faults(loaded, values)
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
        on_behalf_of=work.on_behalf_of,
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
    return revision


def _milestone_faults(loaded: Loaded, values: Mapping[str, Any]) -> dict[str, list[Fault]]:
    """A gate asks what this proves by the name of a milestone, so it must be one of the plan."""
    names = [one.name for one in loaded.snapshot.milestones]
    said = str(values.get(MILESTONE_FIELD, ""))
    if any(same_name(said, name) for name in names):
        return {}
    return {MILESTONE_FIELD: [Fault("milestone_unknown", {"names": ", ".join(names)})]}


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
