"""What the pages of one version share: reading it, its overview, what this person may do."""

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.gates import WorkflowVersion
from govapp.data.replay_queries import replays_of
from govapp.data.version_queries import VersionRow, definition_of, migrations, versions
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.permissions import Permission
from govapp.present import trial_words
from govapp.present.errors import sentences_of
from govapp.present.rule_faults import finding_sentence
from govapp.services._versions import findings_of
from govapp.web._context import actor
from govapp.web._errors import STATUS
from govapp.web._hx import page

P = Permission


def version_row(version_id: int) -> tuple[VersionRow, dict[str, Any]]:
    """A version in short and its set. Raises NotFound."""
    with reading() as session:
        rows = versions(session, version_id=version_id)
        if not rows:
            raise NotFound("not_found")
        return rows[0], definition_of(session, version_id)


def overview(version_id: int, error: Invalid | None = None) -> Response:
    """The version with what the check says and what may be done with it; after a refused form with its errors."""
    row, _definition = version_row(version_id)
    with reading() as session:
        found = findings_of(session, session.get_one(WorkflowVersion, version_id))
        runs, trials = migrations(session, version_id), replays_of(session, version_id)
        session.expunge_all()
    return page(
        "workflows/version.html", status=STATUS[type(error)] if error else 200, row=row, part="overview",
        faults=[finding_sentence(each) for each in found if each.stops],
        warnings=[finding_sentence(each) for each in found if not each.stops], runs=runs, trials=trials,
        trial_words=trial_words, problem=sentences_of(error) if error else {}, typed=request.form, **acts(),
    )  # fmt: skip


def acts() -> dict[str, Any]:
    """What this person may do with versions."""
    me = actor()
    return {
        "may_activate": me.holds_anywhere(P.GOVERNANCE_ACTIVATE),
        "may_edit": me.holds_anywhere(P.GOVERNANCE_EDIT),
    }
