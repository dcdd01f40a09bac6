"""A few counts for the operator's monitoring."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.audit import AuditHead
from govapp.data.measures import Measure
from govapp.data.notices import Outbox
from govapp.data.people import LoginSession
from govapp.data.reviews import Review


def counts(session: Session) -> list[tuple[str, dict[str, str], int]]:
    """Name, labels and value: measures by state, open reviews, live sessions, outbox, sequence of each chain."""
    rows: list[tuple[str, dict[str, str], int]] = [
        ("govapp_measures", {"state": state}, count)
        for state, count in session.execute(select(Measure.state, func.count()).group_by(Measure.state))
    ]
    open_reviews = session.scalar(select(func.count(Review.id)).where(Review.state == "open")) or 0
    live = session.scalar(select(func.count(LoginSession.id)).where(LoginSession.ended_at.is_(None))) or 0
    waiting = session.scalar(select(func.count(Outbox.id)).where(Outbox.state == "waiting")) or 0
    rows += [
        ("govapp_reviews_open", {}, open_reviews),
        ("govapp_sessions_live", {}, live),
        ("govapp_outbox_waiting", {}, waiting),
    ]
    heads = session.execute(select(AuditHead.chain, AuditHead.sequence).order_by(AuditHead.chain))
    rows += [("govapp_log_sequence", {"chain": chain}, sequence) for chain, sequence in heads]
    return rows
