"""Checks whether an effect lasts: their days, the clock that tells of them, and what a judged check makes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.data.kpis import SustainCheck
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.sustain_queries import checks_come_due
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.money import decimals_of, exact_minor, from_minor
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules
from govapp.domain.sustain import DUE, LOST, OUTCOMES, PARTLY, days_fault, lost_percent
from govapp.services._belongs import _refuse_cancelled, _same_version, _settle_again, _where, visible
from govapp.services._confirming import confirming_right, may_confirm
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work, now
from govapp.services.clockwork import each_alone
from govapp.services.measures import edit_right

AT_ONCE = 100
ASKED = ("owner", "reporting_owner", "finance_contact")
CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class SetSustainDates:
    """The days on which it will be asked whether the effect is still there, in order."""

    key: str
    days: tuple[date, ...]
    origin: Origin
    seen_version: int
    action_key: str = ""


def is_closed(loaded: Loaded) -> bool:
    """Whether the measure stands in its last stage."""
    return loaded.snapshot.stage is not None and loaded.rules.stage(loaded.snapshot.stage).terminal


def may_set_days(actor: Actor, loaded: Loaded) -> bool:
    """Whether somebody sets the days here: who edits the measure until it is closed, the controller always."""
    by_edit = not is_closed(loaded) and edit_right(actor, loaded.measure, loaded.place) is not None
    return by_edit or may_confirm(actor, loaded)


def set_sustain_dates(command: SetSustainDates) -> None:
    """Set the days. Until the measure is closed its editors and its controller do, from then on the controller only.

    Raises NotFound, Refused, Stale, KeyReused, Invalid on `days`: sustain_count, sustain_order, sustain_past,
    sustain_far.
    """
    writing_once(command, lambda work: _set_days(work, command))


def _set_days(work: Work, command: SetSustainDates) -> None:
    loaded = visible(work, command.key)
    right = None if is_closed(loaded) else edit_right(work.actor, loaded.measure, loaded.place)
    right = right or confirming_right(work, loaded)
    _refuse_cancelled(work, loaded)
    _same_version(command.seen_version, loaded.measure.version, "stale")
    after = loaded.rules.effects.sustain.after_months
    open_checks = _open_checks(work, loaded)
    wanted = len(open_checks) if is_closed(loaded) else len(after)
    if fault := days_fault(command.days, work.today(loaded.timezone), wanted):
        raise Invalid("sustain_invalid", {"days": [fault]}, count=wanted)
    before = list(loaded.measure.sustain_dates)
    settled = before[: len(before) - wanted] if is_closed(loaded) else []
    days = [*settled, *(day.isoformat() for day in command.days)]
    if days == before:
        return
    loaded.measure.sustain_dates = days
    loaded.measure.version += 1
    for row, day in zip(open_checks, command.days, strict=False):
        row.due, row.told_at = day, None
        row.version += 1
    said = {"changes": {"sustain_dates": [before, days]}}
    work.log(
        Event.SUSTAIN_DATES_SET, said, right=right, object_type="measure", object_id=loaded.measure.key,
        **_where(loaded),
    )  # fmt: skip
    _settle_again(work, loaded.measure.id)


def _open_checks(work: Work, loaded: Loaded) -> list[SustainCheck]:
    rows = select(SustainCheck).where(SustainCheck.measure_id == loaded.measure.id, SustainCheck.state == DUE)
    return list(work.session.scalars(rows.order_by(SustainCheck.due, SustainCheck.id)))


def tell_sustain(origin: Origin) -> int:
    """Tell of checks whose day has come, once each; returns how many. Without any nothing is written."""
    with reading() as session:
        measures = checks_come_due(session, origin.at or now(), AT_ONCE)
    return sum(each_alone(origin, map(_telling, measures)))


def _telling(measure_id: int) -> Callable[[Work], int]:
    return lambda work: _tell(work, measure_id)


def _tell(work: Work, measure_id: int) -> int:
    loaded = next(iter(load_measures(work.session, [measure_id], lock=True, at=work.at)), None)
    if loaded is None:
        return 0
    today = work.today(loaded.timezone)
    come = [row for row in _open_checks(work, loaded) if row.due <= today and row.told_at is None]
    parts = loaded.snapshot.parts
    people = sorted({parts[part].person_id for part in ASKED if part in parts and parts[part].active})
    for row in come:
        row.told_at = work.at
        row.version += 1
        payload = {"months": row.months_after, "due": row.due.isoformat()}
        for person in people:
            work.tell(person, "sustain_due", measure_id=measure_id, payload=payload)
        work.log(
            Event.SUSTAIN_DUE, {"check": row.id, "months_after": row.months_after, "people": people},
            object_type="sustain", object_id=str(row.id), **_where(loaded),
        )  # fmt: skip
    return len(come)


def _judge_sustain(work: Work, loaded: Loaded, revision: EvidenceRevision, right: str) -> None:
    """An accepted check settles the one it answers: kept, partly or lost. What is lost the controller then books.

    It answers the open check of the months it names, else the earliest open one; with none open it stays a record.
    """
    rows = _open_checks(work, loaded)
    said = revision.values
    named = [row for row in rows if str(row.months_after) == str(said.get("months_after"))]
    state = OUTCOMES.get(str(said.get("still_there")))
    row = next(iter(named or rows), None)
    if row is None or state is None:
        return
    row.state, row.revision_id = state, revision.id
    row.version += 1
    lost = lost_of(loaded, said)
    payload = {
        "check": row.id, "months_after": row.months_after, "state": state, "revision": revision.id,
        "lost_percent": "" if lost is None else str(lost.quantize(Decimal("0.1"))),
    }  # fmt: skip
    work.log(
        Event.SUSTAIN_CHECKED,
        payload,
        right=right,
        object_type="sustain",
        object_id=str(row.id),
        **_where(loaded),
    )
    held = loaded.snapshot.parts.get(CONTROLLER)
    if state in {PARTLY, LOST} and held is not None and held.active:
        work.tell(
            held.person_id, "sustain_lost", measure_id=loaded.measure.id, payload={"months": row.months_after}
        )


def lost_of(loaded: Loaded, said: Mapping[str, Any]) -> Decimal | None:
    """Which percent of the effect a check says is lost: its monthly effect against the run rate of that currency.

    None where it names no amount, or nothing was promised in its currency.
    """
    amount = said.get("monthly_effect")
    if not isinstance(amount, Mapping):
        return None
    currency = str(amount["currency"])
    return lost_percent(_yearly(loaded, currency), exact_minor(Decimal(str(amount["amount"])), currency))


def _yearly(loaded: Loaded, currency: str) -> int:
    """The run rate of recurring savings in a currency, in minor units."""
    saving = loaded.rules.effects.saving_kinds
    lines = [line for line in loaded.lines if line.timing == "recurring" and line.kind in saving]
    return sum(line.run_rate or 0 for line in lines if line.currency == currency)


def lost_in(session: Session, loaded: Loaded, revision_id: int | None) -> Decimal | None:
    """As `lost_of`, of the revision that settled a check; None for a check that none has settled."""
    row = None if revision_id is None else session.get(EvidenceRevision, revision_id)
    return None if row is None else lost_of(loaded, row.values)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a judged check found lost: a month's amount in units of its currency, why, and as of which month."""

    check_id: int
    currency: str
    monthly: Decimal
    month: date
    reason: str
    reopens: bool


