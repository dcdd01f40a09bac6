"""The history as a page with filters, as CSV and JSON, and the check that it is whole."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, request, stream_with_context
from flask import Response as FlaskResponse
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.audit_queries import LogFilter, LogPage, Reach, log_page, names_of, person_named, reach_of
from govapp.data.code_names import code_names
from govapp.data.engine import reading
from govapp.domain.events import BUSINESS, READ_WITH, SECURITY, Event, chain_of
from govapp.domain.permissions import Permission
from govapp.present.audit import csv_lines, fault_sentence, json_lines
from govapp.present.history import Names, event_name, people_in, sentence
from govapp.services.audit import exported_rows, record_export, record_opening
from govapp.web._context import actor, origin, today, zone
from govapp.web._hx import page
from govapp.web._numbers import whole
from govapp.web._routes import route
from govapp.web.audit._check import Check, go_on, last_check

bp = Blueprint("audit", __name__)
P = Permission
_ASKED = ("chain", "event", "person", "measure", "from", "to", "q")


@route(bp, "/audit", permission=P.AUDIT_VIEW)
def show_log() -> Response:
    """One page of the log, newest first."""
    asked = _asked()
    record_opening(origin(), asked)
    with reading() as session:
        what, known = _filter(session, asked)
        reach = replace(_reach(session, P.AUDIT_VIEW), closed=_closed(session))
        found = log_page(
            session,
            what,
            reach,
            zone(),
            before=whole(request.args.get("before")),
            after=whole(request.args.get("after")),
        )
        names = _names(session, found)
    found = found if known else LogPage((), None, None, found.head)
    return page(
        "audit/log.html", found=found, asked=asked, wrong=_no_days(asked), names=names, sentence=sentence,
        event_name=event_name, events=_events(what.chain), address=lambda **more: _address("/audit", asked, **more),
        query=urlencode(asked), whole=reach.branches is None, may_verify=actor().holds_anywhere(P.AUDIT_VERIFY),
        may_export=actor().holds_anywhere(P.AUDIT_EXPORT),
    )  # fmt: skip


@route(bp, "/audit/export.csv", permission=P.AUDIT_EXPORT)
def export_csv() -> FlaskResponse:
    """What the filter shows as CSV, oldest first; logged before its first row leaves."""
    return _export("csv", "text/csv")


@route(bp, "/audit/export.json", permission=P.AUDIT_EXPORT)
def export_json() -> FlaskResponse:
    """What the filter shows, one row of JSON a line; logged before its first row leaves."""
    return _export("json", "application/x-ndjson")


@route(bp, "/audit/verify", permission=P.AUDIT_VERIFY)
def show_check() -> Response:
    """What the check does, and how the last one ended."""
    return page("audit/verify.html", check=None, last=last_check(), fault_sentence=fault_sentence)


@route(bp, "/audit/verify", permission=P.AUDIT_VERIFY, methods=["POST"])
def check_history() -> Response:
    """Check the chains for about a second and say how far it came; asked again until it is done."""
    check: Check = go_on(request.form.get("so_far", ""), origin())
    template = "audit/verify.html"
    return page(template, fragment="audit/_check.html", check=check, last=None, fault_sentence=fault_sentence)


def _export(form: str, kind: str) -> FlaskResponse:
    asked = _asked()
    record_export(origin(), form, asked)
    with reading() as session:
        what, known = _filter(session, asked)
        reach = _reach(session, P.AUDIT_EXPORT)
    rows = exported_rows(what, reach, zone()) if known else iter(())
    lines: Iterator[str] = csv_lines(rows) if form == "csv" else json_lines(rows)
    answer = FlaskResponse(stream_with_context(lines), mimetype=kind)
    name = f"history-{what.chain}-{today().isoformat()}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked() -> dict[str, str]:
    found = {name: request.args.get(name, "").strip()[:200] for name in _ASKED}
    return {name: value for name, value in found.items() if value}


def _filter(session: Session, asked: dict[str, str]) -> tuple[LogFilter, bool]:
    """The filter asked for; False beside it when it names a person nobody is, or what is no day."""
    chain = SECURITY if asked.get("chain") == SECURITY else BUSINESS
    person = person_named(session, asked["person"]) if "person" in asked else None
    what = LogFilter(
        chain=chain, event=asked.get("event", ""), person=person, measure=asked.get("measure", "").upper(),
        since=_day(asked.get("from")), until=_day(asked.get("to")), words=asked.get("q", ""),
    )  # fmt: skip
    return what, (person is not None or "person" not in asked) and not _no_days(asked)


def _no_days(asked: dict[str, str]) -> list[str]:
    return [asked[name] for name in ("from", "to") if name in asked and _day(asked[name]) is None]


def _reach(session: Session, permission: Permission) -> Reach:
    return reach_of(session, [grant.path for grant in actor().grants if permission in grant.permissions])


def _closed(session: Session) -> tuple[tuple[frozenset[Event], frozenset[int]], ...]:
    """Events about what this person may read in some of these branches only."""
    viewing = [grant.permissions for grant in actor().grants if P.AUDIT_VIEW in grant.permissions]
    partly = [each for each in READ_WITH if any(each not in permissions for permissions in viewing)]
    found = [(READ_WITH[permission], _reach(session, permission).branches) for permission in partly]
    return tuple((events, frozenset(branches)) for events, branches in found if branches is not None)


def _names(session: Session, found: LogPage) -> Names:
    people = {row.on_behalf_of for row in found.rows if row.on_behalf_of}
    for row in found.rows:
        people |= people_in(row.event, row.payload)
        if row.object_type == "person" and row.object_id.isdigit():
            people.add(int(row.object_id))
    codes = code_names(session)
    return Names(names_of(session, people), codes.stages, codes.kinds, codes.steps)


def _events(chain: str) -> list[tuple[str, str]]:
    return sorted((str(event), event_name(event)) for event in Event if chain_of(event) == chain)


def _address(base: str, asked: dict[str, str], **more: object) -> str:
    values = asked | {name: str(value) for name, value in more.items()}
    return base + "?" + urlencode({name: value for name, value in values.items() if value})


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
