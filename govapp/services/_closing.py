"""What entering and leaving the last stage does to money: confirmed at closing, checks whether the effect lasts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import func, select

from govapp.data.evidence import EvidenceRevision
from govapp.data.kpis import SustainCheck
from govapp.data.ledger import LedgerRow
from govapp.data.measures import StagePassage
from govapp.data.snapshots import Loaded
from govapp.domain.events import Event
from govapp.domain.sustain import DUE, VOID, proposed_days
from govapp.services._belongs import _where
from govapp.services._work import Work

DAYS_FORM = "sustain-dates"


def _close_money(work: Work, loaded: Loaded, passage: StagePassage) -> None:
    """Keep what the ledger holds, by currency, with the passage; and make the checks that are due from then on.

    The days are those set on the measure, else so many months from today as the rules say.
    """
    rows = work.session.execute(
        select(LedgerRow.currency, func.sum(LedgerRow.amount))
        .where(LedgerRow.measure_id == loaded.measure.id, LedgerRow.currency != "")
        .group_by(LedgerRow.currency)
    )
    passage.confirmed = {currency: int(amount) for currency, amount in rows}
    after = loaded.rules.effects.sustain.after_months
    days = [date.fromisoformat(day) for day in loaded.measure.sustain_dates] or _days_of_form(
        work, loaded, after
    )
    if len(days) != len(after):
        days = proposed_days(work.today(loaded.timezone), after)
    work.session.flush()
    for months, day in zip(after, sorted(days), strict=True):
        work.session.add(
            SustainCheck(
                measure_id=loaded.measure.id, passage_id=passage.id, months_after=months, due=day, state=DUE, version=1
            )
        )  # fmt: skip


def _days_of_form(work: Work, loaded: Loaded, after: Sequence[int]) -> list[date]:
    """Version 2 of the set asks for the days by a form of its own; none where it was not handed in."""
    forms = [fact.revision_id for fact in loaded.snapshot.evidence if fact.kind == DAYS_FORM]
    if not forms:
        return []
    said = work.session.get_one(EvidenceRevision, max(forms)).values
    days = [said.get(f"after_{months}_months") for months in after]
    return [date.fromisoformat(str(day)) for day in days if day]


def _reopen_money(work: Work, loaded: Loaded) -> None:
    """A measure that is open again owes no check until it is closed anew, with days of their own. The ledger stays."""
    rows = work.session.scalars(
        select(SustainCheck).where(SustainCheck.measure_id == loaded.measure.id, SustainCheck.state == DUE)
    ).all()
    for row in rows:
        row.state = VOID
        row.version += 1
        said = {"check": row.id, "months_after": row.months_after, "state": VOID}
        work.log(Event.SUSTAIN_CHECKED, said, object_type="sustain", object_id=str(row.id), **_where(loaded))
    if before := list(loaded.measure.sustain_dates):
        loaded.measure.sustain_dates = []
        fields = {**loaded.snapshot.fields, "sustain_dates": []}
        loaded.snapshot = replace(loaded.snapshot, fields=fields)
        work.log(
            Event.SUSTAIN_DATES_SET, {"changes": {"sustain_dates": [before, []]}}, object_type="measure",
            object_id=loaded.measure.key, **_where(loaded),
        )  # fmt: skip
