"""A missed target: why, and the controller's signature under it (issue: closure with two proofs)."""

from dataclasses import dataclass

from govapp.data.kpis import Kpi, MeasureKpi
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.kpis import explanation_fault
from govapp.domain.permissions import Permission
from govapp.services._belongs import (
    _locked_for,
    _refuse_cancelled,
    _same_version,
    _settle_again,
    _where,
    visible,
)
from govapp.services._confirming import bound_people, confirming_right
from govapp.services._figures import _is_closed, _promise
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work


@dataclass(frozen=True, slots=True)
class ExplainGap:
    """Say why a target is missed and why closing is still right; an empty text takes the explanation back."""

    key: str
    promise_id: int
    text: str
    origin: Origin
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class SignExplanation:
    """Sign the explanation that was read. `signed`: the person has just proved who they are (R27)."""

    key: str
    promise_id: int
    origin: Origin
    seen_version: int
    signed: bool = False
    action_key: str = ""


def explain_gap(command: ExplainGap) -> None:
    """Keep an explanation; a signature under an earlier one falls. Needs kpi:edit on the measure.

    Raises NotFound, Refused, Stale, KeyReused, Invalid on `explanation`.
    """
    writing_once(command, lambda work: _explain(work, command))


def _explain(work: Work, command: ExplainGap) -> None:
    loaded, right = _locked_for(work, command.key, Permission.KPI_EDIT)
    row = _promise(work, loaded, command.promise_id)
    _same_version(command.seen_version, row.version, "stale_row")
    if _is_closed(loaded):
        raise Refused("kpi_of_closed")
    text = command.text.replace("\r\n", "\n").strip()
    if text and (fault := explanation_fault(text)):
        raise Invalid("kpi_invalid", {"explanation": [fault]})
    before = row.explanation
    if text == before:
        return
    row.explanation, row.explained_by = text, work.actor.id if text else None
    row.signed_by = row.signed_for = row.signed_at = None
    row.signed_name = ""
    row.version += 1
    _log(work, loaded, row, Event.KPI_EXPLAINED, right, {"from": before, "text": text})
    _settle_again(work, loaded.measure.id)


def sign_explanation(command: SignExplanation) -> None:
    """The controller of the measure, or who may confirm in their place, signs an explanation somebody else wrote.

    Raises NotFound, Refused (also explained_it: nobody signs their own), Stale, KeyReused, Invalid on `password`.
    """
    writing_once(command, lambda work: _sign(work, command))


def _sign(work: Work, command: SignExplanation) -> None:
    loaded = visible(work, command.key)
    right = confirming_right(work, loaded)
    _refuse_cancelled(work, loaded)
    row = _promise(work, loaded, command.promise_id)
    _same_version(command.seen_version, row.version, "stale_row")
    if not row.explanation or row.signed_at is not None:
        raise Stale("explanation_changed")
    if row.explained_by in bound_people(work):
        raise Refused("explained_it")
    if not command.signed:
        raise Invalid("kpi_invalid", {"password": ["signature_needed"]})
    row.signed_by, row.signed_for = work.actor.id, work.on_behalf_of
    row.signed_name, row.signed_at = work.actor.name, work.at
    row.version += 1
    _log(
        work,
        loaded,
        row,
        Event.KPI_EXPLANATION_SIGNED,
        right,
        {"signed": row.signed_name, "text": row.explanation},
    )
    _settle_again(work, loaded.measure.id)


def _log(work: Work, loaded: Loaded, row: MeasureKpi, event: Event, right: str, said: dict[str, str]) -> None:
    kpi = work.session.get_one(Kpi, row.kpi_id)
    payload = {"kpi": kpi.id, "name": kpi.name, **said}
    work.log(event, payload, right=right, object_type="kpi", object_id=str(kpi.id), **_where(loaded))
