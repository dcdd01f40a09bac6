"""Evidence handed in within the refusal dialog: bound, its files stored, drafts kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from govapp.data.engine import reading
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rights import Actor
from govapp.forms.classes import EvidenceForm
from govapp.forms.evidence import bind, draft_values, from_draft
from govapp.services.board_moves import Standing, require_supplier
from govapp.services.evidence import SaveDraft, Submission, save_draft
from govapp.services.evidence_pages import FormStart, form_start
from govapp.services.uploads import keep_uploads
from govapp.web._context import origin


@dataclass(frozen=True)
class Given:
    """What came of the evidence fields: a submission when they are right; else the form with its errors.

    `typed` is all of it as a draft keeps it.
    """

    kind: EvidenceKind
    form: EvidenceForm
    typed: Mapping[str, Any]
    submission: Submission | None = None
    draft_saved: bool = False

    def keep_draft(self, key: str) -> bool:
        """Keep what was typed for this person; False when there is nothing."""
        if self.typed["texts"] or self.typed["files"]:
            save_draft(SaveDraft(key, self.kind.key, origin(), self.typed))
            return True
        return False


def given(actor: Actor, now: Standing, kind: EvidenceKind, seen: int, *, draft_only: bool = False) -> Given:
    """Bind what was sent for a kind by one who saw a revision. Files are stored before any verb names them; what is
    wrong becomes a draft.

    Raises Refused, before anything is stored, when this person may not hand in the kind here.
    """
    require_supplier(actor, now, kind)
    start = start_of(actor, now, kind)
    files: Any = request.files
    bound = bind(kind, request.form, files, start.context)
    keep_uploads(bound.uploads, origin())
    typed = draft_values(kind, request.form, bound) | {"revision": seen}
    if bound.valid and not draft_only:
        handed = Submission(kind.key, bound.values, seen_revision=seen)
        return Given(kind, bound.form, typed, handed)
    form = from_draft(kind, typed, start.context) if draft_only else bound.form
    found = Given(kind, form, typed, None, draft_only)
    found.keep_draft(now.key)
    return found


def start_of(actor: Actor, now: Standing, kind: EvidenceKind) -> FormStart:
    """The form of a kind as this reader should find it."""
    with reading() as session:
        return form_start(session, actor, now, kind)
