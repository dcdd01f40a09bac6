"""Puts the page of a review together: words for what the read model says."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.domain.clocks import holder_code
from govapp.domain.criteria import Finding
from govapp.present import closure, report_pages
from govapp.present import dossiers as dossier_words
from govapp.present import reviews as said
from govapp.present.differences import difference_rows
from govapp.present.findings import FindingView, finding_view, stage_name, who_words
from govapp.services.review_pages import ReviewPage, review_page
from govapp.web._context import actor, day_at, moment
from govapp.web._hx import page
from govapp.web._recent_password import password_wanted
from govapp.web.evidence.attestation import Attestation, attestation_of

_NO_ENTRY: Mapping[str, list[str]] = {}


def show_review(
    review_id: int,
    *,
    number: int | None = None,
    seen: int | None = None,
    status: int = 200,
    faults: Mapping[str, list[str]] = _NO_ENTRY,
    typed: Mapping[str, str] | None = None,
    note: str = "",
    attestation: Attestation | None = None,
) -> Response:
    """The page of a review; after a refused vote with what was typed and why. Raises NotFound."""
    with reading() as session:
        found = review_page(session, actor(), review_id, moment(), number=number, seen=seen)
        step = found.mine.step
        if attestation is None and step is not None and step.attests:
            attestation = attestation_of(session, found.loaded, step.attests)
    rules = found.loaded.rules
    vocabulary = dossier_words.Vocabulary(rules, found.loaded.currency, found.choices, found.people)
    today, absent = day_at(found.loaded.timezone), found.loaded.clock.absent
    held = {
        part: who_words(holder_code(holder.person_id, holder.name, absent, today))
        for part, holder in found.loaded.snapshot.parts.items()
    }
    return page(
        "reviews/review.html",
        status=status,
        review=found,
        head=found.head,
        said=said,
        reports=report_pages,
        held=held,
        came_from=stage_name(rules, found.head.came_from),
        into=stage_name(rules, found.head.into),
        fields=dossier_words.shown_fields(found.content, vocabulary),
        people=[
            (dossier_words.part_label(part), h["name"]) for part, h in found.content.get("parts", {}).items()
        ],
        pieces=dossier_words.shown_pieces(found.content, vocabulary),
        milestones=dossier_words.shown_milestones(found.content, vocabulary),
        risks=dossier_words.shown_risks(found.content, vocabulary),
        money=dossier_words.headline_money(found.content, rules.currency or ""),
        plan_shown=dossier_words.plan_shown(found.content.get("plan")) if found.content.get("lines") else "",
        effect=found.content["fields"].get("expected_effect", ""),
        rating=said.rating_word(found.content["fields"].get("risk_rating") or ""),
        lines=found.content.get("lines", ()),
        words=dossier_words,
        findings=findings_of(found),
        since_decision=found.since_decision and difference_rows(found.since_decision.changes, vocabulary),
        since_seen=found.since_seen and difference_rows(found.since_seen.changes, vocabulary),
        live=difference_rows(found.live, vocabulary),
        me=actor().id,
        proofs=proofs_shown(found),
        attestation=attestation,
        password_wanted=step is not None and step.sign and password_wanted(),
        faults=faults,
        typed=typed or {},
        note=note,
    )


def proofs_shown(found: ReviewPage) -> dict[str, Any] | None:
    """The two proofs at closure for the template; None for every other gate."""
    proofs = found.proofs
    if proofs is None:
        return None
    return {
        "rows": closure.proof_rows(proofs.lines or (), proofs.sums),
        "hidden": proofs.lines is None,
        "confirmed": closure.confirmed_words(proofs.lines or ()),
        "figures": closure.figure_views(proofs.figures, proofs.since, found.loaded.timezone),
    }


def findings_of(found: ReviewPage) -> list[FindingView]:
    """The frozen findings as a task list, missing first."""
    views = [
        finding_view(
            Finding(one["key"], one["met"], one["code"], one["values"], one["wording"]),
            found.loaded.rules,
            found.head.key,
        )
        for one in found.content["findings"]
    ]
    return sorted(views, key=lambda view: view.met)


def inbox_context(rows: Any, names: Mapping[tuple[int, str], str]) -> list[tuple[Any, str, str]]:
    """Rows of a list of reviews with the names of the stages they lie between."""

    def name(row: Any, key: str | None) -> str:
        found = names.get((row.workflow_version_id, key or ""))
        return found or ((key or "").replace("_", " ").capitalize() or said.proposed())

    return [(row, name(row, row.came_from), name(row, row.into)) for row in rows]
