"""Versions of the rules: the list, one version, differences, switching on, throwing away, bringing measures over."""

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.imports import Batch
from govapp.data.rulebook import rules_for
from govapp.data.version_queries import PAGE, VersionRow, definition_of, migration_rows, versions
from govapp.domain.errors import GovappError, Invalid, NotFound
from govapp.domain.permissions import Permission
from govapp.domain.rule_diff import set_differences
from govapp.present import rule_words as words
from govapp.present.errors import sentences_of
from govapp.present.rule_pages import SetView
from govapp.services.drafts import ActivateVersion, DiscardDraft, activate_version, discard_draft
from govapp.services.migrating import KIND, MigrateMeasures, preview_migration, scope_of, start_migration
from govapp.web._context import actor, moment, origin
from govapp.web._errors import STATUS
from govapp.web._fields import form_key, page_number, text
from govapp.web._hx import page, see_other
from govapp.web._numbers import whole
from govapp.web._routes import route
from govapp.web.workflows import trial_routes
from govapp.web.workflows._bp import bp
from govapp.web.workflows._pages import acts, overview, version_row

__all__ = ["bp", "trial_routes"]

P = Permission
PARTS = ("gates", "table", "steps", "evidence", "duties")
PREVIEWED = 200
MOST_KEYS = 200


@route(bp, "/admin/workflows", permission=P.GOVERNANCE_VIEW)
def list_versions() -> Response:
    """Every version with its state and the number of measures on it."""
    with reading() as session:
        rows = versions(session)
        used = {row.id: rules_for(session, row.id, row.digest) for row in rows if row.state != "draft"}
    return page("workflows/list.html", rows=rows, rules=used, several=len({row.workflow for row in rows}) > 1)


@route(bp, "/admin/workflows/<int:version_id>", permission=P.GOVERNANCE_VIEW)
def show_version(version_id: int) -> Response:
    """One version: what the check says, and what may be done with it."""
    return overview(version_id)


@route(bp, "/admin/workflows/<int:version_id>/<part>", permission=P.GOVERNANCE_VIEW)
def show_part(version_id: int, part: str) -> Response:
    """Stages with gates, the decision table, steps, evidence kinds, or duties of a version."""
    if part not in PARTS:
        raise NotFound("not_found")
    row, definition = version_row(version_id)
    return page(f"workflows/{part}.html", row=row, part=part, rules=SetView(definition))


@route(bp, "/admin/workflows/<int:version_id>/differences", permission=P.GOVERNANCE_VIEW)
def show_differences(version_id: int) -> Response:
    """What is different from another version of the workflow; without one named, from the one before."""
    row, definition = version_row(version_id)
    with reading() as session:
        others = [
            each for each in versions(session) if each.workflow_id == row.workflow_id and each.id != row.id
        ]
        asked = whole(request.args.get("from"))
        before = next((each for each in others if each.id == asked), None) or _one_before(row, others)
        found = set_differences(definition_of(session, before.id), definition) if before else ()
    sections: dict[str, list[str]] = {}
    for each in found:
        sections.setdefault(words.section_words(each.section), []).append(words.difference_sentence(each))
    return page(
        "workflows/differences.html",
        row=row,
        part="differences",
        others=others,
        before=before,
        sections=sections,
    )


def _one_before(row: VersionRow, others: list[VersionRow]) -> VersionRow | None:
    return next((each for each in others if each.number < row.number), others[-1] if others else None)


@route(bp, "/admin/workflows/<int:version_id>/activate", permission=P.GOVERNANCE_ACTIVATE, methods=["POST"])
def activate(version_id: int) -> Response:
    """Switch it on."""
    try:
        activate_version(ActivateVersion(origin(), version_id, text("reason"), form_key()))
    except Invalid as error:
        return overview(version_id, error)
    return see_other(
        f"/admin/workflows/{version_id}",
        _("New measures start under it now; all others keep theirs."),
    )


@route(bp, "/admin/workflows/<int:version_id>/discard", permission=P.GOVERNANCE_EDIT, methods=["POST"])
def discard(version_id: int) -> Response:
    """Throw the draft away."""
    try:
        discard_draft(DiscardDraft(origin(), version_id, form_key()))
    except Invalid as error:
        return overview(version_id, error)
    return see_other("/admin/workflows", _("The draft is thrown away. The history keeps its digest."))


@route(bp, "/admin/workflows/<int:version_id>/migration", permission=P.GOVERNANCE_VIEW)
def show_migration(version_id: int) -> Response:
    """Choose measures and see what would change for each before anything does."""
    return _migration(version_id)


@route(bp, "/admin/workflows/<int:version_id>/migration", permission=P.GOVERNANCE_ACTIVATE, methods=["POST"])
def migrate(version_id: int) -> Response:
    """Bring the chosen measures over."""
    command = MigrateMeasures(
        origin(), version_id, text("reason"), _keys(request.form.get("keys", "")), text("branch", 100),
        request.form.get("scope") == "all", form_key(),
    )  # fmt: skip
    try:
        batch = start_migration(command, by_job=True)
    except (Invalid, NotFound) as error:
        return _migration(version_id, error)
    return see_other(f"/admin/workflows/{version_id}/migrations/{batch}")


@route(bp, "/admin/workflows/<int:version_id>/migrations/<int:batch_id>", permission=P.GOVERNANCE_VIEW)
def show_batch(version_id: int, batch_id: int) -> Response:
    """How far a migration is, and what became of each measure."""
    number, state = page_number(), request.args.get("state", "")
    row, _definition = version_row(version_id)
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.kind != KIND or batch.about.get("version") != version_id:
            raise NotFound("not_found")
        found, total = migration_rows(session, actor(), batch_id, number, state)
        session.expunge_all()
    return page(
        "workflows/batch.html", fragment="workflows/_batch.html", row=row, part="migration", batch=batch, found=found,
        total=total, page_number=number, pages=max(1, -(-total // PAGE)), state=state, words=words,
        address=lambda n: f"/admin/workflows/{version_id}/migrations/{batch_id}?state={state}&page={n}",
    )  # fmt: skip


def _keys(typed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(typed.upper().replace(",", " ").split()))[:MOST_KEYS]


def _migration(version_id: int, error: GovappError | None = None) -> Response:
    """The form, and with a choice of measures in the address what would change for each."""
    row, _definition = version_row(version_id)
    given = request.form if request.method == "POST" else request.args
    keys, branch = _keys(given.get("keys", "")), given.get("branch", "").strip()[:100]
    preview, problem = None, sentences_of(error) if error else {}
    if not error and (keys or branch or given.get("scope") == "all"):
        try:
            with reading() as session:
                scope = scope_of(session, actor(), keys, branch, everything=given.get("scope") == "all")
            preview = preview_migration(actor(), version_id, scope, moment(), limit=PREVIEWED)
        except (Invalid, NotFound) as found:
            problem = (
                {"": [_("There is no such branch.")]} if isinstance(found, NotFound) else sentences_of(found)
            )
    return page(
        "workflows/migration.html", status=STATUS[type(error)] if error else 200, row=row, part="migration",
        preview=preview, problem=problem, given=given, keys=keys, words=words, **acts(),
    )  # fmt: skip
