"""Reads and answers the form of an evidence kind: what is wrong is shown under its field and kept as a draft."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.forms.evidence import BoundEvidence, bind, draft_values
from govapp.present.errors import sentence_of
from govapp.present.evidence import fault_sentence
from govapp.present.evidence_form import error_list, field_views
from govapp.services.board_moves import standing_of
from govapp.services.evidence import SaveDraft, save_draft
from govapp.services.evidence_pages import FormStart, form_start, kind_of
from govapp.services.uploads import keep_uploads
from govapp.web._context import actor, moment, origin
from govapp.web._fields import day


def day_there(loaded: Loaded) -> date:
    """Today in the zone of the measure's organization."""
    return moment().astimezone(ZoneInfo(loaded.timezone)).date()


def number_or_none(text: str) -> int | None:
    """A row number as typed or linked. Raises NotFound when it is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound("not_found")
    return int(text)


@dataclass
class Handed:
    """A form that was sent: bound, files stored, the effective day, errors by field, the revision that was seen."""

    loaded: Loaded
    kind: EvidenceKind
    start: FormStart
    bound: BoundEvidence
    effective_on: date | None
    errors: dict[str, list[str]]
    seen: int

    @property
    def piece_id(self) -> int | None:
        """The piece that is revised."""
        return self.start.piece.id if self.start.piece else None

    def keep_draft(self) -> None:
        """Keep what was typed and the files that came with it for this person."""
        values = draft_values(self.kind, request.form, self.bound)
        if values["texts"] or values["files"]:
            values |= {"piece": self.piece_id, "effective_on": request.form.get("effective_on", "")[:10]}
            values["revision"] = self.seen
            save_draft(SaveDraft(self.loaded.snapshot.key, self.kind.key, origin(), values))


def read_form(key: str, kind_key: str) -> Handed:
    """Bind what was sent. Raises NotFound, Refused; wrong answers are in `errors` and in the fields."""
    with reading() as session:
        loaded = load_measure(session, key)
        if loaded is None:
            raise NotFound("not_found")
        may(actor(), Permission.MEASURE_VIEW, loaded.place)
        kind = kind_of(actor(), loaded, kind_key)
        piece = number_or_none(request.form.get("piece", ""))
        start = form_start(session, actor(), standing_of(loaded, moment()), kind, piece)
    files: Any = request.files
    bound = bind(kind, request.form, files, start.context)
    keep_uploads(bound.uploads, origin())
    errors: dict[str, list[str]] = {}
    effective = None
    try:
        effective = day("effective_on")
    except Invalid:
        errors["effective_on"] = [sentence_of("day_form")]
    seen = number_or_none(request.form.get("revision", "")) or 0
    return Handed(loaded, kind, start, bound, effective, errors, seen)


def refused_by_verb(handed: Handed, error: Invalid) -> None:
    """Take over the faults of the verb as sentences; unknown fields stand on top."""
    for name, faults in (error.values.get("faults") or {}).items():
        handed.errors[name] = [fault_sentence(fault) for fault in faults]
    if not handed.errors:
        handed.errors[""] = [sentence_of(error.code, error.values)]


def form_context(session: Session, loaded: Loaded, kind_key: str, piece_id: int | None) -> dict[str, Any]:
    """The form as it starts."""
    kind = kind_of(actor(), loaded, kind_key)
    start = form_start(session, actor(), standing_of(loaded, moment()), kind, piece_id)
    effective = start.effective_on or day_there(loaded).isoformat()
    views = field_views(start.form.parts, loaded.currency)
    return _context(loaded, kind, start, views, {}, effective) | {"revision": start.revision}


def sent_context(handed: Handed) -> dict[str, Any]:
    """The form as it was sent, with what is wrong."""
    views = field_views(handed.bound.form.parts, handed.loaded.currency)
    effective = request.form.get("effective_on", "")[:10]
    context = _context(handed.loaded, handed.kind, handed.start, views, handed.errors, effective)
    return context | {"revision": handed.seen}


def _context(
    loaded: Loaded,
    kind: EvidenceKind,
    start: FormStart,
    views: list[Any],
    errors: dict[str, list[str]],
    effective: str,
) -> dict[str, Any]:
    return {
        "kind": kind, "start": start, "views": views, "summary": error_list(views), "errors": errors,
        "effective_on": effective, "latest": day_there(loaded).isoformat(),
    }  # fmt: skip
