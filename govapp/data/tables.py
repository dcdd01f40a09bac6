"""Every table, so that one import makes the metadata whole."""

from govapp.data import (
    audit,
    calendars,
    claims,
    deputies,
    evidence,
    finance,
    gates,
    imports,
    kpis,
    ledger,
    measures,
    money_totals,
    notices,
    people,
    reports,
    reviews,
    structure,
)
from govapp.data.base import Base, make_history_twins

make_history_twins()

__all__ = [
    "Base",
    "audit",
    "calendars",
    "claims",
    "deputies",
    "evidence",
    "finance",
    "gates",
    "imports",
    "kpis",
    "ledger",
    "measures",
    "money_totals",
    "notices",
    "people",
    "reports",
    "reviews",
    "structure",
]
