"""What the clock says about debts of decisions: what is due soon to its owner, overdue look-backs to the leaders."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.notices import Outbox
from govapp.data.reviews import Condition, Lookback
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.structure import Organization
from govapp.domain.events import Event
from govapp.domain.rules import StepRule
from govapp.services._holders import holders_of
from govapp.services._work import Origin, Work, now
from govapp.services.clockwork import _claim, each_alone

SOON = timedelta(days=3)
AT_ONCE = 100
KEYS_AT_ONCE = 1000
OPEN, LIVE = "open", ("active", "on_hold")
EMERGENCY = "emergency_advance"


@dataclass(frozen=True, slots=True)
class _Debt:
    """A condition or a look-back that is due soon: who owes it, on which measure, by when."""

    what: str
    id: int
    measure_id: int
    person_id: int | None
    due: date
    wording: str = ""

    @property
    def key(self) -> str:
        """Under which it is told once; a day that was moved is another one."""
        return f"due:{self.what}:{self.id}:{self.due}"


def tell_due(origin: Origin) -> int:
    """Tell owners of conditions and look-backs that fall due within three days, once each; returns how many.

    Without any nothing is written.
    """
    at = origin.at or now()
    with reading() as session:
        debts = sorted(
            (*_conditions(session, at), *_lookbacks(session, at)), key=lambda debt: (debt.due, debt.key)
        )
        told = _told(session, [debt.key for debt in debts])
    left = [debt for debt in debts if debt.key not in told][:AT_ONCE]
    return sum(each_alone(origin, map(_telling, left)))


def _told(session: Session, keys: list[str]) -> set[str]:
    """Keys under which something was told already."""
    found: set[str] = set()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = Outbox.key.in_(keys[start : start + KEYS_AT_ONCE])
        found |= {key for key in session.scalars(select(Outbox.key).where(some)) if key}
    return found


def escalate_lookbacks(origin: Origin) -> int:
    """Tell the leaders of each look-back that is overdue, once; returns how many. Without any nothing is written."""
    at = origin.at or now()
    with reading() as session:
        rows = session.execute(
            select(Lookback.measure_id, Lookback.due, Organization.timezone)
            .join(Measure, Measure.id == Lookback.measure_id)
            .join(Organization, Organization.id == Measure.organization_id)
            .where(
                Lookback.state == OPEN, Lookback.escalated_at.is_(None), Measure.state.in_(LIVE),
                Lookback.due < (at + timedelta(days=1)).date(),  # no zone is further ahead
            )
            .order_by(Lookback.due, Lookback.id)
        ).all()  # fmt: skip
    late = dict.fromkeys(row.measure_id for row in rows if row.due < _today(at, row.timezone))
    return sum(each_alone(origin, map(_escalation, list(late)[:AT_ONCE])))


def _today(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _is_soon(due: date, at: datetime, zone: str) -> bool:
    today = _today(at, zone)
    return today <= due <= today + SOON


def _conditions(session: Session, at: datetime) -> Iterable[_Debt]:
    latest = (at + SOON + timedelta(days=1)).date()  # no zone is further ahead
    rows = session.execute(
        select(Condition.id, Condition.measure_id, Condition.owner_id, Condition.due, Condition.wording,
               Organization.timezone)
        .join(Measure, Measure.id == Condition.measure_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .where(Condition.state == OPEN, Condition.due <= latest, Measure.state.in_(LIVE))
        .order_by(Condition.due, Condition.id)
    )  # fmt: skip
    for number, measure, owner, due, wording, zone in rows:
        if _is_soon(due, at, zone):
            yield _Debt("condition", number, measure, owner, due, wording)


def _lookbacks(session: Session, at: datetime) -> Iterable[_Debt]:
    rows = session.execute(
        select(Lookback.id, Lookback.measure_id, Lookback.due, Organization.timezone)
        .join(Measure, Measure.id == Lookback.measure_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .where(Lookback.state == OPEN, Measure.state.in_(LIVE))
        .order_by(Lookback.due, Lookback.id)
    )
    for number, measure, due, zone in rows:
        if _is_soon(due, at, zone):
            yield _Debt("lookback", number, measure, None, due)


def _telling(debt: _Debt) -> Callable[[Work], int]:
    return lambda work: _tell(work, debt)


def _tell(work: Work, debt: _Debt) -> int:
    loaded = next(iter(load_measures(work.session, [debt.measure_id], lock=True, at=work.at)), None)
    row: Condition | Lookback | None = (
        work.session.get(Condition, debt.id, populate_existing=True)
        if debt.what == "condition"
        else work.session.get(Lookback, debt.id, populate_existing=True)
    )
    if loaded is None or row is None or row.state != OPEN or row.due != debt.due:
        return 0
    person = row.owner_id if isinstance(row, Condition) else loaded.snapshot.owner_id
    if not _claim(work, debt.key):
        return 0
    if person is not None:
        payload = {debt.what: debt.id, "wording": debt.wording, "due": debt.due.isoformat()}
        work.tell(person, f"{debt.what}_due", measure_id=debt.measure_id, payload=payload)
    _log(work, loaded, Event.DUE_REMINDED, debt.what, debt.id, debt.due, [person] if person else [])
    return 1


def _escalation(measure: int) -> Callable[[Work], int]:
    return lambda work: _escalate(work, measure)


def _escalate(work: Work, measure: int) -> int:
    loaded = next(iter(load_measures(work.session, [measure], lock=True, at=work.at)), None)
    if loaded is None:
        return 0
    today = work.today(loaded.timezone)
    rows = work.session.scalars(
        select(Lookback).where(
            Lookback.measure_id == measure, Lookback.state == OPEN, Lookback.escalated_at.is_(None),
            Lookback.due < today,
        )
    ).all()  # fmt: skip
    for row in rows:
        people = _leaders(work, loaded)
        row.escalated_at = work.at
        row.version += 1
        payload = {"lookback": row.id, "due": row.due.isoformat()}
        for person in people:
            work.tell(person, "lookback_overdue", measure_id=measure, payload=payload)
        _log(work, loaded, Event.LOOKBACK_ESCALATED, "lookback", row.id, row.due, people)
    return len(rows)


def _leaders(work: Work, loaded: Loaded) -> list[int]:
    """Whom the rules name for an overdue look-back: roles in the branch."""
    rule = loaded.rules.decisions.get(EMERGENCY)
    to = ((rule.lookback.get("overdue") or {}).get("to") or {}) if rule else {}
    step = StepRule("", "", "", {"roles": tuple(to.get("roles", ("leader",))), "groups": ()})
    holders = holders_of(work.session, loaded, [step], work.today(loaded.timezone))
    return sorted(frozenset().union(*holders.values()))


def _log(
    work: Work, loaded: Loaded, event: Event, what: str, number: int, due: date, people: list[int]
) -> None:
    work.log(
        event, {"what": what, what: number, "due": due.isoformat(), "people": people},
        object_type=what, object_id=str(number), measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
