"""Sentences for what change requests, rates and closing of months refuse, and words of their pages."""

from collections.abc import Iterable

from govapp.present import errors
from govapp.present.findings import part_words
from govapp.present.language import gettext as _

errors.SENTENCES.update(
    {
        "plan_open": lambda: _("The plan is not frozen: change it as it is, without a request."),
        "change_open": lambda: _("A change request is open already. Take it on, or withdraw it first."),
        "measure_closed": lambda: _("This measure is closed. Reopen it before you change its plan."),
        "plan_unchanged": lambda: _("The draft is the plan in force. Change it first, then ask."),
        "stale_change": lambda: _(
            "The change request or its draft has gone on since you opened this page. Look at it as it is now."
        ),
        "barred_edited": lambda: _(
            "You asked for this change or edited its draft, or stand in for who did: somebody else approves it."
        ),
        "not_an_approver": lambda: _(
            "This change is approved by the parts it names, or who stands in for their holders today."
        ),
        "approved_already": lambda: _(
            "You have approved this change already. Each approval takes another person."
        ),
        "plan_rate_missing": lambda: _(
            "There is no plan rate for %(currencies)s, so this cannot be translated. A controller sets it under "
            "Finance, Rates."
        ),
        "stale_rate": lambda: _(
            "Somebody else changed the rate of %(currency)s meanwhile: it is %(version)s now. Look at it, then correct "
            "it again."
        ),
        "correction_reason": lambda: _("It is there already. Please say why it is corrected."),
        "month_form": lambda: _("Write a month as YYYY-MM, such as 2026-05."),
        "period_closed": lambda: _("This month is closed already. No month is opened again."),
        "period_not_next": lambda: _("Months close one after the other; %(next)s comes next."),
        "period_not_over": lambda: _("This month is not over yet."),
        "rates_none": lambda: _(
            "Nothing was read. Paste a table: months in the first column, currencies in the first row."
        ),
        "rates_faults": lambda: _("Nothing was stored: every fault is named below by row and column."),
        "currency_twice": lambda: _("This currency stands in the first row twice."),
        "day_twice": lambda: _("This day or month stands in the first column twice."),
        "column_unnamed": lambda: _("No currency stands above this column."),
        "rates_many": lambda: _("At most 5,000 rates at once."),
    }
)

CAUSES = {
    "decided": lambda: _("with the decision"),
    "change": lambda: _("by a change request"),
    "opened": lambda: _("as its source states it"),
}
STATES = {
    "draft": lambda: _("being drafted"),
    "asked": lambda: _("waits for approval"),
    "frozen": lambda: _("in force"),
    "refused": lambda: _("refused"),
    "withdrawn": lambda: _("withdrawn"),
}


def cause_word(cause: str) -> str:
    """Why a version was frozen."""
    return CAUSES[cause]() if cause in CAUSES else cause


def state_word(state: str) -> str:
    """The state of a change request."""
    return STATES[state]() if state in STATES else state


def end_word(reason: str) -> str:
    """The reason with which a request ended: what moves leave as a code, what people wrote as it is."""
    if reason == "recycled":
        return _("the measure went back, its plan is open")
    if reason == "closed":
        return _("the measure was closed")
    return reason


def parts(keys: Iterable[str]) -> str:
    """Parts by name, side by side."""
    return ", ".join(part_words(key) for key in keys)


def refusal(code: str) -> str:
    """Why somebody may not approve."""
    return errors.sentence_of(code)


def late_word(what: str) -> str:
    """What was added to a closed month."""
    said = {
        "actual": _("Actual amount"),
        "confirmation": _("Confirmation"),
        "reversal": _("Reversal"),
        "leakage": _("Leakage"),
    }
    return said.get(what) or what
