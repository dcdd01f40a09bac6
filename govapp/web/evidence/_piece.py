"""The page of one piece of evidence: its revisions side by side, its files, and the judging of the newest one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.measure_records import names_of
from govapp.data.snapshots import Loaded
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.present import evidence_pages as said
from govapp.present import judging as judged
from govapp.present.evidence import size_words
from govapp.services.downloads import SHOWN_INLINE
from govapp.services.evidence_pages import PieceView, piece_view
from govapp.web._context import actor
from govapp.web.evidence._form import day_there
from govapp.web.measures._pages import show


def piece_page(
    key: str,
    evidence_id: int,
    *,
    status: int = 200,
    note: str = "",
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, list[str]] | None = None,
) -> Response:
    """The page; after a judgement that was not taken with what was typed and what is wrong."""

    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        may(actor(), Permission.EVIDENCE_VIEW, loaded.place)
        view = piece_view(session, actor(), loaded, evidence_id, day_there(loaded))
        kinds = [EvidenceKind.from_dict(revision.definition) for revision in view.revisions]
        people = names_of(session, _people_in(view, kinds))
        rows = said.compare(kinds, [revision.values for revision in view.revisions], people)
        return {
            "view": view, "rows": rows, "said": said, "judged": judged, "size": size_words, "inline": SHOWN_INLINE,
            "note": note, "typed": typed or {}, "wrong": faults or {},
        }  # fmt: skip

    return show(key, "evidence/piece.html", "evidence", read, status=status)


def _people_in(view: PieceView, kinds: list[EvidenceKind]) -> set[int]:
    """Ids of people whom values of a piece name."""
    return {
        int(value)
        for revision, kind in zip(view.revisions, kinds, strict=True)
        for spec in kind.fields
        if spec.type == "person" and isinstance(value := revision.values.get(spec.name), int)
    }
