"""The finance page of a measure, whole: sums, effect lines with their form, the grid, and what fills it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import grid_pages
from govapp.data import measure_pages as queries
from govapp.data.snapshots import Loaded
from govapp.domain.measures import EFFECT_KINDS, TIMINGS
from govapp.domain.permissions import Permission
from govapp.domain.planning import fiscal_months
from govapp.present import finance as finance_words
from govapp.present import grid as view
from govapp.present import grid_words, plan_words
from govapp.present.measures import word
from govapp.present.plan_differences import misfit_words, plan_difference
from govapp.services._confirming import may_add_late
from govapp.services.plan_pages import plan_page
from govapp.web._context import actor, day_at
from govapp.web.measures._money import figures, lines_in_force
from govapp.web.measures._money_panel import money_panel
from govapp.web.measures._pages import acts_of, amount_of, show, text_of

P = Permission
ENTERED = ("plan", "forecast", "actual")
MARKS = {"point": ".", "comma": ","}
MOST_CELLS = 1900  # a form carries 2,000 fields at most
SERIES_SHOWN = 5
_FIRST, _LAST = 1950, 2200


@dataclass(frozen=True, slots=True)
class Again:
    """What a refused form of the grid showed: what was typed, faults by cell, conflicts with both values.

    `seen`: what was seen in cells where something was typed, in minor units; a conflict shows the new amount instead.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, int | None] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overtaken: Sequence[Sequence[Any]] = ()
    problems: Sequence[Sequence[Any]] = ()
    source: str = ""


def decimal_mark() -> str:
    """The reader's decimal mark: chosen on this page and kept with the session, a point at first."""
    asked = request.values.get("mark", "")
    if asked in MARKS:
        session["mark"] = asked
    return MARKS.get(session.get("mark", ""), ".")


def _whole(name: str, lowest: int, highest: int) -> int | None:
    value = request.values.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        return None
    return min(max(int(value), lowest), highest)


def _form_of(line: Any, currency: str) -> dict[str, str]:
    if line is None:
        return {"currency": currency, "kind": "ebitda", "timing": "recurring"}
    form = {name: text_of(value) for name, value in line.items()}
    form["run_rate"] = amount_of(line["run_rate"], line["currency"])
    return form | {series: amount_of(line["undated"].get(series), line["currency"]) for series in ENTERED}


def finance_page(
    key: str, *, number: int | None = None, grid: Again | None = None, part: str = "line", **again: Any
) -> Response:
    """The page; `number` names the line whose form is open, `part` the form that `again` is about."""

    def read(found: Session, loaded: Loaded) -> dict[str, Any]:
        lines = queries.effect_lines(found, loaded.measure.id)
        wanted = number if number is not None else _whole("edit", 0, 10**15)
        row = next((line for line in lines if line["id"] == wanted), None)
        kinds = {
            each.key: word("effect_kind", each.key) if each.key in EFFECT_KINDS else each.name
            for each in loaded.rules.effects.kinds.values()
        }
        in_force = lines_in_force(lines, loaded)
        return {
            "lines": in_force,
            "money": money_panel(found, loaded),
            "said": finance_words,
            "row": row,
            "line_form": _form_of(row, loaded.currency),
            "figures": figures(in_force),
            "frozen": loaded.rules.frozen_in(loaded.snapshot.stage),
            "kinds": kinds,
            "units": {each.key: each.unit for each in loaded.rules.effects.kinds.values()},
            "categories": [(each.key, each.name) for each in loaded.rules.effects.categories.values()],
            "timings": TIMINGS,
            "fillable": [(line["id"], line["name"]) for line in lines if line["timing"] == "recurring"],
            "series": ENTERED,
            "milestones": grid_pages.milestone_choices(found, loaded.measure.id),
            "plan": (plan := plan_page(found, loaded, actor(), day_at(loaded.timezone))),
            "difference": plan_difference(plan.lines, loaded.rules) if plan.lines else None,
            "misfits": [misfit_words(each) for each in plan.misfits],
            "plan_words": plan_words,
            "cost_objects": grid_pages.cost_object_choices(found, loaded.measure.organization_id),
            **_grid(found, loaded, grid or Again()),
        }

    return show(key, "measures/finance.html", "finance", read, needs=(P.FINANCE_VIEW,), part=part, **again)


def _grid(found: Session, loaded: Loaded, again: Again) -> dict[str, Any]:
    """The grid for the fiscal years asked for, as this person may type into it."""
    first_month = grid_pages.fiscal_month_of(found, loaded.measure.organization_id)
    year = _whole("year", _FIRST, _LAST)
    if year is None:
        year = grid_pages.year_to_show(found, loaded.measure.id, day_at(loaded.timezone), first_month)
    years = _whole("years", 1, 3) or 1
    months = fiscal_months(year, first_month, years)
    at_once = MOST_CELLS // (SERIES_SHOWN * (len(months) + 1))
    pages = max(1, -(-len(loaded.lines) // at_once))
    part = _whole("lines", 1, pages) or 1
    data = grid_pages.read_grid(found, loaded, months, slice((part - 1) * at_once, part * at_once))
    every = request.values.get("every", "") == "1"
    typing = _typing(loaded, data, again)
    blocks = view.blocks_of(data, typing, every)
    return {
        "grid": data,
        "blocks": blocks,
        "nets": view.nets_of(data, loaded.rules.effects.saving_kinds, typing.mark) if pages == 1 else (),
        "saving_kinds": loaded.rules.effects.saving_kinds,
        "seen": json.dumps(_seen(view.seen_of(blocks, data), again), separators=(",", ":")),
        "months": months,
        "year": year,
        "years": years,
        "every": every,
        "line_part": part,
        "line_parts": pages,
        "year_words": [(n, view.year_label(n, first_month)) for n in range(year - 1, year + 2)],
        "decimal_mark": typing.mark,
        "typing": typing,
        "again": again,
        "grid_words": grid_words,
    }


def _seen(shown: Mapping[str, int], again: Again) -> dict[str, int]:
    """What the form says was seen: what is shown, and what was seen where typed text still stands."""
    seen = {name: minor for name, minor in shown.items() if name not in again.seen}
    return seen | {name: minor for name, minor in again.seen.items() if minor is not None}


def _typing(loaded: Loaded, data: grid_pages.GridData, again: Again) -> view.Typing:
    acts = acts_of(loaded)
    allowed = {
        "baseline": acts["plan_figures"], "target": acts["plan_figures"], "plan": acts["plan_figures"],
        "forecast": acts["forecast"], "actual": acts["actuals"],
    }  # fmt: skip
    changes = loaded.snapshot.state != "cancelled" and not loaded.measure.archived
    return view.Typing(
        frozenset(series for series, may in allowed.items() if may),
        changes and may_add_late(actor(), loaded),
        loaded.rules.frozen_in(loaded.snapshot.stage) is not None and not data.drafting,
        changes,
        decimal_mark(),
        again.typed,
        again.faults,
    )


def months_of_page(found: Session, loaded: Loaded) -> tuple[date, ...]:
    """The months that the address asks for."""
    first_month = grid_pages.fiscal_month_of(found, loaded.measure.organization_id)
    year = _whole("year", _FIRST, _LAST) or grid_pages.year_to_show(
        found, loaded.measure.id, day_at(loaded.timezone), first_month
    )
    return fiscal_months(year, first_month, _whole("years", 1, 3) or 1)
