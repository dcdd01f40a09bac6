"""The one place that draws consequences: readiness, waiting, stale votes, next dossier, statuses, value, totals.

Runs at the end of every verb that touches a measure and is the only writer of derived data. Idempotent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from govapp.data.measures import MISSING, READY, WAITING, Card, StageTotal
from govapp.data.notices import Notice
from govapp.data.reviews import ReviewStep
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import StepStanding, barred_holders, defect_of, standings
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.clocks import holder_code
from govapp.domain.duties import part_conflicts
from govapp.domain.events import Event
from govapp.domain.evidence_expiry import next_change
from govapp.domain.finance import value_of
from govapp.domain.gates import gate_findings
from govapp.domain.measures import required_parts
from govapp.domain.snapshot import ReviewFact, StepFact, VoteFact
from govapp.services._absent import tell_deciders
from govapp.services._claims import _settle_claims
from govapp.services._clocks import _keep_clocks
from govapp.services._dossier import write_dossier
from govapp.services._evidence_life import _evidence_life
from govapp.services._money import _settle_money
from govapp.services._rating import _rate
from govapp.services._review_end import _send_back
from govapp.services._reviews import _follow_path, _keep_barred, deciders_of
from govapp.services._work import Work

PROPOSED = "proposed"


@dataclass(slots=True)
class _Waiting:
    """What a card waits for: step keys and names, whom by name or role, since when."""

    key: str = ""
    words: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()
    since: datetime | None = None
    stale: int = 0
    steps: tuple[ReviewStep, ...] = ()


def _names(step: StepFact, loaded: Loaded, today: date) -> list[str]:
    parts = loaded.snapshot.parts
    names = [
        holder_code(parts[p].person_id, parts[p].name, loaded.clock.absent, today)
        if p in parts
        else f"part:{p}"
        for p in step.deciders.get("parts", ())
    ]
    barred = {int(person) for step_id, _, person in loaded.barred if step_id == step.id}
    stuck = barred_holders(step.deciders, loaded.snapshot, barred)
    if stuck:
        return [f"barred:{name}" for name in stuck]
    review = loaded.snapshot.review
    defect = defect_of(step, review.basis if review else "")
    if defect:
        return [f"defect:{defect.code}"]
    names += [f"role:{role}" for role in step.deciders.get("roles", ())]
    return names + [f"group:{group}" for group in step.deciders.get("groups", ())]


def _step_rows(work: Work, review: ReviewFact) -> Sequence[ReviewStep]:
    """Rows of the review's steps, from the session when this very transaction made them."""
    every = (*work.session.identity_map.values(), *work.late)
    known = [row for row in every if isinstance(row, ReviewStep)]
    made = [row for row in known if row.review_id == review.id]
    if {row.id for row in made} >= {step.id for step in review.steps}:
        return made
    return work.session.scalars(select(ReviewStep).where(ReviewStep.review_id == review.id)).all()


def _set_steps(
    work: Work, loaded: Loaded, review: ReviewFact, states: dict[int, StepStanding]
) -> dict[int, ReviewStep]:
    """Keep the step rows true to the votes; opened and decided times are those of the change. The rows by id.

    Whoever decides a step that opens only now learns of it now.
    """
    rows = [row for row in _step_rows(work, review) if row.id in states]
    opened = []
    for row in rows:
        state = states[row.id].state
        if row.state != state:
            if row.state == "waiting" and state == "open":
                opened.append(row.id)
            row.state = state
            row.decided_at = work.at if state in {"granted", "refused"} else None
            if state == "open":
                row.opened_at = work.at
    asked = deciders_of(loaded, (step for step in review.steps if step.id in opened))
    tell_deciders(work, loaded, asked, "decision_waits", review.id)
    return {row.id: row for row in rows}


