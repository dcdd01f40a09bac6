"""Confirmations in words: why an amount is not confirmed, what became of each, filters and totals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from govapp.domain.ledger import AWAITS, CONFIRMED, EXCEPT, FULL, MISSING, PART, REFUSE, REFUSED, Total
from govapp.domain.money import decimals_of, from_minor
from govapp.present import dates, errors
from govapp.present.charts import listed
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import minor_amount, minor_amounts, signed

errors.SENTENCES.update(
    {
        "not_the_controller": lambda: _(
            "Amounts of this measure are confirmed by its controller, or by their deputy while they are absent."
        ),
        "owner_confirms": lambda: _("The owner is measured by these amounts and does not confirm them."),
        "entered_it": lambda: _(
            "You entered or edited this amount, or stand in for somebody who did. Somebody else has to confirm it."
        ),
        "already_confirmed": lambda: _("This amount is confirmed already."),
        "already_refused": lambda: _("This amount is refused already; it awaits a new one."),
        "already_excepted": lambda: _("This month is excepted already."),
        "already_reversed": lambda: _("This row was taken back already."),
        "reversal_stays": lambda: _(
            "A reversal is not taken back. The month is open again: confirm its amount anew."
        ),
        "leaked_since": lambda: _(
            "Leakage was booked on this line since. Taking this back would leave less than has leaked; take the "
            "leakage back first."
        ),
        "amount_changed": lambda: _("The amount was changed since you saw it. Look at it again."),
        "amount_there": lambda: _("There is an amount for this month. Confirm or refuse it instead."),
        "amount_confirmed": lambda: _(
            "This amount is confirmed and stands still. The controller can take the confirmation back."
        ),
        "no_amount": lambda: _("There is no actual amount for this month."),
        "month_not_due": lambda: _("This month is not closed, or nothing is expected in it."),
        "month_ahead": lambda: _("This month has not begun."),
        "part_needed": lambda: _("Say how much of it you confirm."),
        "part_is_nothing": lambda: _("To confirm nothing of it, refuse it with the reason."),
        "part_sign": lambda: _("A part has the sign of the amount."),
        "part_too_large": lambda: _("A part is not more than the amount."),
        "rate_missing": lambda: _("There is no %(kind)s rate of %(currency)s for %(day)s. Enter it under Rates first."),
        "not_closed_yet": lambda: _("Leakage is booked once the measure was closed. Before that, take rows back."),
        "leakage_positive": lambda: _("Say how much is lost, as an amount above zero."),
        "leakage_too_large": lambda: _("No more can be lost than is confirmed on this line now."),
        "leakage_before_effect": lambda: _("Nothing of this line was confirmed in this month or before it."),
        "reopen_refused": lambda: _("The measure cannot be reopened now, so nothing was booked."),
        "ledger_invalid": lambda: _("Nothing was booked: the marked fields need another look."),
        "cells_none": lambda: _("Choose at least one amount."),
        "cells_many": lambda: _("At most %(most)s amounts at once."),
        "list_changed": lambda: _("The list has changed since you saw it. Look at its totals again."),
        "document_lost": lambda: _("The file is no longer there. Choose it again."),
        "signature_needed": lambda: _("This is signed: please give your password once more."),
    }
)  # fmt: skip

errors.COMPOSED.update(
    {
        "baseline_passed": lambda values: _(
            "With it, more would be confirmed on %(object)s in this year than it costs (%(cost)s). Also claimed by: "
            "%(measures)s.",
            **_of_object(values),
        ),
        "share_passed": lambda values: _(
            "With it, the measure would pass its share of %(object)s in the agreed split (yearly cost %(cost)s).",
            **_of_object(values),
        ),
        "split_without_share": lambda values: _(
            "The agreed split of %(object)s gives this measure no share (yearly cost %(cost)s).",
            **_of_object(values),
        ),
    }
)


def _of_object(values: Mapping[str, Any]) -> dict[str, str]:
    """A cost object as a refusal names it: its key, its yearly cost, other measures that claim on it."""
    nobody = _("no other measure") if values["alone"] else _("measures you may not see")
    return {
        "object": values["object"],
        "cost": minor_amount(values["cost"], values["currency"]),
        "measures": ", ".join(values["measures"]) or nobody,
    }


def lists() -> list[tuple[str, str]]:
    """The lists a controller may look at, by key."""
    return [
        (AWAITS, _("Awaits confirmation")),
        (MISSING, _("Due without an amount")),
        (REFUSED, _("Refused")),
        (CONFIRMED, _("Confirmed")),
    ]


def empty(standing: str, *, filtered: bool, unknown: str = "") -> str:
    """What belongs in an empty list, and who makes it; `unknown` is the key of a measure that is not there."""
    if unknown:
        return _("There is no measure %(key)s that you may see. A key looks like M-101.", key=unknown)
    if filtered:
        return _("No amount fits this filter.")
    return {
        AWAITS: _(
            "Nothing awaits you. Actual amounts of measures whose controller you are stand here once the finance "
            "contact has entered them, until you confirm or refuse them."
        ),
        MISSING: _(
            "No closed month lacks an amount. Months that the plan or the forecast expects an amount in stand here "
            "once they are closed, until an amount comes or you except them."
        ),
        REFUSED: _("Nothing is refused. What you refuse stands here until a new amount is entered."),
        CONFIRMED: _(
            "Nothing is confirmed yet. What you confirm stands here and in the ledger of its measure."
        ),
    }[standing]


def month_words(month: date | None) -> str:
    """A month, or that the amount is for the whole life."""
    return dates.month(month) if month else _("whole life")


def cell_key(line_id: int, month: date | None) -> str:
    """A cell as names of form fields carry it: `12-2026-08`, `12-total`."""
    return f"{line_id}-{month:%Y-%m}" if month else f"{line_id}-total"


def cell_value(row: Any) -> str:
    """A cell as a tick box sends it, with the amount that is shown: `12:2026-08:40095`."""
    month = f"{row.month:%Y-%m}" if row.month else "total"
    return f"{row.line_id}:{month}:{'' if row.actual is None else row.actual}"


def to_plan(minor: int | None, currency: str) -> str:
    """How far an amount is from its plan, with its sign."""
    if minor is None:
        return ""
    value = from_minor(minor, currency)
    return signed(value, 0 if value == value.to_integral_value() else decimals_of(currency))


def claimed_words(met: Any) -> str:
    """What is claimed together on a cost object, and what it costs."""
    currency, overlap = met.object.currency, met.overlap
    together = minor_amount(int(overlap.together), currency, 0)
    if met.object.yearly_cost is None:
        return _("together %(claimed)s a year", claimed=together)
    return _(
        "together %(claimed)s a year, it costs %(cost)s",
        claimed=together, cost=minor_amount(met.object.yearly_cost, currency),
    )  # fmt: skip


def by_currency(totals: Iterable[Total]) -> list[tuple[str, str, int]]:
    """Per effect kind: what it adds up to, currencies side by side, and how many amounts; kinds are never added."""
    found: dict[str, list[Total]] = {}
    for each in totals:
        found.setdefault(each.kind, []).append(each)
    return [
        (kind, _said(of_kind), sum(each.cells for each in of_kind)) for kind, of_kind in sorted(found.items())
    ]


def _said(totals: Sequence[Total]) -> str:
    posts = [minor_amount(each.amount, "") + " " + _("FTE") for each in totals if not each.currency]
    money = {each.currency: each.amount for each in totals if each.currency}
    return " · ".join(([minor_amounts(money)] if money else []) + posts) or minor_amounts({})


def why(codes: Iterable[str], values: Mapping[str, Any]) -> list[str]:
    """Sentences for codes of a refused cell."""
    shown = dict(values)
    if "kind" in shown:
        shown["kind"] = _("plan") if shown["kind"] == "plan" else _("actual")
    return [errors.sentence_of(code, shown) for code in codes]


def result_words(result: Any) -> str:
    """What became of a cell that was done, with its amount."""
    claimed = minor_amount(result.claimed, result.currency)
    return {
        FULL: _("Confirmed %(amount)s", amount=minor_amount(result.amount, result.currency)),
        PART: _(
            "Confirmed %(amount)s of %(claimed)s",
            amount=minor_amount(result.amount, result.currency), claimed=claimed,
        ),
        REFUSE: _("Refused %(amount)s", amount=claimed),
        EXCEPT: _("Excepted"),
    }[result.act]  # fmt: skip


def _one_done(result: Any) -> str:
    """The one thing that was done: `Confirmed EUR 2,004.75 of M-154, Sep 2026.`"""
    where = {"measure": result.measure, "month": month_words(result.month)}
    if result.act == PART:
        return _("%(said)s, %(measure)s, %(month)s.", said=result_words(result), **where)
    return _("%(said)s of %(measure)s, %(month)s.", said=result_words(result), **where)


def summary(results: Sequence[Any]) -> str:
    """What was done: one thing in full, of several how many by act and what was confirmed; how many were not."""
    done = [each for each in results if each.done]
    if len(results) == 1 and done:
        return _one_done(done[0])
    sums: dict[str, int] = {}
    for each in done:
        if each.amount is not None and each.currency:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount
    said = _by_act([each.act for each in done])
    if sums:
        said.append(_("%(amounts)s confirmed in all", amounts=minor_amounts(sums)))
    left = len(results) - len(done)
    if left:
        said.append(ngettext("%(num)s not done", "%(num)s not done", left))
    return ", ".join(said) + "."


def _by_act(acts: Sequence[str]) -> list[str]:
    """How many of each act."""
    full, part, refused, excepted = (acts.count(act) for act in (FULL, PART, REFUSE, EXCEPT))
    said = [
        ngettext("%(num)s amount confirmed", "%(num)s amounts confirmed", full) if full else "",
        ngettext("%(num)s confirmed in part", "%(num)s confirmed in part", part) if part else "",
        ngettext("%(num)s amount refused", "%(num)s amounts refused", refused) if refused else "",
        ngettext("%(num)s month excepted", "%(num)s months excepted", excepted) if excepted else "",
    ]
    return [each for each in said if each]


def fingerprint(totals: Iterable[Total]) -> str:
    """The totals of a list as a form carries them, to see whether it is still the list that was looked at."""
    return ";".join(f"{each.kind}/{each.currency}/{each.cells}/{each.amount}" for each in totals)


def entry_words(entry: Any) -> str:
    """What a row of the ledger or a ruling is."""
    if entry.kind == "reversal":
        return _("Reversal of row %(id)s", id=entry.reverses_id)
    return {
        "confirmation": _("Confirmation"),
        "leakage": _("Leakage"),
        REFUSED: _("Refused"),
        "excepted": _("Excepted"),
    }[entry.kind]


def late_words(controller: str, others: Sequence[str]) -> str:
    """Who enters a new amount of a closed month, and who confirms it then: never the same person."""
    named = listed(others)
    if controller and others:
        return _(
            "The month is closed, so a controller enters a new amount: %(controller)s for the measure, or %(others)s. "
            "Nobody confirms what they entered: an amount of %(controller)s is confirmed by %(others)s, any other by "
            "%(controller)s.",
            controller=controller, others=named,
        )  # fmt: skip
    if len(others) > 1:
        return _(
            "The month is closed, so a controller enters a new amount: %(others)s. Another of them confirms it.",
            others=named,
        )
    only = controller or named
    if only:
        return _(
            "The month is closed, so only %(name)s enters a new amount, and nobody is left to confirm it then. An "
            "administrator gives another person the role controller on this branch.",
            name=only,
        )
    return _(
        "The month is closed and nobody may add to it. A program lead names a controller of the measure."
    )


COLUMNS = (
    "measure", "title", "line", "kind", "timing", "cost_object", "month", "currency", "plan", "forecast", "actual",
    "to_plan", "entered_by", "source", "waits_since", "overlaps_on", "confirmed", "ruled_by", "for", "ruled_at",
    "reason", "document",
)  # fmt: skip


def _ruled_cells(ruled: Any, units: Callable[[int | None], Any]) -> list[Any]:
    if ruled is None:
        return [""] * 6
    at = ruled.at.isoformat(timespec="minutes")
    return [units(ruled.amount), ruled.by, ruled.on_behalf_of, at, ruled.reason, ruled.document]


def file_cells(view: Any) -> list[Any]:
    """A cell of a list as a row of a file; amounts in units of their currency."""
    row = view.row

    def units(minor: int | None) -> Any:
        return "" if minor is None else from_minor(minor, row.currency)

    return [
        row.measure, row.title, row.line, row.kind, row.timing, row.cost_object,
        f"{row.month:%Y-%m}" if row.month else "", row.currency or "FTE", units(view.plan), units(view.forecast),
        units(row.actual), units(view.difference), ", ".join(view.hands), row.source,
        view.since.isoformat(timespec="minutes") if view.since else "",
        view.met.object.key if view.met else "", *_ruled_cells(view.ruled, units),
    ]  # fmt: skip
