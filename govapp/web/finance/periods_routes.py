"""Closed months: who closed them, what still awaits confirmation, what was added later; closing the next."""

from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.finance_places import FinancePlace
from govapp.data.period_queries import awaiting_by_month, closed_months, late_entries
from govapp.domain.errors import Invalid, KeyReused
from govapp.domain.periods import closing_fault, first_of, month_after, month_before, months_between
from govapp.domain.permissions import Permission
from govapp.domain.rate_text import read_day
from govapp.present import plan_words
from govapp.present.errors import sentences_of
from govapp.services.periods import ClosePeriod, close_period
from govapp.web._context import day_at, origin
from govapp.web._fields import form_key, text
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._places import chosen

P = Permission
FIRST_CHOICES = 24
_FRESH: dict[str, Any] = {"errors": {}, "typed": {}}


@route(bp, "/finance/periods", permission=P.FINANCE_VIEW)
def show_periods() -> Response:
    """Months of an organization; `close` names the one about which it asks once more before it closes."""
    return _show()


@route(bp, "/finance/periods", permission=P.FINANCE_CONFIRM, methods=["POST"])
def close_month() -> Response:
    """Close the next month, or the first."""
    organization = text("organization", 100)
    try:
        month = read_day(text("month", 10))
        if month is None:
            raise Invalid("not_saved", {"month": ["month_form"]})
        waiting = close_period(
            ClosePeriod(origin(), organization, month, request.form.get("note", ""), form_key())
        )
    except (Invalid, KeyReused) as error:
        return _show(errors=sentences_of(error, "month"), typed=request.form, status=422)
    said = _("The month is closed.")
    if waiting:
        said += " " + ngettext(
            "%(num)s amount of it still awaits confirmation.",
            "%(num)s amounts of it still await confirmation.",
            waiting,
        )
    return see_other(f"/finance/periods?organization={organization}", said)


def _show(*, status: int = 200, **again: Any) -> Response:
    with reading() as session:
        place, places = chosen(session)
        if place is None:
            return page("finance/nothing.html")
        closed = closed_months(session, place.id)
        awaiting = awaiting_by_month(session, place.id) if place.whole else {}
        late = late_entries(session, [place.id]) if place.whole else []
    newest = closed[0].month if closed else None
    months = _open(place, newest, awaiting)
    asking = _asking(months["choices"])
    return page(
        "finance/periods.html", status=status, place=place, organizations=places, closed=closed, awaiting=awaiting,
        late=late, words=plan_words, asking=asking, waiting=_waiting(awaiting, newest, asking), **months,
        **_FRESH | again,
    )  # fmt: skip


def _asking(choices: list[date]) -> date | None:
    """The month that is to be closed, where it may be: its form has named it, or asks the second question now."""
    said = request.args.get("close", "") or request.form.get("month", "")
    return next((month for month in choices if month.isoformat()[:7] == said), None)


def _waiting(awaiting: dict[date, int], closed: date | None, asking: date | None) -> int:
    """How many amounts of the months that would close still await confirmation."""
    if asking is None:
        return 0
    return sum(n for month, n in awaiting.items() if month <= asking and (closed is None or month > closed))


def _open(place: FinancePlace, closed: date | None, awaiting: dict[date, int]) -> dict[str, Any]:
    """Months not closed yet, and those of them that may be closed now."""
    today = day_at(place.timezone)
    last = month_before(today)
    if closed is None:
        first = min([*awaiting, last])
        choices = months_between(first, last)[-FIRST_CHOICES:]
    else:
        first = month_after(closed)
        choices = [first] if not closing_fault(first, closed, today) else []
    return {
        "open_months": months_between(first, first_of(today))[-FIRST_CHOICES:],
        "choices": choices,
        "closing": place.confirms and bool(choices),
        "following": first,
    }
