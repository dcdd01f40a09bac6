"""The lines behind a figure: what each adds to it in its own currency and in that of the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from govapp.data.rollup_lines import LineRow, line_ids, lines_of
from govapp.domain.money_rows import RUN_RATE
from govapp.domain.rollups import (
    EACH,
    WHOLE,
    Basis,
    Figures,
    Rows,
    Sum,
    added,
    figures,
    rounding,
    total,
    without,
)
from govapp.services.finance_views import PAGE, Frame, in_year, merged, rows_by

SO_FAR = "so-far"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Behind:
    """Which figure: a series over the view's year, over its months so far, or in one of its months (place 0-11)."""

    series: str
    span: tuple[int, int] = WHOLE


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line with what it adds, in its own currency and translated; translated amounts are rounded line by line."""

    line: LineRow
    own: Sum
    translated: Sum


def lines_behind(session: Session, frame: Frame, behind: Behind, page: int) -> tuple[list[SourceLine], int]:
    """A page of the lines a figure is made of, and how many there are."""
    wanted = replace(frame.wanted, kinds=frame.kinds)
    ids = line_ids(session, frame.reach, wanted, behind.series)
    rows = lines_of(session, frame.reach, wanted, frame.own, ids[(page - 1) * PAGE : page * PAGE])
    each = replace(frame.basis, how=EACH)
    return [
        SourceLine(line, _sum(frame, line.rows, behind, each), _sum(frame, line.rows, behind, frame.basis))
        for line in rows
    ], len(ids)


def _sum(frame: Frame, rows: Rows, behind: Behind, basis: Basis) -> Sum:
    return total(in_year(frame, rows), behind.series, basis, behind.span)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A figure and what it is made of: shown lines + `others` + `rounding` = `figure`.

    `shown`: translated amounts of the lines of a page together; `others`: lines on other pages, None where there are
    none.
    """

    figure: Sum
    shown: Sum
    others: Sum | None
    rounding: Sum


def figure_behind(
    session: Session, frame: Frame, behind: Behind, lines: Sequence[SourceLine], count: int
) -> Reckoning:
    """The figure from all lines: their amounts in their currencies add up to it, rounded once."""
    rows = merged(rows_by(session, frame, months=behind.span != WHOLE, kinds=frame.kinds))
    figure = _sum(frame, rows, behind, frame.basis)
    shown = [each.translated for each in lines]
    others = None
    if count > len(lines):
        others = _sum(frame, without(rows, [each.line.rows for each in lines]), behind, frame.basis)
    parts = [*shown, others] if others is not None else shown
    return Reckoning(figure, added(shown), others, rounding(figure, parts))


@dataclass(frozen=True, slots=True)
class ExportLine:
    """A line for a file: figures in its own currency, translated ones, and its run rate (minor units)."""

    line: LineRow
    own: Figures
    translated: Figures
    run_rate: Sum


def export_lines(session: Session, frame: Frame, series: str) -> Iterator[ExportLine]:
    """Every line that holds anything in the series, in chunks."""
    wanted = replace(frame.wanted, kinds=frame.kinds)
    each = replace(frame.basis, how=EACH)
    ids = line_ids(session, frame.reach, wanted, series)
    for start in range(0, len(ids), _CHUNK):
        for line in lines_of(session, frame.reach, wanted, frame.own, ids[start : start + _CHUNK]):
            rows = in_year(frame, line.rows)
            yield ExportLine(
                line, figures(rows, each, frame.plan), figures(rows, frame.basis, frame.plan),
                total(rows, RUN_RATE, each),
            )  # fmt: skip


def lines_to_export(session: Session, frame: Frame, series: str) -> int:
    """How many lines a file would hold."""
    return len(line_ids(session, frame.reach, replace(frame.wanted, kinds=frame.kinds), series))