def _log_stale(work: Work, loaded: Loaded, review: int, dossier: int, stale: list[VoteFact]) -> None:
    work.log(
        Event.VOTES_STALE,
        {"review": review, "dossier": dossier, "people": sorted({vote.person_id for vote in stale})},
        object_type="review", object_id=str(review), measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip


def _tell_new_deciders(
    work: Work, loaded: Loaded, review_id: int, steps: list[StepFact], told: set[int]
) -> None:
    """Whoever decides since parts changed hands learns of the review as the first deciders did."""
    known = set(work.session.scalars(select(Notice.person_id).where(Notice.review_id == review_id)))
    new = [person for person in deciders_of(loaded, steps) if person not in known | told]
    tell_deciders(work, loaded, new, "decision_waits", review_id)


def _look_at_review(work: Work, loaded: Loaded) -> _Waiting:
    review = loaded.snapshot.review
    if review is None:
        return _Waiting()
    basis = digest_of(basis_of(loaded.rules, loaded.rules.gates[review.into], loaded.snapshot))
    if basis != review.basis:
        _renew(work, loaded, review, basis)
        review = loaded.snapshot.review or review
    _keep_barred(work, loaded, review)
    states = standings(review, basis, loaded.rules)
    if _send_back(work, loaded, states):
        return _Waiting()
    stale = sum(len(state.stale) for state in states.values())
    rows = _set_steps(work, loaded, review, states)
    steps = tuple(rows.values())
    open_steps = [step for step in review.steps if states[step.id].state == "open"]
    if not open_steps:
        return _Waiting("criteria", (), (), review.opened_at, stale, steps)
    whom = list(
        dict.fromkeys(
            name for step in open_steps for name in _names(step, loaded, work.today(loaded.timezone))
        )
    )
    since = min(rows[step.id].opened_at or review.opened_at for step in open_steps)
    names = tuple(step.name for step in open_steps)
    return _Waiting(open_steps[0].key, names, tuple(whom), since, stale, steps)


def _renew(work: Work, loaded: Loaded, review: ReviewFact, basis: str) -> None:
    """The basis has changed: votes go stale, the next dossier is written, the path follows the decision table."""
    states = standings(review, basis, loaded.rules)
    number = review.dossier + 1
    write_dossier(work, loaded, review.id, number, basis)
    counted = [vote for state in states.values() for vote in state.stale if vote.basis == review.basis]
    if counted:
        _log_stale(work, loaded, review.id, number, counted)
    again = {vote.person_id for vote in counted}
    for person in sorted(again):
        work.tell(person, "vote_stale", measure_id=loaded.measure.id, review_id=review.id)
    loaded.snapshot = replace(loaded.snapshot, review=replace(review, basis=basis, dossier=number))
    _follow_path(work, loaded)
    renewed = loaded.snapshot.review or review
    states = standings(renewed, basis, loaded.rules)
    open_steps = [step for step in renewed.steps if states[step.id].state == "open"]
    _tell_new_deciders(work, loaded, review.id, open_steps, again)


def values_of(loaded: Loaded) -> dict[str, int]:
    """The card's value in minor units by currency."""
    return value_of((line.kind, line.timing, line.currency, line.run_rate) for line in loaded.lines)


def _vacant(loaded: Loaded) -> list[str]:
    """Parts that must be held by now and are not; of what is cancelled none."""
    snapshot = loaded.snapshot
    needed = () if snapshot.state == "cancelled" else required_parts(loaded.rules, snapshot.stage)
    return [part for part in needed if part not in snapshot.parts]


def _colliding(loaded: Loaded) -> list[list[str]]:
    """Parts in one hand that the duty matrix keeps apart: assigning refuses them, imports and new rules may not."""
    parts = loaded.place.parts
    return [[each.one, each.other] for each in part_conflicts(loaded.rules.duties, parts, parts)]


def _next_look(loaded: Loaded, today: date, *turns: date | None) -> datetime | None:
    """The first midnight at which evidence nears its end or expires, a status lapses, or a condition is overdue.

    On one of `turns` a deputy comes or goes, or a computed status may change.
    """
    snapshot = loaded.snapshot
    days = [day for f in snapshot.evidence if (day := next_change(f, loaded.rules, snapshot, today))]
    lapses = (said.until for said in loaded.declared.values())
    days += [until + timedelta(days=1) for until in lapses if until and until >= today]
    days += [one.due + timedelta(days=1) for one in snapshot.conditions if one.due >= today]
    days += [turn for turn in turns if turn]
    if not days or snapshot.state == "cancelled":
        return None
    midnight = datetime.combine(min(days), time(), ZoneInfo(loaded.timezone))
    return midnight.astimezone(UTC)


def _ahead(following: str | None, unmet: Sequence[str]) -> str:
    """How the measure stands before the gate ahead, when nobody is asked to decide."""
    if following is None:
        return ""
    return MISSING if unmet else READY


def _derive(work: Work, loaded: Loaded) -> dict[str, Any]:
    today = work.today(loaded.timezone)
    waiting = _look_at_review(work, loaded)  # it may end the review, so the snapshot is taken after it
    snapshot, rules = loaded.snapshot, loaded.rules
    following = rules.next_stage(snapshot.stage) if snapshot.state in {"active", PROPOSED} else None
    findings = gate_findings(rules, rules.gates[following], snapshot, today) if following else ()
    unmet = [finding.key for finding in findings if not finding.met]
    if waiting.key == "criteria" and not unmet:
        waiting = replace(waiting, key="move")
    clocks = _keep_clocks(work, loaded, waiting.steps, waiting.key)
    rated = _rate(work, loaded, waiting.steps, today)
    return {
        "owner_id": snapshot.owner_id,
        "next_stage": following,
        "met": len(findings) - len(unmet),
        "missing": len(unmet),
        "missing_keys": unmet,
        "review_id": snapshot.review.id if snapshot.review else None,
        "standing": WAITING if snapshot.review else _ahead(following, unmet),
        "waits_for": waiting.key,
        "waits_words": list(waiting.words),
        "waits_whom": list(waiting.whom),
        "waits_since": waiting.since,
        "target_at": clocks.target_at,
        "stale_votes": waiting.stale,
        **_evidence_life(work, loaded, today),
        "vacant": _vacant(loaded),
        "colliding": _colliding(loaded),
        "lookback_due": min((one.due for one in snapshot.lookbacks if one.state == "open"), default=None),
        **rated.card,
        "values": values_of(loaded),
        "plan_number": loaded.plan_number,
        "check_at": _next_look(loaded, today, clocks.turn, rated.turn),
    }


def _counted(loaded: Loaded, card: dict[str, Any]) -> list[Any]:
    measure = loaded.measure
    if measure.archived:
        return []
    stage = measure.stage or PROPOSED
    return [
        measure.branch_id,
        loaded.workflow_id,
        stage,
        measure.state,
        card["standing"],
        dict(card["values"]),
    ]


def _deltas(counted: list[Any], sign: int, into: dict[tuple[Any, ...], list[int]]) -> None:
    if not counted:
        return
    *head, values = counted
    for currency, count, value in [("", 1, 0), *((currency, 1, value) for currency, value in values.items())]:
        row = into.setdefault((*head, currency), [0, 0])
        row[0] += sign * count
        row[1] += sign * value


def _write_totals(work: Work) -> None:
    """Add up what this transaction changed: once, at its end and in order, so that no two wait for each other."""
    names = ("branch_id", "workflow_id", "stage", "state", "standing", "currency")
    rows = [
        dict(zip(names, key, strict=True)) | {"count": c, "value": v}
        for key, (c, v) in sorted(work.totals.items())
        if c or v
    ]
    work.totals.clear()
    if rows:
        work.session.execute(_adding(work.session.get_bind().dialect.name), rows)


@cache
def _adding(dialect: str) -> Insert:
    statement = (insert_sqlite if dialect == "sqlite" else insert_postgresql)(StageTotal)
    new = statement.excluded
    add = {"count": StageTotal.count + new.count, "value": StageTotal.value + new.value}
    keys = ["branch_id", "workflow_id", "stage", "state", "standing", "currency"]
    return statement.on_conflict_do_update(index_elements=keys, set_=add)


def settle(work: Work, measures: Iterable[Loaded], *, anew: bool = False) -> dict[str, list[str]]:
    """Bring derived data of these measures up to date; returns what changed on their cards, by the measure's key.

    Their rows are locked by the caller. Amounts are minor units. `anew`: claims and sums of money that nobody touched,
    too; where the sums were wrong, `money` is among what changed.
    """
    changed: dict[str, list[str]] = {}
    settled = list(measures)
    overlapping = _settle_claims(work, settled, anew=anew)
    for loaded in settled:
        derived = _derive(work, loaded)
        if loaded.measure.id in overlapping:
            derived["overlapping"] = overlapping[loaded.measure.id]
        derived["counted"] = _counted(loaded, derived)
        card = loaded.card
        if card is None:
            card = Card(measure_id=loaded.measure.id, counted=[])
            work.session.add(card)
            loaded.card = card
        before = card.counted or []
        if before != derived["counted"]:
            _deltas(before, -1, work.totals)
            _deltas(derived["counted"], 1, work.totals)
        touched = [name for name, value in derived.items() if getattr(card, name) != value]
        for name in touched:
            setattr(card, name, derived[name])
        if touched:
            changed[loaded.measure.key] = touched
        work.at_seq.append(partial(_stamp, card))
    work.before_log.append(partial(_write_totals, work))
    wrong = _settle_money(work, settled, anew=anew)
    for key in wrong if anew else ():
        changed.setdefault(key, []).append("money")
    return changed


def _stamp(card: Card, seq: int) -> None:
    """The board finds what changed by this sequence."""
    if seq:
        card.change_seq = seq
