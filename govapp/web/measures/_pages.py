"""What all pages of one measure share: reading it, its head, tabs, and what this person may do."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.measure_pages import Head, read_head
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.errors import NotFound
from govapp.domain.events import READ_WITH, Event
from govapp.domain.measures import STATUS_KINDS, required_parts
from govapp.domain.money import from_minor
from govapp.domain.number_text import write_number
from govapp.domain.permissions import PARTS, Permission
from govapp.domain.rights import may, right_of
from govapp.present import decision_words
from govapp.present import measures as words
from govapp.present.status_words import computed_view
from govapp.present.timeline import told
from govapp.services.comments import comment_right
from govapp.services.measures import edit_right
from govapp.services.parts import assignable
from govapp.services.sent_back import sent_back
from govapp.web._context import actor, day_at
from govapp.web._hx import page

P = Permission
_ACTS = {
    "move": P.MEASURE_MOVE,
    "milestones": P.MILESTONE_EDIT,
    "risks": P.RISK_EDIT,
    "dependencies": P.DEPENDENCY_EDIT,
    "finance": P.FINANCE_VIEW,
    "see_evidence": P.EVIDENCE_VIEW,
    "see_reviews": P.REVIEW_VIEW,
    "plan_figures": P.FINANCE_PLAN,
    "forecast": P.FINANCE_FORECAST,
    "actuals": P.FINANCE_ACTUAL,
    "status": P.MEASURE_DECLARE_STATUS,
    "evidence": P.EVIDENCE_SUBMIT,
    "report": P.REPORT_MAKE,
}
Reader = Callable[[Session, Loaded], Mapping[str, Any]]


def acts_of(loaded: Loaded) -> dict[str, bool]:
    """What this person may do on the measure as it stands; cancelled and archived ones take no change."""
    person = actor()
    ended = loaded.snapshot.state == "cancelled" or loaded.measure.archived
    found = {
        name: right_of(person, permission, loaded.place) is not None for name, permission in _ACTS.items()
    }
    found["edit"] = edit_right(person, loaded.measure, loaded.place) is not None
    found["parts"] = bool(assignable(person, loaded))
    found["comment"] = comment_right(person, loaded.place) is not None
    found["archive"] = found["edit"] and loaded.snapshot.state == "proposed"
    reads = {"finance", "see_evidence", "see_reviews", "report", "comment"} | (
        {"move"} if not loaded.measure.archived else set()
    )
    return {name: allowed and (not ended or name in reads) for name, allowed in found.items()}


def unread_events(loaded: Loaded) -> frozenset[Event]:
    """Events of the measure's history that this person may not read, as they may not read what they are about."""
    hidden = [
        events
        for permission, events in READ_WITH.items()
        if right_of(actor(), permission, loaded.place) is None
    ]
    return frozenset().union(*hidden)


def show(
    key: str, template: str, tab: str, read: Reader, *, status: int = 200, problem: str = "",
    faults: Mapping[str, list[str]] | None = None, form: Mapping[str, Any] | None = None,
    needs: tuple[Permission, ...] = (), **more: Any,
) -> Response:  # fmt: skip
    """A page of a measure, read in one transaction.

    Raises NotFound for a measure one may not read, Refused when one of the further permissions `needs` lacks here.
    """
    with reading() as session:
        loaded = load_measure(session, key)
        if loaded is None:
            raise NotFound("not_found")
        for permission in (P.MEASURE_VIEW, *needs):
            may(actor(), permission, loaded.place)
        head = read_head(session, loaded)
        content = dict(read(session, loaded))
        acts = acts_of(loaded)
        returned = sent_back(session, actor(), loaded)
    snapshot = loaded.snapshot
    held = {part: person.name for part, person in snapshot.parts.items()}
    content.setdefault("form", {})
    if form is not None:
        content["form"] = form
    return page(
        template,
        status=status,
        tab=tab,
        head=head,
        m=head.facts,
        snapshot=snapshot,
        rules=loaded.rules,
        acts=acts,
        returned=returned,
        held=held,
        told=told,
        parts=PARTS,
        needed=required_parts(loaded.rules, snapshot.stage),
        currency=loaded.currency,
        today=day_at(loaded.timezone),
        words=words,
        decided=decision_words,
        problem=problem,
        faults=faults or {},
        waits=words.waits(head.card, loaded.rules),
        rated={
            kind: computed_view(loaded.rules, kind, head.card.computed.get(kind)) for kind in STATUS_KINDS
        },
        tabs=_tabs(head, loaded, acts),
        **content,
        **more,
    )


def _tabs(head: Head, loaded: Loaded, acts: Mapping[str, bool]) -> list[tuple[str, str, int]]:
    """Key, address and count of each tab."""
    at = f"/measures/{head.facts['key']}"
    open_risks = sum(1 for risk in loaded.snapshot.risks if risk.open)
    tabs = [
        ("overview", at, 0),
        ("evidence", f"{at}/evidence", len(loaded.snapshot.evidence)),
        ("approvals", f"{at}/approvals", 0),
        ("finance", f"{at}/finance", len(loaded.lines)),
        ("kpi", f"{at}/kpi", len(loaded.snapshot.kpis)),
        ("plan", f"{at}/plan", len(loaded.snapshot.milestones)),
        ("risks", f"{at}/risks", open_risks),
        ("history", f"{at}/history", 0),
    ]
    hidden = {"finance": "finance", "evidence": "see_evidence", "approvals": "see_reviews"}
    return [tab for tab in tabs if tab[0] not in hidden or acts[hidden[tab[0]]]]


def text_of(value: Any) -> str:
    """A stored value as a form shows it."""
    if value is None or value is False:
        return ""
    return "1" if value is True else value.isoformat() if hasattr(value, "isoformat") else str(value)


def amount_of(minor: int | None, currency: str) -> str:
    """A stored amount as a form shows it: what is saved unchanged reads back as the same amount."""
    return "" if minor is None else write_number(from_minor(minor, currency))
