"""The controller's list: what awaits confirmation, what is missing, and ruling on it, one by one or many at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from govapp.data.claim_queries import titles_of
from govapp.data.confirmation_queries import Wanted, cells, totals
from govapp.data.engine import reading
from govapp.data.list_scope import Scope, read_scope
from govapp.domain.errors import Invalid, KeyReused, NotFound
from govapp.domain.ledger import AWAITS, LISTS, RULED
from govapp.domain.measures import EFFECT_KINDS
from govapp.domain.permissions import Permission
from govapp.present import confirmations as said
from govapp.present import measures as words
from govapp.present.errors import sentence_of
from govapp.present.finance import unknown_sentence
from govapp.services.confirmation_pages import confirmation_page, views_of
from govapp.services.confirmations import MOST, CellWish, RuleCells, rule_cells
from govapp.services.measures import RecordListExport, record_list_export
from govapp.web._context import acting, actor, origin, today
from govapp.web._fields import form_key, page_number
from govapp.web._hx import page, see_other
from govapp.web._recent_password import password_wanted
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._cells import Sent, chosen_cells, month_of, read_sent, whole_list
from govapp.web.finance._files import as_csv, as_workbook

P = Permission
PAGE = 50
ADDRESS = "/finance/confirmations"
MOST_EXPORTED = 10_000
_ASKED = ("standing", "branch", "kind", "until", "measure")


@dataclass(frozen=True)
class Asked:
    """The list the address asks for: the filter as given, as a value, and what the reader may choose from.

    `unknown`: what of the address means nothing here and is left aside.
    """

    given: dict[str, str]
    wanted: Wanted
    scope: Scope
    unknown: dict[str, str]

    @property
    def signs(self) -> bool:
        """Whether some rules in use ask for a signature (R27)."""
        return any(rules.effects.sign_in_again for rules in self.scope.rules.values())


def _asked(session: Any) -> Asked:
    given = {name: request.args.get(name, "").strip()[:80] for name in _ASKED}
    given = {name: value for name, value in given.items() if value}
    scope = read_scope(session, actor())
    standing = given.get("standing", AWAITS)
    branch = next((each for each in scope.shown() if each.key == given.get("branch")), None)
    if branch is None and "branch" in given:
        raise NotFound("not_found")
    known = {"standing": standing in LISTS, "until": month_of(given.get("until", "")) is not None}
    unknown = {name: given.pop(name) for name, is_known in known.items() if name in given and not is_known}
    wanted = Wanted(
        standing if standing in LISTS else AWAITS,
        branch.path if branch else "",
        given.get("kind", ""),
        month_of(given.get("until", "")),
        given.get("measure", "").upper(),
    )
    return Asked(given, wanted, scope, unknown)


@route(bp, "/finance/confirmations", permission=P.FINANCE_VIEW)
def show_confirmations() -> Response:
    """The list with its totals; filter, list and page stand in the address."""
    return _show()


def _show(*, status: int = 200, sent: Sent | None = None, note: str = "", results: Any = ()) -> Response:
    n = page_number()
    with reading() as session:
        asked = _asked(session)
        found = confirmation_page(session, actor(), asked.wanted, today(), limit=PAGE, offset=(n - 1) * PAGE)
        key = asked.wanted.measure if not found.cells else ""
        unknown = key if key and not titles_of(session, actor(), [key]) else ""
    given = asked.given
    return page(
        "finance/confirmations.html", status=status, found=found, asked=asked, given=given, said=said, words=words,
        left_aside=unknown_sentence(asked.unknown),
        kinds=EFFECT_KINDS, n=n, pages=max(1, -(-found.count // PAGE)), most=MOST, sent=sent, note=note,
        results=results, unknown=unknown, tick_all=request.args.get("tick") == "all",
        signs=asked.signs and password_wanted(),
        address=lambda p: f"{ADDRESS}?{urlencode(given | {'page': p})}",
        at=lambda **more: f"{ADDRESS}?{urlencode({k: v for k, v in (given | more).items() if v})}",
        may_export=actor().holds_anywhere(P.MEASURE_EXPORT),
        faults={name: [sentence_of(code) for code in found] for name, found in (sent.faults if sent else {}).items()},
    )  # fmt: skip


@route(bp, "/finance/confirmations", permission=P.FINANCE_VIEW, methods=["POST"])
def rule_confirmations() -> Response:
    """Confirm, refuse or except the chosen amounts, or all of the list; then the result of each."""
    with reading() as session:
        asked = _asked(session)
    sent = read_sent(sign=asked.signs)
    try:
        wishes = _all_of(asked, sent) if request.form.get("all") else chosen_cells(sent, MOST)
        if sent.faults:
            return _show(status=422, sent=sent, note=sentence_of("not_saved"))
        results = rule_cells(
            RuleCells(tuple(wishes), acting(), sent.reason, sent.document, sent.signed, form_key())
        )
    except Invalid as error:
        sent.faults |= error.errors
        return _show(status=422, sent=sent, note=sentence_of(error.code, error.values))
    except KeyReused as error:
        return _show(status=409, sent=sent, note=sentence_of(error.code))
    return _answer(asked, sent, results)


def _all_of(asked: Asked, sent: Sent) -> list[CellWish]:
    """The first cells of the list, as many as are taken at once, if it is still the one that was looked at."""
    with reading() as session:
        seen = said.fingerprint(totals(session, actor(), asked.wanted))
        if request.form.get("seen_totals", "") != seen:
            raise Invalid("list_changed")
        rows = cells(session, actor(), asked.wanted, MOST)
    return whole_list(sent, [(row.line_id, row.month, row.actual) for row in rows])


def _answer(asked: Asked, sent: Sent, results: list[Any]) -> Response:
    """One amount that was done: back to the list. Else the list with the result of each on top."""
    if len(results) == 1 and results[0].done:
        query = urlencode(asked.given)
        return see_other(f"{ADDRESS}?{query}" if query else ADDRESS, said.summary(results))
    done = {said.cell_key(each.line_id, each.month) for each in results if each.done}
    typed = {name: text for name, text in sent.typed.items() if name.partition("-")[2] not in done}
    left = replace(sent, reason="" if len(done) == len(results) else sent.reason, typed=typed)
    return _show(status=200 if done else 422, sent=left, note=said.summary(results), results=results)


def _rows(most: int) -> Iterator[list[Any]]:
    """The list as rows of a file, read page by page."""
    with reading() as session:
        asked, person, day = _asked(session), actor(), today()
        if asked.unknown:
            raise NotFound("not_found")
        for offset in range(0, most, MOST):
            found = cells(session, person, asked.wanted, MOST, offset)
            for view in views_of(session, person, found, day, ruled=asked.wanted.standing in RULED):
                yield said.file_cells(view)
            if len(found) < MOST:
                return


@route(bp, "/finance/confirmations.csv", permission=P.MEASURE_EXPORT)
def export_confirmations() -> Response:
    """The list as CSV."""
    return as_csv(said.COLUMNS, _exported(), "confirmations")


@route(bp, "/finance/confirmations.xlsx", permission=P.MEASURE_EXPORT)
def export_confirmations_workbook() -> Response:
    """The list as a workbook."""
    return as_workbook(said.COLUMNS, _exported(), "confirmations")


def _exported() -> list[list[Any]]:
    """The rows of a file, logged once it is known what they are."""
    rows = list(_rows(MOST_EXPORTED))
    record_list_export(RecordListExport(origin(), dict(request.args.items()), "confirmations"))
    return rows
