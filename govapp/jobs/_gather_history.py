"""The history of a measure as dossiers show it: rows of the log as sentences, as of a log sequence."""

from typing import Any

from sqlalchemy.orm import Session

from govapp.data.report_queries import log_until, names_at
from govapp.domain.rules import Rules
from govapp.present.timeline import told
from govapp.reports.dossier_data import HistoryEntry


def history_shown(
    session: Session, measure_id: int, seq: int, rules: Rules, since: int = 0
) -> tuple[HistoryEntry, ...]:
    """Rows of the log about a measure from one sequence to another, oldest first, with the names people had."""
    rows = [row for row in log_until(session, measure_id, seq) if row.sequence >= since]
    ids = {i for row in rows for i in _ids_in(row.payload)} | {
        row.on_behalf_of for row in rows if row.on_behalf_of
    }
    names = {i: row["name"] for i, row in names_at(session, seq, ids).items()}
    entries = []
    for row in rows:
        line = told(row, names, rules)
        behalf = names.get(row.on_behalf_of or 0, "")
        entries.append(HistoryEntry(row.sequence, row.at, row.actor, line.text, behalf))
    return tuple(entries)


def _ids_in(payload: Any) -> set[int]:
    """Ids of people in the changes of parts."""
    changes = (payload or {}).get("changes", {})
    pairs = changes.values() if isinstance(changes, dict) else ()
    return {i for pair in pairs if isinstance(pair, list) for i in pair if type(i) is int}
