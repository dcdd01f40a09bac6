"""What an address of finance says, as a value, and addresses made of it. What it says and nobody knows is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from govapp.data.rollup_queries import BRANCH, GROUPS, MoneyFilter
from govapp.domain.errors import NotFound
from govapp.domain.money_rows import BOOKED, RUN_RATE, TOTAL
from govapp.domain.permissions import Permission
from govapp.domain.rollups import AT_BOOKED, BASES, ONE_OFF, RECURRING, SAVINGS
from govapp.services.finance_lines import SO_FAR, Behind
from govapp.services.finance_views import CURRENT, FIRST, FinanceQuery, Frame, frame_of
from govapp.web._context import actor, today
from govapp.web._numbers import whole

NARROWING = (
    "unit", "function", "service", "vendor", "owner", "category", "timing", "cost_object", "stage", "state", "q",
    "measure",
)  # fmt: skip
ASKED = ("branch", "year", "kind", "by", "basis", "plan", *NARROWING)
WHOLE_LIFE = "all"
_CHOICES = {
    "by": GROUPS, "basis": BASES, "plan": (CURRENT, FIRST), "timing": (RECURRING, ONE_OFF),
    "state": ("proposed", "active", "on_hold", "cancelled", "archived"),
}  # fmt: skip
_FIRST_YEAR, _LAST_YEAR = 1950, 2200


def asked() -> dict[str, str]:
    """The filter as the address says it, without what it leaves empty."""
    found = {name: request.args.get(name, "").strip()[:200] for name in ASKED}
    return {name: value for name, value in found.items() if value}


def query_of(said: Mapping[str, str]) -> FinanceQuery:
    """The filter as a value; what is unknown is as if it were not there. `owner=me` is the person who asks."""
    texts: dict[str, Any] = {name: said[name] for name in NARROWING if name in said and name != "owner"}
    wanted = MoneyFilter(
        **texts,
        owner=_owner(said.get("owner", "")),
        year=_year(said.get("year", "")),
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


@dataclass(frozen=True, slots=True)
class Understood:
    """Where the view stands, what of the address counts, and what nobody knows: names with values."""

    frame: Frame
    said: dict[str, str]
    unknown: dict[str, str]


def understood(session: Session, permission: Permission | None = None) -> Understood:
    """The view of this address, without what is unknown in it. Raises NotFound for what may not be read."""
    said = asked()
    frame = frame_of(session, actor(), query_of(said), today(), permission)
    unknown = {name: value for name, value in said.items() if not _known(frame, name, value)}
    if unknown:
        said = {name: value for name, value in said.items() if name not in unknown}
        frame = frame_of(session, actor(), query_of(said), today(), permission)
    return Understood(frame, said, unknown)


def for_file(session: Session, permission: Permission) -> Understood:
    """The view of a file. Raises NotFound for what nobody knows, since nobody reads a file for what it leaves aside."""
    found = understood(session, permission)
    if found.unknown:
        raise NotFound("not_found")
    return found


def _known(frame: Frame, name: str, value: str) -> bool:
    """Whether a value means anything; names of lists may stand on measures though no list has them any more."""
    if name == "year":
        return value == WHOLE_LIFE or _year(value) is not None
    if name == "owner":
        return value == "me" or whole(value) is not None
    rules = frame.scope.rules.values()
    if name == "kind":
        return value == SAVINGS or any(value in each.effects.kinds for each in rules)
    if name == "stage":
        return any(value == stage.key for each in rules for stage in each.stages)
    return value in _CHOICES.get(name, (value,))


def behind_of(frame: Frame, unknown: dict[str, str]) -> tuple[Behind, dict[str, str]]:
    """The figure the address asks for and its part of the address; what is unknown of it is added to `unknown`."""
    series = request.args.get("series", "plan")
    if series not in frame.series or series == BOOKED:
        unknown["series"], series = series[:40], "plan"
    span, month = request.args.get("span", ""), request.args.get("month", "")
    place = whole(month)
    if frame.year and span == SO_FAR and frame.months:
        return Behind(series, frame.so_far), {"series": series, "span": span}
    if frame.year and place is not None and 1 <= place <= TOTAL and series != RUN_RATE:
        return Behind(series, (place - 1, place)), {"series": series, "month": str(place)}
    unknown |= {name: value[:40] for name, value in (("span", span), ("month", month)) if value}
    return Behind(series), {"series": series}


def _year(text: str) -> int | None:
    year = whole(text)
    return year if year is not None and _FIRST_YEAR <= year <= _LAST_YEAR else None


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
