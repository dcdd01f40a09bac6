"""The main navigation: only what the person may, with counters."""

from dataclasses import dataclass

from flask import current_app, g, request
from flask_babel import lazy_gettext as _l

from govapp.data.engine import reading
from govapp.data.people_queries import holds_part
from govapp.domain.permissions import PART_PERMISSIONS, PARTS, Permission
from govapp.domain.rights import Actor
from govapp.web._counters import amounts_count, inbox_count
from govapp.web._identity import current_actor

P = Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the navigation."""

    address: str
    label: str
    current: bool
    count: int


_PLACES: tuple[tuple[str, object, tuple[Permission, ...]], ...] = (
    ("/", _l("My work"), (P.SIGNED_IN,)),
    ("/board", _l("Board"), (P.MEASURE_VIEW,)),
    ("/measures", _l("Measures"), (P.MEASURE_VIEW,)),
    ("/reviews", _l("Reviews"), (P.REVIEW_VIEW,)),
    ("/finance", _l("Finance"), (P.FINANCE_VIEW,)),
    ("/structure", _l("Structure"), (P.STRUCTURE_VIEW,)),
    ("/dashboard", _l("Dashboard"), (P.REPORT_VIEW,)),
    ("/reports", _l("Reports"), (P.REPORT_VIEW, P.REPORT_MAKE)),
    ("/audit", _l("Audit log"), (P.AUDIT_VIEW,)),
    ("/admin", _l("Admin"), (P.PEOPLE_MANAGE, P.GOVERNANCE_EDIT, P.SYSTEM_OPERATE)),
)
_COUNTED = {"/", "/reviews"}
_BY_PART = frozenset().union(*PART_PERMISSIONS.values())


def navigation() -> list[Entry]:
    """Places this person may go to; an error page asks the database for nothing and shows those without counters."""
    actor = current_actor()
    if actor is None:
        return []
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    quiet = bool(g.get("quiet"))
    shown = [
        place for place in _PLACES if place[0] in known and any(_open(actor, p, quiet) for p in place[2])
    ]
    count, amounts = (0, 0) if quiet else (inbox_count(actor), amounts_count(actor))
    counts = dict.fromkeys(_COUNTED, count) | {"/finance": amounts}
    return [
        Entry(address, str(label), _is_here(address), counts.get(address, 0)) for address, label, _ in shown
    ]


_FINANCE: tuple[tuple[str, object, tuple[Permission, ...]], ...] = (
    ("/finance", _l("Overview"), (P.FINANCE_VIEW,)),
    ("/finance/confirmations", _l("Confirmations"), (P.FINANCE_CONFIRM,)),
    ("/finance/periods", _l("Periods"), (P.FINANCE_VIEW,)),
    ("/finance/rates", _l("Rates"), (P.FINANCE_VIEW,)),
    ("/finance/cost-objects", _l("Cost objects"), (P.FINANCE_VIEW,)),
    ("/finance/operating-figures", _l("Operating figures"), (P.MEASURE_VIEW,)),
)


def finance_places() -> list[Entry]:
    """Places of finance that are there and that the person may enter."""
    actor = current_actor()
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    counts = {"/finance/confirmations": amounts_count(actor) if actor else 0}
    return [
        Entry(
            address, str(label), request.path == address if address == "/finance" else _is_here(address),
            counts.get(address, 0),
        )
        for address, label, needed in _FINANCE
        if actor is not None
        and address in known
        and (counts.get(address) or any(_open(actor, each, False) for each in needed))
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdminPlace:
    """A place of the administration with what it is for."""

    address: str
    label: str
    about: str
    current: bool


_ADMIN: tuple[tuple[str, object, object, Permission], ...] = (
    ("/admin/people", _l("People"), _l("Accounts, roles on branches, sessions."), P.PEOPLE_VIEW),
    ("/admin/roles", _l("Roles"), _l("What each role may do."), P.GOVERNANCE_VIEW),
    ("/admin/duties", _l("Duties"), _l("What is kept apart, and what collides now."), P.PEOPLE_VIEW),
    (
        "/admin/dead-ends",
        _l("Dead ends"),
        _l("Measures that nobody can move, and how to mend it."),
        P.GOVERNANCE_VIEW,
    ),
    ("/admin/deputies", _l("Deputies"), _l("Who stands in for whom, and when."), P.DEPUTY_MANAGE),
    ("/admin/units", _l("Units"), _l("Business units, services and other lists."), P.GOVERNANCE_VIEW),
    ("/admin/workflows", _l("Gates"), _l("Stages, gates and what they ask for."), P.GOVERNANCE_VIEW),
    ("/admin/evidence-kinds", _l("Evidence kinds"), _l("The forms of evidence."), P.GOVERNANCE_VIEW),
    ("/admin/calendars", _l("Calendars"), _l("Working days and target times."), P.GOVERNANCE_VIEW),
    ("/admin/jobs", _l("Jobs"), _l("What runs in the background."), P.SYSTEM_OPERATE),
    ("/admin/outbox", _l("Mail outbox"), _l("Mail and jobs that wait to leave."), P.SYSTEM_OPERATE),
    ("/setup", _l("First steps"), _l("Organization, gates, first program, people."), P.SYSTEM_OPERATE),
)


def admin_places() -> list[AdminPlace]:
    """Places of the administration that are there and that the person may enter."""
    actor = current_actor()
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        AdminPlace(address, str(label), str(about), _is_here(address))
        for address, label, about, permission in _ADMIN
        if actor is not None and address in known and actor.holds_anywhere(permission)
    ]


def _is_here(address: str) -> bool:
    if address == "/":
        return request.path == "/"
    return request.path == address or request.path.startswith(f"{address}/")


def _open(actor: Actor, permission: Permission, quiet: bool) -> bool:
    if permission is P.SIGNED_IN or actor.holds_anywhere(permission):
        return True
    if quiet or permission not in _BY_PART or actor.id is None:
        return False
    if "holds_part" not in g:
        with reading() as session:
            g.holds_part = holds_part(session, actor.id, PARTS)
    return bool(g.holds_part)
