"""What a verb may raise. Codes and values only; `present` makes the sentences."""

from typing import Any


class GovappError(Exception):
    """Base of all refusals. `code` names the sentence, `values` fill it."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class NotFound(GovappError):
    """There is no such thing, or the asker may not know of it (404)."""


class Refused(GovappError):
    """The asker lacks the right, and no evidence could help (403)."""


class Invalid(GovappError):
    """Understood and refused with reasons by field (422). `errors` maps a field to codes or sentences."""

    def __init__(self, code: str, errors: dict[str, list[str]] | None = None, **values: Any) -> None:
        super().__init__(code, **values)
        self.errors = errors or {}


class Stale(GovappError):
    """The asker saw an older version (409)."""


class KeyReused(GovappError):
    """The action key was consumed by another request body (409)."""


class TooMany(GovappError):
    """Too many attempts; `values['retry_after']` gives seconds (429)."""
