"""Confirmed money of a measure and changes of its frozen plan, as of a log sequence."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from govapp.data.figures_then import Then
from govapp.data.ledger import PlanChange
from govapp.data.ledger_pages import Entry, entries, last_closing
from govapp.data.ledger_queries import proven_by_line
from govapp.data.money_then import versions_then
from govapp.data.plan_queries import changes_between
from govapp.data.report_queries import Recorded, names_at
from govapp.domain.closure import proof_lines, proof_sums
from govapp.domain.ledger import sums_of
from govapp.domain.rules import Rules
from govapp.domain.snapshot import LineFact
from govapp.present import dates, money
from govapp.present.closure import proof_rows
from govapp.present.confirmations import entry_words, month_words
from govapp.present.plan_differences import plan_difference
from govapp.present.plan_words import cause_word
from govapp.reports.closing_data import ClosingShown, ConfirmedShown, LedgerShown, PlanChangeShown

MOST_ROWS = 300


def closing_shown(
    session: Session, seq: int, recorded: Recorded, rules: Rules, then: Then | None
) -> ClosingShown | None:
    """What was confirmed by then; None while nothing is booked or ruled on."""
    measure = recorded.measure["id"]
    found = entries(session, measure, seq)
    if not found:
        return None
    lines = proof_lines(_facts(recorded, then), proven_by_line(session, measure, seq))
    closing = last_closing(session, measure, rules.stages[-1].key, seq)
    people = {i for each in found for i in (each.person_id, each.behalf_id) if i}
    names = {i: row["name"] for i, row in names_at(session, seq, people).items()}
    called = {row["id"]: row["name"] for row in recorded.lines}
    at_closing = dict(closing.confirmed) if closing else {}
    return ClosingShown(
        tuple(proof_rows(lines, proof_sums(lines))),
        tuple(_confirmed(found, at_closing, closing.entered_seq if closing else -1)),
        tuple(_row(each, names, called) for each in found[:MOST_ROWS]),
        closing.entered_at if closing else None,
        max(0, len(found) - MOST_ROWS),
    )


def _facts(recorded: Recorded, then: Then | None) -> Sequence[LineFact]:
    """Lines as gates read them; sets that compute no statuses know no due months."""
    if then is not None:
        return then.lines
    return [
        LineFact(
            row["id"], row["name"], row["kind"], row["timing"], row["category"], row["currency"], row["run_rate"],
            plan=(("", recorded.sums.get((row["id"], "plan"), 0)),),
            actual=(("", recorded.sums.get((row["id"], "actual"), 0), ""),),
        )
        for row in recorded.lines
    ]  # fmt: skip


def _confirmed(found: Sequence[Entry], at_closing: Mapping[str, int], after: int) -> list[ConfirmedShown]:
    booked = [each for each in found if not each.ruling]
    kinds = {each.id: each.kind for each in booked}
    shown = []
    for currency in sorted({each.currency for each in booked} | set(at_closing)):
        since = [
            (each.kind, each.amount or 0, kinds.get(each.reverses_id or 0, ""))
            for each in booked
            if each.currency == currency and each.seq > after
        ]
        sums = sums_of(since, int(at_closing.get(currency, 0)))
        amounts = (sums.at_closing, sums.since, -sums.reversed, -sums.leaked, sums.now)
        shown.append(ConfirmedShown(currency, *(money.bare_minor(minor, currency) for minor in amounts)))
    return shown


def _row(entry: Entry, names: Mapping[int, str], called: Mapping[int, str]) -> LedgerShown:
    return LedgerShown(
        entry.id, entry_words(entry), called.get(entry.line_id, entry.line), month_words(entry.month),
        money.bare_minor(entry.claimed, entry.currency), money.bare_minor(entry.amount, entry.currency),
        names.get(entry.person_id or 0, ""), names.get(entry.behalf_id or 0, ""), entry.at, entry.reason, entry.late,
        entry.reversed_by,
    )  # fmt: skip


def plan_changes_shown(
    session: Session, seq: int, measure: int, rules: Rules, zone: str
) -> tuple[PlanChangeShown, ...]:
    """Every frozen version after the first with what it changed, the newest first."""
    versions = versions_then(session, seq, [measure]).get(measure, [])
    return tuple(
        PlanChangeShown(
            version.number, dates.local(version.at, zone).date(), _why(session, version.cause, version.change_id),
            plan_difference(changes_between(session, measure, version.number - 1, version.number), rules),
        )
        for version in reversed(versions)
        if version.number > 1
    )  # fmt: skip


def _why(session: Session, cause: str, change: int | None) -> str:
    row = session.get(PlanChange, change) if change else None
    word = cause_word(cause)
    said = word[:1].upper() + word[1:]
    return f"{said}: {row.reason}" if row and row.reason else said
