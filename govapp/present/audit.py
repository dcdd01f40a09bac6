"""The check of the history in words, and the lines of its exports."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govapp.present.csv_text import csv_line
from govapp.present.language import gettext as _

COLUMNS = (
    "chain", "sequence", "at", "actor_id", "actor", "on_behalf_of", "right_used", "source", "request_id", "action_key",
    "event", "object_type", "object_id", "measure_id", "branch_id", "payload", "payload_digest", "key_id",
    "previous_mac", "mac", "rows_digest",
)  # fmt: skip


def chain_name(chain: str) -> str:
    """A chain in words."""
    return _("record") if chain == "business" else _("security")


def fault_sentence(chain: str, sequence: int, code: str, detail: str = "") -> str:
    """What is wrong with the history, and where."""
    sentences = {
        "row_missing": _("a row is missing here or stands out of its order"),
        "row_changed": _("this row is not the one that was written"),
        "link_broken": _("this row does not follow the one before it"),
        "payload_changed": _("the content of this row was changed"),
        "payload_missing": _("the content of this row was removed without a logged act"),
        "key_unknown": _("this row was signed with a key this installation does not know"),
        "anchor_differs": _("this row is not the one that was anchored"),
        "cut_off": _("the history ends before this row, though later ones were written"),
        "head_differs": _("the head of the chain does not fit its last row"),
        "head_missing": _("the head of the chain is gone"),
        "state_differs": _("a measure does not stand where the history put it"),
        "measure_missing": _("a measure of the history is gone"),
        "rows_differ": _("what this row made or changed is not as it was then"),
        "rows_unlogged": _("rows claim a place in the history that never made them"),
        "piece_differs": _("a submission hangs on another piece of evidence than it was made for"),
        "judgement_unlogged": _("evidence bears a judgement that the history does not know"),
        "judgement_differs": _("evidence bears another judgement than the history says"),
        "judgement_missing": _("a judgement of the history is gone"),
        "history_differs": _("a row differs from the state the history kept"),
        "history_count_differs": _("rows and kept states do not match in number"),
        "file_missing": _("a stored file is gone"),
        "file_changed": _("a stored file is not the one that was handed in"),
    }
    said = sentences.get(code, code)
    about = f" ({detail})" if detail else ""
    return _("%(chain)s #%(number)s: %(what)s", chain=chain_name(chain), number=sequence, what=said) + about


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The history as CSV with a head line; no cell can be taken for a formula (R34)."""
    yield csv_line(COLUMNS)
    for row in rows:
        yield csv_line([row[name] for name in COLUMNS])


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The history as JSON, one row a line."""
    for row in rows:
        yield json.dumps(dict(row), ensure_ascii=False, sort_keys=True) + "\n"
