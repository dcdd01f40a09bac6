"""Reads a form whole: every field that cannot be read gets its reason, and nothing typed is lost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.measure_pages import person_by_email
from govapp.domain.errors import Invalid, KeyReused, Stale
from govapp.domain.money import FTE_DECIMALS, decimals_of
from govapp.domain.number_text import NumberRefused, read_number
from govapp.present.errors import sentence_of
from govapp.present.measures import fault_sentences

_STATUS = {Invalid: 422, Stale: 409, KeyReused: 409}


class Typed:
    """The fields of the form of this request; the first value of a repeated field counts (R09)."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}

    def text(self, name: str) -> str:
        """A text as typed."""
        return request.form.get(name, "")

    def flag(self, name: str) -> bool:
        """True when the box is ticked."""
        return bool(request.form.get(name))

    def whole(self, name: str) -> int | None:
        """A whole number, None when empty or unreadable."""
        value = request.form.get(name, "").strip()
        if value and not (value.isascii() and value.isdigit() and len(value) < 16):
            self.faults[name] = ["number_form"]
            return None
        return int(value) if value else None

    def day(self, name: str) -> date | None:
        """A day, None when empty or unreadable."""
        value = request.form.get(name, "").strip()
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.faults[name] = ["day_form"]
            return None

    def amount(self, name: str, currency: str) -> Decimal | None:
        """An amount as a person writes it, None when empty or unreadable."""
        value = request.form.get(name, "").strip()
        try:
            return read_number(value, decimals_of(currency) if currency else FTE_DECIMALS) if value else None
        except NumberRefused as error:
            self.faults[name] = [error.code]
            return None

    def person(self, name: str) -> int | None:
        """A person by number, or by e-mail address where there are too many to choose from."""
        value = request.form.get(name, "").strip()
        if not value:
            return None
        if value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        with reading() as session:
            found = person_by_email(session, value)
        if found is None:
            self.faults[name] = ["person_unknown"]
        return found

    def version(self, name: str = "version") -> int:
        """The version that was seen."""
        return self.whole(name) or 0

    def key(self) -> str:
        """The form's action key."""
        return request.form.get("action_key", "")[:200]

    def checked(self) -> None:
        """Raise Invalid when a field could not be read."""
        if self.faults:
            raise Invalid("measure_invalid", self.faults)


Again = Callable[..., Response]


def attempt(verb: Callable[[], Any], again: Again) -> Any:
    """Call the verb; when it refuses what was typed, the page again with status, sentence and faults by field."""
    try:
        return verb()
    except (Invalid, Stale, KeyReused) as error:
        faults = fault_sentences(error.errors, error.values) if isinstance(error, Invalid) else {}
        status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
        return again(
            status=status,
            problem=sentence_of(error.code, error.values),
            faults=faults,
            form=request.form.to_dict(),
        )
