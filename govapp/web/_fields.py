"""Reads single form fields: the first value counts (R09), texts are bounded, days are days."""

from datetime import date

from flask import request

from govapp.domain.errors import Invalid
from govapp.web._numbers import whole

LONGEST = 2000


def text(name: str, longest: int = LONGEST) -> str:
    """A text field without spaces around it; an absent one is empty. Raises Invalid when it is too long."""
    value = request.form.get(name, "").strip()
    if len(value) > longest:
        raise Invalid("not_saved", {name: ["too_long"]})
    return value


def form_key() -> str:
    """The form's one-time key (R13)."""
    return request.form.get("action_key", "")[:200]


def secret(name: str) -> str:
    """A password as typed, spaces included."""
    return request.form.get(name, "")


def number(name: str) -> int:
    """A whole number. Raises Invalid when it is none."""
    value = whole(request.form.get(name))
    if value is None:
        raise Invalid("not_saved", {name: ["number_form"]})
    return value


def day(name: str) -> date | None:
    """A day as YYYY-MM-DD, or None when empty. Raises Invalid when it is no day."""
    value = request.form.get(name, "").strip()
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Invalid("not_saved", {name: ["day_form"]}) from error


def page_number() -> int:
    """The page asked for in the address; 1 when it is absent or nonsense."""
    return min(whole(request.args.get("page")) or 1, 100_000)
