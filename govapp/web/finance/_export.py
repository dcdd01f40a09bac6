"""The whole view as tables for a file: what the page shows, table by table, with a head that says what it is of."""

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from govapp.domain.money_rows import TOTAL
from govapp.domain.rollups import WHOLE, Figures, Rows, Sum, figures, figures_rounding, of_kinds
from govapp.present import dates
from govapp.present import finance as words
from govapp.present.finance_files import (
    CSV_COLUMNS,
    FIGURE_COLUMNS,
    HEAD_COLUMNS,
    PIPELINE_COLUMNS,
    Row,
    column_words,
    figure_rows,
    pipeline_rows,
)
from govapp.present.language import gettext as _
from govapp.present.workbooks import Cell, Sheet, of_columns, plain
from govapp.services import finance_views as views
from govapp.services.finance_groups import every_group
from govapp.services.finance_views import Frame, Standing
from govapp.web._context import actor, moment, zone
from govapp.web.finance._query import Understood
from govapp.web.finance._view import common, figures_part, name_of, period, pipeline_part, unit_of

Tables = dict[str, list[Row]]


def tables_of(session: Session, found: Understood) -> Tables:
    """Rows by table: head, figures, kinds, year and months, groups, pipeline."""
    frame = found.frame
    rows = views.merged(views.rows_by(session, frame, months=True))
    lists = common(session, found)["lists"]
    return {
        "head": _head(found),
        "figures": list(_figures(frame, rows)),
        "kinds": list(_kinds(frame, rows)),
        "months": list(_months(frame, rows)),
        "groups": list(_groups(session, frame, lists)),
        "pipeline": list(_pipeline(session, frame)),
    }


def csv_cells(tables: Tables) -> Iterator[list[Cell]]:
    """One row after the other, each named by its table."""
    for name, rows in tables.items():
        for row in rows:
            yield [plain(cell) for cell in [name, *(row.get(column) for column in CSV_COLUMNS[1:])]]


def sheets(tables: Tables) -> list[Sheet]:
    """A sheet a table, with heads in words."""
    names = {
        "head": _("About"), "figures": _("Figures"), "kinds": _("Kinds"), "months": _("Months"), "groups": _("Groups"),
        "pipeline": _("Pipeline"),
    }  # fmt: skip
    columns = {"head": HEAD_COLUMNS, "pipeline": PIPELINE_COLUMNS}
    said = column_words()
    return [
        of_columns(names[name], [said[each] for each in of], rows, of)
        for name, rows in tables.items()
        for of in [columns.get(name, FIGURE_COLUMNS)]
    ]


def _head(found: Understood) -> list[Row]:
    frame, said = found.frame, found.said
    seen = words.beyond_sentence(frame.reach.whole, frame.by_part) or _("The whole branch.")
    told = {
        "branch": frame.branch.name, "branch_key": frame.branch.key, "year": period(frame),
        "months_over": dates.month(frame.month(frame.months - 1)) if frame.year and frame.months else "",
        "kind": words.kind_word(frame.query.kind), "group_by": words.group_words()[frame.query.by],
        "plan": _("First frozen plan") if frame.query.plan == views.FIRST else _("Plan in force"),
        "rates": words.basis_sentence(frame.query.how, frame.own), "currency": unit_of(frame) or "FTE",
        "as_of": dates.exact(moment(), zone()), "read_by": actor().name, "reach": seen,
    }  # fmt: skip
    shown = {"branch", "year", "kind", "by", "basis", "plan"}
    told |= {f"filter_{name}": value for name, value in said.items() if name not in shown}
    return [{"key": name, "title": text} for name, text in told.items()]


def _figures(frame: Frame, rows: Rows) -> Iterable[Row]:
    part, unit = figures_part(frame, rows), unit_of(frame)
    names = {
        "recurring": _("Recurring, gross"), "one_off": _("One-off"), "rounding": _("Rounding"), "net": _("Net")
    }  # fmt: skip
    for key, name in names.items():
        if part["parts"][key] is not None:
            yield from _standing(key, name, part["parts"][key], unit, strong=key == "net")
    if part["undated"]:
        yield from figure_rows("undated", _("Undated, in no year"), part["undated"], Sum(), unit)


def _kinds(frame: Frame, rows: Rows) -> Iterable[Row]:
    for kind, stands in figures_part(frame, rows)["kinds"].items():
        posts = "" in stands.figures.plan.by or "" in stands.run_rate.by
        yield from _standing(kind, words.kind_word(kind), stands, "" if posts else frame.own)


def _months(frame: Frame, rows: Rows) -> Iterable[Row]:
    """The year to date, then its months with what rounding leaves and the year."""
    if frame.year is None:
        return
    of_year = [row for row in views.in_year(frame, of_kinds(rows, frame.kinds)) if row[0].year == frame.year]
    unit = unit_of(frame)

    def of(span: tuple[int, int]) -> Figures:
        return figures(of_year, frame.basis, frame.plan, span)

    if frame.months:
        last = dates.month(frame.month(frame.months - 1))
        yield from figure_rows("so_far", _("To %(month)s", month=last), of(frame.so_far), Sum(), unit)
    each = [of((place, place + 1)) for place in range(TOTAL)]
    for place, month in enumerate(each):
        day = frame.month(place)
        yield from figure_rows(f"{day:%Y-%m}", dates.month(day), month, Sum(), unit)
    whole = of(WHOLE)
    rounding = figures_rounding(whole, each)
    if rounding:
        yield from figure_rows("rounding", _("Rounding"), rounding, Sum(), unit)
    yield from figure_rows(
        "year", _("Whole year %(year)s", year=period(frame)), whole, Sum(), unit, strong=True
    )


def _groups(session: Session, frame: Frame, lists: dict[str, list[tuple[str, str]]]) -> Iterable[Row]:
    found = every_group(session, frame)
    for group in found.shown:
        name, way = name_of(frame, lists, group.key)
        key, title = (name, group.title) if group.title else (next(iter(way.values())), name)
        stands = group.standing
        posts = frame.query.by == "kind" and ("" in stands.figures.plan.by or "" in stands.run_rate.by)
        yield from _standing(key, title, stands, "" if posts else unit_of(frame))
    if found.rounding:
        yield from _standing("rounding", _("Rounding"), found.rounding, unit_of(frame))
    if found.whole:
        yield from _standing("together", _("Together"), found.whole, unit_of(frame), strong=True)


def _pipeline(session: Session, frame: Frame) -> Iterable[Row]:
    part = pipeline_part(session, frame)
    for stage in part["pipeline"]:
        yield from pipeline_rows(
            stage.key, stage.name, stage.nominal, stage.weighted, frame.own, stage.weight
        )
    yield from pipeline_rows("all", _("All stages"), part["nominal"], part["likely"], frame.own)


def _standing(key: str, title: str, stands: Standing, unit: str, *, strong: bool = False) -> list[Row]:
    return figure_rows(key, title, stands.figures, stands.run_rate, unit, strong=strong)
