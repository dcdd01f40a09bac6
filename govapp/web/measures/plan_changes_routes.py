"""Change requests of a frozen plan: open, ask, approve or refuse, withdraw; and the page of a frozen version."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.snapshots import Loaded
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import FROZEN
from govapp.present import plan_words
from govapp.present.plan_differences import plan_difference
from govapp.services.plan_changes import (
    AskPlanChange,
    OpenPlanChange,
    VotePlanChange,
    WithdrawPlanChange,
    ask_plan_change,
    open_plan_change,
    vote_plan_change,
    withdraw_plan_change,
)
from govapp.services.plan_pages import version_page
from govapp.web._context import origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._finance import finance_page
from govapp.web.measures._pages import show
from govapp.web.measures._typed import Typed, attempt

P = Permission
HERE = "/measures/<key>/finance/changes"


@route(bp, "/measures/<key>/finance/versions/<int:number>", permission=P.FINANCE_VIEW)
def show_version(key: str, number: int) -> Response:
    """A frozen version: by whom and why, and what it changed by line and month."""

    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        found = version_page(session, loaded, number)
        return {
            "shown": found,
            "difference": plan_difference(found.lines, loaded.rules),
            "kinds": list(loaded.rules.effects.kinds),
            "plan_words": plan_words,
        }

    return show(key, "measures/plan_version.html", "finance", read, needs=(P.FINANCE_VIEW,))


@route(bp, HERE, permission=P.FINANCE_VIEW, methods=["POST"])
def open_change(key: str) -> Response:
    """Open the working plan with a reason."""
    typed = Typed()

    def act() -> Any:
        open_plan_change(OpenPlanChange(key, typed.text("reason"), origin(), typed.key()))
        return _("The plan is open for this change. Edit it, then ask for it.")

    return _done(key, act)


@route(bp, f"{HERE}/<int:number>/ask", permission=P.FINANCE_VIEW, methods=["POST"])
def ask_change(key: str, number: int) -> Response:
    """Ask for the draft as it is."""
    typed = Typed()

    def act() -> Any:
        state = ask_plan_change(AskPlanChange(key, number, typed.version(), origin(), typed.key()))
        if state == FROZEN:
            return _("The change needs no approval and is in force as the next version.")
        return _("The change is asked for. The plan stands still until it is decided.")

    return _done(key, act)


@route(bp, f"{HERE}/<int:number>/vote", permission=P.FINANCE_VIEW, methods=["POST"])
def vote_change(key: str, number: int) -> Response:
    """Approve or refuse."""
    typed = Typed()

    def act() -> Any:
        verdict, digest = typed.text("verdict"), typed.text("digest")
        command = VotePlanChange(key, number, verdict, digest, origin(), typed.text("reason"), typed.key())
        said = {
            "frozen": _("The change is in force as the next version."),
            "refused": _("The change is refused; the draft is back at the plan in force."),
        }
        return said.get(vote_plan_change(command), _("Your approval is kept."))

    return _done(key, act)


@route(bp, f"{HERE}/<int:number>/withdrawal", permission=P.FINANCE_VIEW, methods=["POST"])
def withdraw_change(key: str, number: int) -> Response:
    """Take the request back."""
    typed = Typed()

    def act() -> Any:
        withdraw_plan_change(WithdrawPlanChange(key, number, origin(), typed.text("reason"), typed.key()))
        return _("The request is withdrawn; the draft is back at the plan in force.")

    return _done(key, act)


def _done(key: str, act: Callable[[], Any]) -> Response:
    def verb() -> Response:
        return see_other(f"/measures/{key}/finance#plan", act())

    answer: Response = attempt(verb, lambda **again: finance_page(key, part="change", **again))
    return answer
