"""The columns of the list of measures as CSV: keys and codes as they stand, amounts in units of their currency."""

from typing import Any

from govapp.domain.money import from_minor
from govapp.domain.permissions import PARTS
from govapp.domain.rules import Rules
from govapp.present.measures import stage_word, waits_sentence
from govapp.present.money import no_right

_FIELDS = (
    "business_unit", "legal_entity", "function", "service", "request_category", "vendor", "change_type", "risk_rating",
    "external_source", "external_key",
)  # fmt: skip
COLUMNS = (
    "key", "title", "branch", "stage", "state", *PARTS, "missing_parts", "implementation_status", "potential_status",
    "value", "value_currency", "waits_for", "waits_since", "opened_at_stage", *_FIELDS,
)  # fmt: skip


def cells(row: Any, rules: Rules | None) -> list[Any]:
    """The cells of a row of the list. Several currencies stand side by side, never added; None: not to be seen."""
    values = sorted((row.values or {}).items())
    amounts = " | ".join(str(from_minor(minor, currency)) for currency, minor in values)
    return [
        row.key, row.title, row.branch, stage_word(rules, row.stage) if row.stage else "",
        "archived" if row.archived else row.state, *(row.parts.get(part, "") for part in PARTS), " ".join(row.vacant),
        row.implementation, row.potential, no_right() if row.values is None else amounts,
        " | ".join(currency for currency, _ in values), waits_sentence(row, rules),
        row.waits_since.isoformat(timespec="seconds") if row.waits_since else "", row.opened_at_stage or "",
        *(row.fields.get(name, "") for name in _FIELDS),
    ]  # fmt: skip
