"""Every table, so that one import makes the metadata whole."""

from govapp.data import (
    audit,
    calendars,
    deputies,
    evidence,
    finance,
    gates,
    imports,
    measures,
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
    "deputies",
    "evidence",
    "finance",
    "gates",
    "imports",
    "measures",
    "notices",
    "people",
    "reports",
    "reviews",
    "structure",
]
