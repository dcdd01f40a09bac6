"""The ledger of one measure: every row with its reason, taking a row back, booking leakage, documents."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.claim_queries import objects_of
from govapp.data.ledger_pages import confirmed_lines, entries, last_closing, sums_by_currency
from govapp.data.measure_pages import effect_lines
from govapp.data.period_queries import locked_until
from govapp.data.snapshots import Loaded
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid
from govapp.domain.permissions import Permission
from govapp.present import confirmations as said
from govapp.services._confirming import may_confirm
from govapp.services.asking import right_to_ask_people
from govapp.services.confirmation_pages import Met, met_on
from govapp.services.confirmations import ReverseRow, reverse_row
from govapp.services.documents import DownloadDocument, download_document
from govapp.services.late_entries import AskLateEntry, ask_late_entry, late_entries
from govapp.services.leakage import BookLeakage, book_leakage
from govapp.services.sustain import loss_of
from govapp.web._attachment import as_attachment
from govapp.web._context import acting, actor, day_at, origin
from govapp.web._fields import form_key
from govapp.web._hx import see_other
from govapp.web._numbers import whole
from govapp.web._recent_password import password_wanted
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._cells import Sent, month_of, read_sent
from govapp.web.measures._pages import show
from govapp.web.measures._typed import Typed, attempt

P = Permission


def _ledger(key: str, *, sent: Sent | None = None, row: int | None = None, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        found = entries(session, loaded.measure.id)
        closing = last_closing(session, loaded.measure.id, loaded.rules.stages[-1].key)
        lines = {line["id"]: line for line in effect_lines(session, loaded.measure.id)}
        now = confirmed_lines(found)
        return {
            "entries": found,
            "closing": closing,
            "sums": sums_by_currency(session, loaded.measure.id, closing),
            "leaky": [(lines[i], now[i]) for i in sorted(now) if i in lines and now[i] > 0]
            if closing
            else [],
            "rules_on": may_confirm(actor(), loaded),
            "signs": loaded.rules.effects.sign_in_again and password_wanted(),
            "terminal": bool(loaded.snapshot.stage and loaded.rules.stage(loaded.snapshot.stage).terminal),
            "own": loaded.currency,
            "closed": locked_until(session, loaded.measure.organization_id),
            "met": _met(session, loaded),
            "late": late_entries(session, loaded, found, day_at(loaded.timezone)),
            "asks": right_to_ask_people(actor(), loaded.place) is not None or may_confirm(actor(), loaded),
            "me": actor().id,
            "loss": loss_of(session, loaded, check)
            if (check := whole(request.values.get("check")))
            else None,
        }

    shown: dict[str, Any] = {"said": said, "sent": sent, "row_open": row}
    return show(key, "finance/ledger.html", "finance", read, needs=(P.FINANCE_VIEW,), **shown, **again)


def _met(session: Session, loaded: Loaded) -> list[Met]:
    """Unresolved overlaps with claims of other measures."""
    keys = loaded.snapshot.claims
    if not keys:
        return []
    organization = session.get_one(Organization, loaded.measure.organization_id)
    objects = objects_of(session, organization.id, keys)
    found = met_on(session, actor(), organization, objects, day_at(loaded.timezone))
    return [met for met, _kind in found if loaded.measure.key in met.overlap.measures]


@route(bp, "/measures/<key>/finance/ledger", permission=P.FINANCE_VIEW)
def show_ledger(key: str) -> Response:
    """All rows and rulings, newest first, with what they add up to since closing."""
    return _ledger(key)


def _sent() -> Sent:
    """The form; a password that is there is looked at, whether or not the rules ask for one."""
    return read_sent(sign="password" in request.form or not password_wanted())


@route(bp, "/measures/<key>/finance/ledger/<int:row>/reversal", permission=P.FINANCE_VIEW, methods=["POST"])
def reverse(key: str, row: int) -> Response:
    """Take a row back."""
    sent = _sent()

    def verb() -> Response:
        if sent.faults:
            raise Invalid("ledger_invalid", sent.faults)
        command = ReverseRow(row, acting(), sent.reason, sent.document, sent.signed, form_key())
        found = reverse_row(command)
        return see_other(f"/measures/{found}/finance/ledger", _("Taken back by a row of its own."))

    answer: Response = attempt(verb, lambda **again: _ledger(key, sent=sent, row=row, **again))
    return answer


@route(bp, "/measures/<key>/finance/ledger/asks", permission=P.FINANCE_VIEW, methods=["POST"])
def ask_for_amount(key: str) -> Response:
    """Ask those who may add to a closed month for a new amount."""

    def verb() -> Response:
        month = month_of(request.form.get("month", ""))
        if month is None:
            raise Invalid("nobody_to_ask")
        names = ask_late_entry(AskLateEntry(key, whole(request.form.get("line")) or 0, month, origin()))
        return see_other(f"/measures/{key}/finance/ledger", _("Asked: %(names)s.", names=", ".join(names)))

    answer: Response = attempt(verb, lambda **again: _ledger(key, **again))
    return answer


@route(bp, "/measures/<key>/finance/leakage", permission=P.FINANCE_VIEW, methods=["POST"])
def leak(key: str) -> Response:
    """Book leakage on a line, and reopen the measure where that is asked for."""
    sent, typed = _sent(), Typed()

    def verb() -> Response:
        lost = typed.amount("lost", "")
        month = month_of(request.form.get("month", ""))
        sent.typed |= {"lost": request.form.get("lost", "")[:40], "month": request.form.get("month", "")[:7]}
        if month is None:
            typed.faults["month"] = ["month_unknown"]
        typed.faults |= sent.faults
        typed.checked()
        if lost is None or month is None:
            raise Invalid("ledger_invalid", {"lost": ["leakage_positive"]})
        command = BookLeakage(
            key, whole(request.form.get("line")) or 0, month, lost, sent.reason, acting(), typed.flag("reopen"),
            whole(request.form.get("check")), sent.document, sent.signed, form_key(),
        )  # fmt: skip
        book_leakage(command)
        return see_other(f"/measures/{key}/finance/ledger", _("The leakage is booked."))

    answer: Response = attempt(verb, lambda **again: _ledger(key, sent=sent, **again))
    return answer


@route(bp, "/measures/<key>/finance/ledger/<int:row>/document", permission=P.FINANCE_VIEW)
def row_document(key: str, row: int) -> Response:
    """The document of a row of the ledger, as an attachment."""
    return as_attachment(download_document(DownloadDocument(key, row, origin())))


@route(bp, "/measures/<key>/finance/rulings/<int:row>/document", permission=P.FINANCE_VIEW)
def ruling_document(key: str, row: int) -> Response:
    """The document of a refusal or exception, as an attachment."""
    return as_attachment(download_document(DownloadDocument(key, row, origin(), of_ruling=True)))
