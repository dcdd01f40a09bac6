"""Evidence handed in within the refusal dialog: bound, its files stored, drafts kept."""

from dataclasses import dataclass
from typing import Any

from flask import request

from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rights import Actor
from govapp.forms.classes import EvidenceForm, FormContext
from govapp.forms.evidence import (
    bind,
    draft_files,
    draft_values,
    empty_form,
    from_draft,
    from_values,
)
from govapp.services.board_moves import FormStart, Standing, form_start, require_supplier
from govapp.services.evidence import SaveDraft, Submission, save_draft
from govapp.services.uploads import keep_uploads
from govapp.web._context import origin


@dataclass(frozen=True)
class Given:
    """What came of the evidence fields: a submission when they are right; else the form with its errors."""

    kind: EvidenceKind
    form: EvidenceForm
    submission: Submission | None
    draft_saved: bool = False


def _context(now: Standing, start: FormStart, kept: dict[str, Any] | None = None) -> FormContext:
    return FormContext(
        today=now.today,
        currency=now.currency,
        people=list(start.people),
        measure_values=dict(now.snapshot.fields),
        kept_files=kept or {},
    )


def given(actor: Actor, now: Standing, kind: EvidenceKind, *, draft_only: bool = False) -> Given:
    """Bind what was sent for a kind. Files are stored before any verb names them; what is wrong becomes a draft.

    Raises Refused, before anything is stored, when this person may not hand in the kind here.
    """
    require_supplier(actor, now, kind)
    start = form_start(actor, now, kind)
    kept = draft_files(start.draft) if start.draft else {}
    files: Any = request.files
    bound = bind(kind, request.form, files, _context(now, start, kept))
    keep_uploads(bound.uploads, origin())
    if bound.valid and not draft_only:
        return Given(kind, bound.form, Submission(kind.key, bound.values))
    values = draft_values(kind, request.form, bound)
    if values["texts"] or values["files"]:
        save_draft(SaveDraft(now.key, kind.key, origin(), values))
    if draft_only:
        return Given(kind, from_draft(kind, values, _context(now, start)), None, draft_saved=True)
    return Given(kind, bound.form, None)


def form_for(actor: Actor, now: Standing, kind: EvidenceKind) -> EvidenceForm:
    """The form of a kind as this reader should find it: their draft, else the last revision's values, else empty."""
    start = form_start(actor, now, kind)
    if start.draft:
        return from_draft(kind, start.draft, _context(now, start))
    if start.values:
        return from_values(kind, start.values, _context(now, start))
    return empty_form(kind, _context(now, start))
