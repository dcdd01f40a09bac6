"""Trials of a version: begin one, watch it, read what would come out otherwise."""

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.gates import Replay
from govapp.data.replay_queries import places_of
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.permissions import Permission
from govapp.present import trial_words
from govapp.present.rule_pages import SetView
from govapp.services.replays import StartReplay, start_replay
from govapp.web._context import actor, origin
from govapp.web._fields import form_key, number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.workflows._bp import bp
from govapp.web.workflows._pages import overview, version_row

P = Permission


@route(bp, "/admin/workflows/<int:version_id>/trials", permission=P.GOVERNANCE_EDIT, methods=["POST"])
def begin_trial(version_id: int) -> Response:
    """Try the version on past decisions and every open measure."""
    try:
        replay = start_replay(StartReplay(origin(), version_id, number("wanted"), form_key()), by_job=True)
    except Invalid as error:
        return overview(version_id, error)
    return see_other(f"/admin/workflows/{version_id}/trials/{replay}", _("The trial has begun."))


@route(bp, "/admin/workflows/<int:version_id>/trials/<int:replay_id>", permission=P.GOVERNANCE_VIEW)
def show_trial(version_id: int, replay_id: int) -> Response:
    """How far a trial is, and what would come out otherwise, grouped and explained."""
    row, definition = version_row(version_id)
    with reading() as session:
        trial = session.get(Replay, replay_id)
        if trial is None or trial.workflow_version_id != version_id:
            raise NotFound("not_found")
        session.expunge_all()
        groups = trial_words.sorted_groups(trial.differences)  # type: ignore[arg-type]  # JSON
        named = {item[0] for group in groups for item in group["items"]}
        paths = places_of(session, named | {fault["key"] for fault in trial.faults})  # type: ignore[index]  # JSON
    me = actor()
    seen = {key for key, path in paths.items() if me.grant_for(P.MEASURE_VIEW, path) is not None}
    return page(
        "workflows/trial.html", fragment="workflows/_trial.html", row=row, part="overview", trial=trial, groups=groups,
        seen=seen, stages=SetView(definition).stage_names, words=trial_words,
    )  # fmt: skip