def loss_of(session: Session, loaded: Loaded, check_id: int) -> Loss | None:
    """The loss found by a check of this measure, to be booked; None where it found none or names no amount."""
    check = session.get(SustainCheck, check_id)
    row = session.get(EvidenceRevision, check.revision_id) if check and check.revision_id else None
    if (
        check is None
        or row is None
        or check.measure_id != loaded.measure.id
        or check.state not in {PARTLY, LOST}
    ):
        return None
    lost, amount = lost_of(loaded, row.values), row.values.get("monthly_effect")
    if lost is None or not lost or not isinstance(amount, Mapping):
        return None
    currency, kept = str(amount["currency"]), Decimal(str(amount["amount"]))
    monthly = from_minor(_yearly(loaded, currency), currency) / 12 - kept
    month = row.effective_on.replace(day=1)
    reason = str(row.values.get("leakage_reason") or "")
    shown = monthly.quantize(Decimal(1).scaleb(-decimals_of(currency)))
    return Loss(check.id, currency, shown, month, reason, reopens(loaded.rules, lost))


def reopens(rules: Rules, lost: Decimal | None) -> bool:
    """Whether so great a loss is reason to reopen the measure (rules, section `sustain`)."""
    return lost is not None and lost > rules.effects.sustain.reopen_percent
