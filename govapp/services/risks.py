"""Risks of a measure: likelihood and impact give the rating; owner, response, blocking or not, open or closed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from govapp.data.measures import Risk
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.measures import LONG, NAME, RATINGS, risk_rating, text_fault
from govapp.domain.permissions import Permission
from govapp.services._belongs import (
    _is_active,
    _locked_for,
    _same_version,
    _settle_again,
    _where,
    changes_of,
    plain,
)
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

_FIELDS = ("text", "likelihood", "impact", "owner_id", "response", "blocking", "open")


@dataclass(frozen=True, slots=True)
class SetRisk:
    """Add a risk (no id) or change one. A risk is never removed, it is closed."""

    key: str
    text: str
    likelihood: int
    impact: int
    origin: Origin
    owner_id: int | None = None
    response: str = ""
    blocking: bool = False
    open: bool = True
    risk_id: int | None = None
    seen_version: int | None = None
    action_key: str = ""


def set_risk(command: SetRisk) -> int:
    """Add or change a risk; returns its id. A measure without a rating takes that of its highest open risk.

    Raises NotFound, Refused, Stale, Invalid with codes by field, KeyReused.
    """
    return writing(command.origin, lambda work: _set_risk_verb(work, command), action_key=command.action_key)


def _set_risk_verb(work: Work, command: SetRisk) -> int:
    loaded, right = _locked_for(work, command.key, Permission.RISK_EDIT)
    values = {name: getattr(command, name) for name in _FIELDS}
    body = ["risk", command.key, command.risk_id, plain(values), command.seen_version]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    row = work.session.get(Risk, command.risk_id) if command.risk_id is not None else None
    if command.risk_id is not None and (row is None or row.measure_id != loaded.measure.id):
        raise NotFound("not_found")
    if row is not None:
        _same_version(command.seen_version, row.version, "stale_row")
    row = _set_risk(work, loaded, row, values, right)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id


def _set_risk(work: Work, loaded: Loaded, row: Risk | None, values: dict[str, Any], right: str) -> Risk:
    """Check and store a risk and log old and new; the caller settles."""
    values = {
        **values,
        "text": values["text"].strip(),
        "response": values["response"].replace("\r\n", "\n").strip(),
    }
    faults = _risk_faults(work, values)
    if faults:
        raise Invalid("risk_invalid", faults)
    values["rating"] = risk_rating(values["likelihood"], values["impact"])
    before = {name: getattr(row, name) for name in (*_FIELDS, "rating")} if row else {}
    changed = changes_of(before, values)
    if row is None:
        row = Risk(measure_id=loaded.measure.id, version=0)
        work.session.add(row)
    if not changed:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    work.session.flush()
    payload = {"risk": row.id, "text": row.text, "what": "changed" if before else "added", "changes": changed}
    if (rated := _rate(work, loaded)) is not None:
        payload["measure_rating"] = ["", rated]
    work.log(
        Event.RISK_CHANGED, payload, right=right, object_type="risk", object_id=str(row.id), **_where(loaded)
    )
    return row


def _rate(work: Work, loaded: Loaded) -> str | None:
    """Give an unrated measure the rating of its highest open risk; a rating chosen by hand stays."""
    if loaded.measure.risk_rating:
        return None
    ratings = set(
        work.session.scalars(select(Risk.rating).where(Risk.measure_id == loaded.measure.id, Risk.open))
    )
    highest = max(ratings, key=RATINGS.index, default=None)
    if highest is not None:
        loaded.measure.risk_rating = highest
        loaded.measure.version += 1
    return highest


def _risk_faults(work: Work, values: dict[str, Any]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    text = "required" if not values["text"] else text_fault(values["text"], NAME * 5)
    if text:
        faults["text"] = [text]
    for name in ("likelihood", "impact"):
        if values[name] not in range(1, 6):
            faults[name] = ["one_to_five"]
    if fault := text_fault(values["response"], LONG):
        faults["response"] = [fault]
    if not _is_active(work, values["owner_id"]):
        faults["owner_id"] = ["person_unknown"]
    return faults
