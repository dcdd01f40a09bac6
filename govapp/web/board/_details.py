"""Details of a decision beside its reason: read by the rules of the measure, signed where they ask for it."""

from dataclasses import replace
from typing import Any

from flask import request

from govapp.data.engine import reading
from govapp.data.measure_pages import people_here
from govapp.data.rulebook import rules_of
from govapp.domain.asks import NO_RULE, Ask, AskKind
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.rules import Rules
from govapp.present.decision_forms import HOLD_CAUSES, DecisionForm, decision_form, needed
from govapp.services.board_moves import Standing
from govapp.web._context import actor
from govapp.web._detail_text import detail_text
from govapp.web._recent_password import password_wanted, require_recent_password
from govapp.web.board.forms import MoveForm

_WITH_DETAILS = frozenset({AskKind.HOLD, AskKind.RELEASE, AskKind.CANCEL, AskKind.REOPEN, AskKind.EMERGENCY})


def with_details(key: str, form: MoveForm) -> MoveForm:
    """The form with the details its decision takes under the rules of the measure; other fields do not bind (R09).

    A signed decision has `signed` among them once the password is recent. Whether the measure may be read is for the
    verb to say. Raises NotFound.
    """
    if form.ask not in _WITH_DETAILS:
        return form
    with reading() as session:
        rules = rules_of(session, key)
    if rules is None:
        raise NotFound("not_found")
    details = {name: value for name in needed(rules, str(form.ask)) if (value := _value(rules, form, name))}
    if not rules.decisions.get(str(form.ask), NO_RULE).sign:
        return replace(form, details=details)
    if "password" not in request.form and password_wanted():
        return replace(form, details=details)
    try:
        require_recent_password()
    except Invalid as refused:
        code = next(iter(refused.errors.get("password", ())), "password_wrong")
        return replace(form, details=details, faults={"password": code})
    return replace(form, details=details | {"signed": True} if details or form.reason else details)


def _value(rules: Rules, form: MoveForm, name: str) -> Any:
    if name == "informed_people":
        return list(form.people)
    text = form.sent.get(name, "")
    if name == "hold_cause":
        text = text or form.sent.get("cause", "")
        named = rules.decisions.get(str(AskKind.HOLD), NO_RULE).choices.get(name)
        return text if named or text in HOLD_CAUSES else ""
    return detail_text(name, text)


def form_of(now: Standing, ask: Ask, faults: dict[str, str] | None = None) -> DecisionForm:
    """The form of a decision on this measure with what was typed."""
    people: list[tuple[int, str]] = []
    if "informed_people" in needed(now.rules, str(ask.kind)):
        with reading() as session:
            rows = people_here(session, now.place, now.today)
        people = [(row.id, row.name) for row in rows if row.id != actor().id]
    return decision_form(
        now.rules,
        ask,
        now.today,
        currency=now.currency,
        people=people,
        password=password_wanted(),
        refused=faults,
    )
