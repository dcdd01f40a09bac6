"""Cost objects of an organization: what they cost, what measures claim on them, and agreed splits."""

from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.domain.effect_rules import EffectRules
from govapp.domain.measures import EFFECT_KINDS
from govapp.domain.permissions import Permission
from govapp.present import claims as said
from govapp.present import measures as words
from govapp.services.claim_pages import objects_page
from govapp.services.claims import SetCostObject, SplitClaims, set_cost_object, split_claims
from govapp.web._context import actor, origin, today
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.measures._typed import Typed, attempt

P = Permission
ADDRESS = "/finance/cost-objects"
PAGE = 20


def _show(
    *, open_form: str = "", problem: str = "", faults: Any = None, form: Any = None, status: int = 200
) -> Response:
    n = page_number()
    given = {name: request.values.get(name, "").strip()[:80] for name in ("organization", "q")}
    given = {name: value for name, value in given.items() if value}
    with reading() as session:
        found, organizations, total = objects_page(
            session, actor(), today(), **given, limit=PAGE, offset=(n - 1) * PAGE
        )
    return page(
        "finance/cost_objects.html", status=status, found=found, organizations=organizations, total=total, n=n,
        pages=max(1, -(-total // PAGE)), given=given, said=said, words=words, open_form=open_form, problem=problem,
        faults=faults or {}, form=form or {}, kinds=EFFECT_KINDS, object_kinds=EffectRules().cost_object_kinds,
        address=lambda p: f"{ADDRESS}?{urlencode(given | {'page': p})}", editing=request.args.get("edit", "")[:120],
        form_at=lambda name: f"{ADDRESS}?{urlencode(given | {'page': n} | ({'edit': name} if name else {}))}",
    )  # fmt: skip


def _of(organization: str) -> str:
    """The page of an organization."""
    return f"{ADDRESS}?{urlencode({'organization': organization})}"


@route(bp, "/finance/cost-objects", permission=P.FINANCE_VIEW)
def show_cost_objects() -> Response:
    """Cost objects with claims and splits; `edit` opens a form: `object-KEY`, or `split-KEY-KIND`."""
    return _show()


@route(bp, "/finance/cost-objects", permission=P.FINANCE_SPLIT_CLAIMS, methods=["POST"])
def save_cost_object() -> Response:
    """Register a cost object, or change it."""
    typed = Typed()

    def verb() -> Response:
        currency = typed.text("currency").strip().upper()[:3]
        command = SetCostObject(
            typed.text("organization"), typed.text("key"), typed.text("name"), typed.text("kind"), currency, origin(),
            typed.amount("yearly_cost", currency), typed.whole("version"), typed.key(),
        )  # fmt: skip
        typed.checked()
        set_cost_object(command)
        return see_other(_of(command.organization), _("%(key)s is saved.", key=command.key))

    answer: Response = attempt(verb, lambda **again: _show(open_form="object", **again))
    return answer


@route(bp, "/finance/cost-objects/splits", permission=P.FINANCE_SPLIT_CLAIMS, methods=["POST"])
def save_split() -> Response:
    """Agree a split of claims, or end it."""
    typed = Typed()

    def verb() -> Response:
        shares = {}
        for name in list(request.form)[:200]:
            if name.startswith("share-") and request.form.get(name, "").strip() and not typed.flag("end"):
                shares[name.removeprefix("share-")[:40]] = typed.amount(name, typed.text("currency")[:3])
        typed.checked()
        command = SplitClaims(
            typed.text("organization"), typed.text("object"), typed.text("kind"),
            {key: share for key, share in shares.items() if share is not None}, typed.text("reason"), origin(),
            typed.whole("version"), typed.key(),
        )  # fmt: skip
        split_claims(command)
        said = _("The split is ended.") if typed.flag("end") else _("The split is kept.")
        return see_other(_of(command.organization), said)

    form = f"split-{request.form.get('object', '')}-{request.form.get('kind', '')}"
    answer: Response = attempt(verb, lambda **again: _show(open_form=form, **again))
    return answer
