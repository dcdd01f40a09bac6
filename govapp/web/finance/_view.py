"""What the pages of finance hand to their templates, part by part."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from govapp.data.list_queries import list_choices
from govapp.data.rollup_queries import BRANCH, CATEGORY, FIELDS, GROUPS, KIND, MEASURE
from govapp.domain.measures import CHOSEN
from govapp.domain.permissions import Permission
from govapp.domain.rollups import BASES, ONE_OFF, RECURRING, SAVINGS, Rows, added, of_kinds, of_timing
from govapp.present import dates
from govapp.present import finance as words
from govapp.present import measures as measure_words
from govapp.present.finance_charts import whole_life_charts, year_charts
from govapp.present.language import gettext as _
from govapp.services import finance_views as views
from govapp.services.finance_groups import groups
from govapp.services.finance_views import Frame, Standing
from govapp.services.pipeline import pipeline
from govapp.web._context import actor
from govapp.web.finance._query import Understood, address

Lists = Mapping[str, list[tuple[str, str]]]
_OF_LISTS = ("unit", "function", "service", "state", "q")  # what the list of measures is filtered by, too
SHOWN = ("target", "plan", "forecast", "actual", "confirmed")


def unit_of(frame: Frame) -> str:
    """The currency of the page; '' where its amounts are posts."""
    money = {
        kind.key: kind.money for rules in frame.scope.rules.values() for kind in rules.effects.kinds.values()
    }
    return frame.own if frame.query.kind == SAVINGS or money.get(frame.query.kind, True) else ""


def period(frame: Frame) -> str:
    """The year of the view in words."""
    if frame.year is None:
        return _("Whole life")
    return str(frame.year) if frame.basis.fiscal_month == 1 else f"{frame.year}/{(frame.year + 1) % 100:02}"


def common(session: Session, found: Understood) -> dict[str, Any]:
    """What every page of finance needs: words, addresses, options."""
    frame, said = found.frame, found.said
    rules = list(frame.scope.rules.values())
    effects = {kind.key for each in rules for kind in each.effects.kinds.values()}
    lists = list_choices(session).get(frame.branch.organization_id, {})
    return {
        "frame": frame,
        "asked": said,
        "unknown": words.unknown_sentence(found.unknown),
        "words": words,
        "told": measure_words,
        "unit": unit_of(frame),
        "period": period(frame),
        "so_far": dates.month(frame.month(frame.months - 1)) if frame.year and frame.months else "",
        "shown": [(series, frame.plan if series == "plan" else series) for series in SHOWN],
        "kind_options": [SAVINGS, *sorted(effects - frame.saving)],
        "group_options": GROUPS,
        "basis_options": BASES,
        "categories": {each.key: each.name for rule in rules for each in rule.effects.categories.values()},
        "stages": {stage.key: stage.name for rule in rules for stage in rule.stages},
        "lists": lists,
        "named": partial(name_of, frame, lists),
        "beyond": words.beyond_sentence(frame.reach.whole, frame.by_part),
        "address": address,
        "lines": lambda series, **more: address("/finance/lines", said, series=series, **more),
        "rates_at": address("/finance/rates", {}, organization=frame.organization),
        "may_rate": actor().holds_anywhere(Permission.FINANCE_CONFIRM),
        "files": actor().holds_anywhere(Permission.MEASURE_EXPORT),
    }


def figures_part(frame: Frame, rows: Rows) -> dict[str, Any]:
    """Kinds side by side, and recurring and one-off of the chosen one."""
    chosen = of_kinds(rows, frame.kinds)
    parts = {
        "recurring": views.standing(frame, of_timing(chosen, RECURRING)),
        "one_off": views.standing(frame, of_timing(chosen, ONE_OFF)),
        "net": views.standing(frame, chosen),
    }
    rounding = views.standing_rounding(parts["net"], [parts["recurring"], parts["one_off"]])
    kinds = views.by_kinds(frame, rows)
    return {
        "kinds": kinds,
        "parts": parts | {"rounding": rounding},
        "undated": views.undated(frame, chosen) if frame.year is not None else None,
        "lacking": lacking_of((*parts.values(), *kinds.values())),
    }


def months_part(frame: Frame, rows: Rows) -> dict[str, Any]:
    """Charts of the year; of a whole life only the way from target to confirmed."""
    within, unit = views.in_year(frame, of_kinds(rows, frame.kinds)), unit_of(frame)
    if frame.year is None:
        charts = whole_life_charts(views.standing(frame, within).figures, frame.basis, unit, period(frame))
    else:
        of_year = [row for row in within if row[0].year == frame.year]
        charts = year_charts(of_year, frame.basis, frame.plan, frame.year, frame.months, unit, period(frame))
    lacking = words.lacking_sentences(lack for each in charts.whole.all for lack in each.lacking)
    return {"charts": charts, "charts_lack": lacking}


def groups_part(session: Session, frame: Frame, page: int) -> dict[str, Any]:
    """A page of groups with what they add up to."""
    found = groups(session, frame, page)
    return {
        "groups": found,
        "page_number": page,
        "pages": max(1, -(-found.count // views.PAGE)),
        "groups_lack": lacking_of(group.standing for group in found.shown),
    }


def pipeline_part(session: Session, frame: Frame) -> dict[str, Any]:
    """Stages with what they promise and what of it is likely."""
    stages = pipeline(session, frame)
    nominal, likely = added(each.nominal for each in stages), added(each.weighted for each in stages)
    said = {name: value for name in _OF_LISTS if (value := getattr(frame.query.wanted, name))}
    owner = {"owner": str(frame.query.wanted.owner)} if frame.query.wanted.owner is not None else {}
    listed = {"branch": frame.branch.key, **said, **owner}
    return {"pipeline": stages, "nominal": nominal, "likely": likely, "from_filter": listed}


def lacking_of(standings: Iterable[Standing]) -> list[str]:
    """Sentences of the rates that lack in figures."""
    sums = (each for one in standings for each in (one.run_rate, *one.figures.all))
    return words.lacking_sentences(lack for each in sums for lack in each.lacking)


def name_of(frame: Frame, lists: Lists, key: object) -> tuple[str, dict[str, str]]:
    """A group in words, with the part of an address that leads to it."""
    by, text = frame.query.by, str(key or "")
    if by == BRANCH:
        branch = next(each for each in frame.scope.branches if each.id == key)
        return branch.name, {"branch": branch.key}
    if by == KIND:
        return measure_words.word("effect_kind", text), {"kind": SAVINGS if text in frame.saving else text}
    if by == CATEGORY:
        known = {
            each.key: each.name for r in frame.scope.rules.values() for each in r.effects.categories.values()
        }
        return known.get(text, text.replace("-", " ")) or _("without category"), {"category": text}
    if by in FIELDS:
        named = dict(lists.get(CHOSEN[FIELDS[by]], ()))
        return named.get(text, text) or _("not given"), {by: text}
    return text, {MEASURE: text}
