"""What an address of finance says, as a value, and addresses made of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from govapp.data.rollup_queries import BRANCH, GROUPS, MoneyFilter
from govapp.domain.rollups import AT_BOOKED, BASES, SAVINGS
from govapp.services.finance_views import CURRENT, FIRST, FinanceQuery
from govapp.web._context import actor
from govapp.web._numbers import whole

NARROWING = (
    "unit", "function", "service", "vendor", "owner", "category", "timing", "cost_object", "stage", "state", "q",
    "measure",
)  # fmt: skip
ASKED = ("branch", "year", "kind", "by", "basis", "plan", *NARROWING)
WHOLE_LIFE = "all"
_FIRST_YEAR, _LAST_YEAR = 1950, 2200


def asked() -> dict[str, str]:
    """The filter as the address says it, without what it leaves empty."""
    found = {name: request.args.get(name, "").strip()[:200] for name in ASKED}
    return {name: value for name, value in found.items() if value}


def query_of(said: Mapping[str, str]) -> FinanceQuery:
    """The filter as a value; what is unknown is as if it were not there. `owner=me` is the person who asks."""
    year = whole(said.get("year"))
    texts: dict[str, Any] = {name: said[name] for name in NARROWING if name in said and name != "owner"}
    wanted = MoneyFilter(
        **texts,
        owner=_owner(said.get("owner", "")),
        year=year if _FIRST_YEAR <= (year or 0) <= _LAST_YEAR else None,
    )
    return FinanceQuery(
        branch=said.get("branch", ""),
        wanted=wanted,
        kind=said.get("kind", SAVINGS),
        by=_one_of(said.get("by", ""), GROUPS, BRANCH),
        how=_one_of(said.get("basis", ""), BASES, AT_BOOKED),
        plan=_one_of(said.get("plan", ""), (CURRENT, FIRST), CURRENT),
        whole_life=said.get("year") == WHOLE_LIFE,
    )


def _one_of(value: str, known: tuple[str, ...], otherwise: str) -> str:
    return value if value in known else otherwise


def _owner(said: str) -> int | None:
    if said == "me":
        return actor().id
    return (whole(said) or 0) if said else None


def address(path: str, said: Mapping[str, str], **more: object) -> str:
    """A local address with the filter; `more` replaces, None leaves out."""
    both = {name: value for name, value in {**said, **more}.items() if value not in {None, ""}}
    return f"{path}?{urlencode(both)}" if both else path
