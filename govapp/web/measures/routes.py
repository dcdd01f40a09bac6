"""The list of measures, its CSV, and the pages about one measure that only read."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response as FlaskResponse
from flask import request, stream_with_context
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import measure_pages as queries
from govapp.data import measure_records as records
from govapp.data.engine import reading
from govapp.data.import_queries import remarks_of
from govapp.data.list_queries import MOST_COUNTED, PAGE, list_all, list_choices, list_page
from govapp.data.list_scope import ENDED, SORTS, STATES, ListFilter, Scope, read_scope
from govapp.data.measures import Measure
from govapp.data.report_archive import filed_dossiers
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.approvals import standings
from govapp.domain.asks import PERMISSION_FOR
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.gates import gate_findings
from govapp.domain.imports import Remark
from govapp.domain.permissions import PARTS, Permission
from govapp.domain.rights import right_of
from govapp.present import bulk, conditions, report_pages
from govapp.present import measures as words
from govapp.present import reviews as said
from govapp.present.csv_text import BOM, csv_line
from govapp.present.findings import finding_view
from govapp.present.history import people_in
from govapp.present.imports import remark_sentence
from govapp.present.measure_csv import COLUMNS, cells
from govapp.services.board_moves import standing_of, suppliers
from govapp.services.bulk import ASKS
from govapp.services.condition_pages import conditions_seen, lookbacks_seen
from govapp.services.measures import RecordListExport, record_list_export
from govapp.web._context import actor, day_at, moment, origin, today
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.measures import (
    edit_routes,
    finance_routes,
    grid_routes,
    kpi_routes,
    parts_routes,
    plan_changes_routes,
    plan_routes,
    report_routes,
)
from govapp.web.measures._bp import bp
from govapp.web.measures._clocks import reviews_with_clocks, step_clocks
from govapp.web.measures._money import figures, lines_in_force
from govapp.web.measures._pages import show, unread_events

P = Permission
_ASKED = (
    "q",
    "branch",
    "stage",
    "state",
    "owner",
    "waiting",
    "missing",
    "status",
    "unit",
    "function",
    "service",
    "external",
    "sort",
)


def _asked() -> dict[str, str]:
    """The filter as the address says it, without what it leaves empty."""
    found = {name: request.args.get(name, "").strip()[:200] for name in _ASKED}
    return {name: value for name, value in found.items() if value}


def _filter(asked: Mapping[str, str]) -> ListFilter:
    """The filter as a value. `owner=me` is the person who asks; what is no number finds nobody."""
    sort = asked.get("sort", "")
    texts: dict[str, Any] = {name: value for name, value in asked.items() if name not in {"owner", "sort"}}
    return ListFilter(**texts, owner=_owner(asked.get("owner", "")), sort=sort if sort in SORTS else "newest")


def _owner(asked: str) -> int | None:
    if asked == "me":
        return actor().id
    if not asked:
        return None
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else 0


@route(bp, "/measures", permission=P.MEASURE_VIEW)
def list_measures() -> Response:
    """The list: search, filters, order and page in the address; a key typed as search opens its measure."""
    asked = _asked()
    n = page_number()
    with reading() as session:
        if _leads_to(session, asked):
            return see_other(f"/measures/{asked['q'].upper()}")
        scope = read_scope(session, actor())
        choices = list_choices(session)
        rows, total = list_page(session, scope, _filter(asked), n)
    if not rows and n > 1 and total:
        return see_other(_address(asked, max(1, min(-(-total // PAGE), n - 1))))
    return page("measures/list.html", **_list_context(asked, n, scope, choices, rows, total))


def _leads_to(session: Session, asked: Mapping[str, str]) -> bool:
    """True when the search alone is the key of a measure this person may read."""
    if set(asked) != {"q"} or "-" not in asked["q"]:
        return False
    loaded = load_measure(session, asked["q"].upper())
    return loaded is not None and right_of(actor(), P.MEASURE_VIEW, loaded.place) is not None


def _address(asked: Mapping[str, str], n: int) -> str:
    return "/measures?" + urlencode({**asked, "page": n})


def _list_context(
    asked: dict[str, str], n: int, scope: Scope, choices: Mapping[int, Any], rows: list[Any], total: int
) -> dict[str, Any]:
    stages = {stage.key: stage.name for rules in scope.rules.values() for stage in rules.stages}
    steps = {step.key: step.name for rules in scope.rules.values() for step in rules.steps.values()}
    organizations = {branch.organization_id for branch in scope.shown()}
    lists: dict[str, list[tuple[str, str]]] = {}
    for organization in sorted(organizations):
        for name, entries in choices.get(organization, {}).items():
            lists.setdefault(name, []).extend(entry for entry in entries if entry not in lists.get(name, []))
    exported = scope.only(actor(), P.MEASURE_EXPORT).readable
    pages = -(-total // PAGE) if total <= MOST_COUNTED else n + (len(rows) == PAGE)
    return {
        "asked": asked,
        "rows": rows,
        "total": total,
        "more": total > MOST_COUNTED,
        "n": n,
        "pages": max(pages, 1),
        "scope": scope,
        "stages": stages,
        "steps": steps,
        "lists": lists,
        "states": STATES,
        "parts": PARTS,
        "sorts": SORTS,
        "ended": ENDED,
        "words": words,
        "address": lambda p: _address(asked, p),
        "query": urlencode(asked),
        "may_propose": actor().holds_anywhere(P.MEASURE_CREATE),
        "may_ask": any(actor().holds_anywhere(PERMISSION_FOR[kind]) for kind in ASKS),
        "bulk_asks": bulk.asks(),
        "ticked": request.args.get("tick") == "all",
        "may_export": bool(exported),
        "exports_all": exported == scope.readable and all(row.branch_id in exported for row in rows),
        "most": MOST_COUNTED,
    }


@route(bp, "/measures.csv", permission=P.MEASURE_EXPORT)
def export_measures() -> FlaskResponse:
    """Exactly the filtered list as CSV, of the branches where this person may export, streamed and logged.

    `bom=1` puts the mark spreadsheets look for in front.
    """
    asked = _asked()
    record_list_export(RecordListExport(origin(), asked))
    person, wanted = actor(), _filter(asked)

    def lines() -> Iterator[str]:
        yield (BOM if request.args.get("bom") else "") + csv_line(COLUMNS)
        with reading() as session:
            scope = read_scope(session, person).only(person, P.MEASURE_EXPORT)
            for row in list_all(session, scope, wanted):
                yield csv_line(cells(row, scope.rules.get(row.version_id)))

    answer = FlaskResponse(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="measures-{today().isoformat()}.csv"'
    return answer


@route(bp, "/measures/<key>", permission=P.MEASURE_VIEW)
def show_measure(key: str) -> Response:
    """Overview: what it waits for, the next gate, approvals, money, evidence, milestones, statuses, people, facts."""
    return overview(key)


def overview(key: str, **again: Any) -> Response:
    """The overview; `again` when a comment was refused."""
    return show(key, "measures/overview.html", "overview", _read_overview, **again)


def _read_overview(session: Session, loaded: Loaded) -> dict[str, Any]:
    measure = loaded.measure
    lines = lines_in_force(queries.effect_lines(session, measure.id), loaded)
    log = records.history(session, measure.id, without=unread_events(loaded), limit=8)
    ended = () if loaded.snapshot.review else records.reviews(session, measure.id, limit=1)
    return {
        **_gate(session, loaded),
        **_owed(session, loaded),
        "clocks": step_clocks(session, loaded, moment()),
        "last": ended[0].review if ended else None,
        "milestones": queries.milestones(session, measure.id),
        "evidence": records.evidence(session, measure.id),
        "lines": lines,
        "figures": figures(lines),
        "statuses": _latest(records.statuses(session, measure.id)),
        "comments": records.comments(session, measure.id),
        "remarks": _remarks(session, measure),
        "depends": queries.dependencies(session, measure.id, actor()),
        "log": log,
        "people": records.names_of(session, named_in(log)),
    }


def _owed(session: Session, loaded: Loaded) -> dict[str, Any]:
    """Conditions and look-backs; asked only where there are any."""
    snapshot, today_ = loaded.snapshot, day_at(loaded.timezone)
    seen = conditions_seen(session, actor(), loaded, today_) if snapshot.conditions else []
    back = lookbacks_seen(session, loaded, today_) if snapshot.lookbacks else []
    views = [conditions.lookback_view(each, loaded.rules, loaded.measure.key) for each in back]
    return {"conditions": seen, "lookbacks": views, "told_of": conditions}


def _remarks(session: Session, measure: Measure) -> list[str]:
    """What the latest import kept beside the measure, in words."""
    kept = remarks_of(session, measure.id) if measure.external_source else []
    return [remark_sentence(Remark(*each)) for each in kept]


def named_in(log: list[records.HistoryRow]) -> set[int]:
    """Ids of people a history speaks of, and of those in whose place somebody acted."""
    said = {person for row in log for person in people_in(row.event, row.payload)}
    return said | {row.on_behalf_of for row in log if row.on_behalf_of}


def _latest(rows: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        found.setdefault(row["kind"], row)
    return found


def _gate(session: Session, loaded: Loaded) -> dict[str, Any]:
    """Findings of the next gate, and where the steps of the open review stand."""
    snapshot, rules = loaded.snapshot, loaded.rules
    following = rules.next_stage(snapshot.stage) if snapshot.state in {"active", "proposed"} else None
    now = standing_of(loaded, moment())
    findings = gate_findings(rules, rules.gates[following], snapshot, now.today) if following else ()
    found = suppliers(session, actor(), now, [finding for finding in findings if not finding.met])
    views = [finding_view(finding, rules, now.key, found.get(finding.key)) for finding in findings]
    review = snapshot.review
    states = (
        standings(review, digest_of(basis_of(rules, rules.gates[review.into], snapshot)), rules)
        if review
        else {}
    )
    return {"following": following, "findings": views, "review": review, "standings": states}


@route(bp, "/measures/<key>/approvals", permission=P.REVIEW_VIEW)
def show_approvals(key: str) -> Response:
    """All reviews of the measure with their steps and votes."""

    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        reviews = reviews_with_clocks(session, loaded, moment())
        filed = filed_dossiers(session, (each.review.id for each in reviews))
        return {
            **_gate(session, loaded),
            **_owed(session, loaded),
            "reviews": reviews,
            "filed": filed,
            "said": said,
            "reports": report_pages,
        }

    return show(key, "measures/approvals.html", "approvals", read, needs=(P.REVIEW_VIEW,))


@route(bp, "/measures/<key>/history", permission=P.MEASURE_VIEW)
def show_history(key: str) -> Response:
    """The timeline from the history, a hundred rows a page, by sequence."""
    asked = request.args.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None

    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        unread = unread_events(loaded)
        log = records.history(session, loaded.measure.id, without=unread, before=before)
        people = records.names_of(session, named_in(log))
        return {"log": log, "people": people, "before": before, "unread": bool(unread)}

    return show(key, "measures/history.html", "history", read)


__all__ = [
    "bp",
    "edit_routes",
    "finance_routes",
    "grid_routes",
    "kpi_routes",
    "overview",
    "parts_routes",
    "plan_changes_routes",
    "plan_routes",
    "report_routes",
]  # fmt: skip
