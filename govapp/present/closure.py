"""The proofs at closure in words: kinds and sums of lines, due months, operating figures with who signed a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.domain.closure import COLUMNS, ProofLine, ProofSum
from govapp.domain.effect_rules import ONE_OFF, RECURRING
from govapp.domain.money import from_minor
from govapp.present import dates
from govapp.present.chart_kpi import KpiChart, kpi_chart
from govapp.present.charts import listed
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.money import NONE, minor_amount, number, places_of

_MOST = 6


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A line or a sum: amounts as bare numbers by column. `line` is 0 for a sum.

    `state`: of a line the class and word of its due months, `months` what became of them.
    """

    name: str
    about: str
    amounts: dict[str, str]
    line: int = 0
    state: tuple[str, str] = ("none", "")
    months: tuple[str, ...] = ()


def proof_rows(lines: Sequence[ProofLine], sums: Sequence[ProofSum]) -> list[ProofRow]:
    """Lines, then their sums by kind and currency."""
    found = [
        ProofRow(
            line.name, _about(line.kind, line.timing, line.currency), _amounts(line.sums, line.currency), line.id,
            _state(line), tuple(_months(line)),
        )
        for line in lines
    ]  # fmt: skip
    return found + [
        ProofRow(_sum_name(each.of), _about(each.kind, "", each.currency), _amounts(each.sums, each.currency))
        for each in sums
    ]


def _about(kind: str, timing: str, currency: str) -> str:
    said = [word("effect_kind", kind), word("timing", timing).lower() if timing else "", currency]
    return ", ".join(each for each in said if each)


def _sum_name(of: str) -> str:
    return {RECURRING: _("Recurring, gross"), ONE_OFF: _("One-off")}.get(of) or _("Net")


def _amounts(sums: Any, currency: str) -> dict[str, str]:
    """Bare numbers with equal decimals; what leaked as what it takes away, nothing where nothing did."""
    values = {name: from_minor(getattr(sums, name), currency) for name in COLUMNS}
    places = places_of(values.values(), currency)
    said = {name: number(value, places) for name, value in values.items()}
    if not currency and not values["confirmed"]:
        said["confirmed"] = NONE
    return said | {"leaked": number(-values["leaked"], places) if values["leaked"] else NONE}


def _state(line: ProofLine) -> tuple[str, str]:
    """Whether closing finds a month open; posts ask for no confirmation (governance/README.md, Amounts)."""
    if not line.currency:
        return "none", _("posts need no confirmation")
    if not line.due:
        return "none", _("none due")
    if not line.open:
        return "ok", _("all settled")
    return "off", ngettext("%(num)s open", "%(num)s open", len(line.open))


def _months(line: ProofLine) -> list[str]:
    """What became of the months closing looks at; those that are open or were let go by name."""
    said = [months_named(line.open)] if line.open and line.currency else []
    confirmed = line.due - len(line.open) - len(line.refused) - len(line.excepted)
    if confirmed:
        said.append(_("%(n)s of %(all)s confirmed", n=confirmed, all=line.due))
    if line.refused:
        said.append(_("%(n)s refused: %(months)s", n=len(line.refused), months=months_named(line.refused)))
    if line.excepted:
        said.append(_("%(n)s excepted: %(months)s", n=len(line.excepted), months=months_named(line.excepted)))
    return said


def months_named(months: Iterable[str]) -> str:
    """Months (YYYY-MM; '' undated) by name, the first few of many."""
    names = [dates.month(date.fromisoformat(f"{month}-01")) if month else _("whole life") for month in months]
    if len(names) > _MOST:
        return _("%(names)s and %(n)s more", names=", ".join(names[:_MOST]), n=len(names) - _MOST)
    return listed(names)


@dataclass(frozen=True, slots=True)
class FigureView:
    """An operating figure with its chart, and the explanation of a gap with who signed it ('' unsigned)."""

    name: str
    chart: KpiChart
    explanation: str
    by: str
    signed: str


def figure_views(promises: Iterable[Any], since: date | None, zone: str) -> list[FigureView]:
    """Figures as a decider looks at them; `since`: the day on which the measure was implemented."""
    return [
        FigureView(
            each.name,
            kpi_chart(
                each.name, each.unit, each.better, [(one.month, one.value) for one in each.readings], each.baseline,
                each.target, since,
            ),
            each.explanation, each.explained_by, signed_words(each, zone),
        )
        for each in promises
    ]  # fmt: skip


def signed_words(promise: Any, zone: str) -> str:
    """Who signed the explanation, for whom and when."""
    if promise.signed_at is None:
        return ""
    name = promise.signed_name
    if promise.signed_for:
        name = _("%(name)s for %(absent)s", name=name, absent=promise.signed_for)
    return _("%(name)s, %(at)s", name=name, at=dates.moment(promise.signed_at, zone))


def confirmed_words(lines: Iterable[ProofLine]) -> str:
    """What is confirmed now, kinds and currencies side by side."""
    totals: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.kind, line.currency)
        if line.currency:  # posts are not confirmed
            totals[key] = totals.get(key, 0) + line.sums.confirmed
    said = (
        f"{word('effect_kind', kind)} {minor_amount(amount, currency)}"
        for (kind, currency), amount in totals.items()
    )
    return "; ".join(said)
