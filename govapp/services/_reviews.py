"""Steps of a review: open it with its first dossier, follow the decision table, name its deciders, tell them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, update

from govapp.data.numbering import Numbers
from govapp.data.reviews import BARRED, Dossier, Review, ReviewStep, StepDecider
from govapp.data.snapshot_query import DROPPED
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import (
    OPEN,
    WAITING,
    barred_people,
    excludes_of,
    tally,
    with_electors,
    with_people,
    with_roles,
)
from govapp.domain.events import Event
from govapp.domain.snapshot import ReviewFact, StepFact
from govapp.domain.table import Chosen, path_for
from govapp.services._absent import tell_deciders
from govapp.services._clocks import _start_clock
from govapp.services._dossier import record_of, write_dossier
from govapp.services._holders import Holders, holders_of_path
from govapp.services._work import Work


def _open_review(
    work: Work, loaded: Loaded, into: str, right: str, holders: Holders, *, at_once: bool
) -> Review:
    """Open the review for a gate: its steps, its numbered dossier, notices to the deciders. The caller settles.

    Its rows are written at the end, with their sequence; `at_once` where more of this transaction reads them.
    """
    path = path_for(loaded.rules, into, loaded.snapshot)
    counts = {} if at_once else {Review: 1, Dossier: 1, ReviewStep: len(path)}
    record = record_of(work.session, loaded, counts)
    review = Review(
        measure_id=loaded.measure.id,
        into=into,
        came_from=loaded.snapshot.stage,
        workflow_version_id=loaded.measure.workflow_version_id,
        asked_by=work.actor.id,
        on_behalf_of=work.on_behalf_of,
        state="open",
        opened_at=work.at,
    )
    work.write([review], record.numbers)
    if at_once:
        work.session.flush()
    dossier = write_dossier(work, loaded, review.id, 1, record=record)
    fact = ReviewFact(review.id, into, dossier.basis_digest, 1, review.asked_by, work.at)
    loaded.snapshot = replace(loaded.snapshot, review=fact)
    first = min((chosen.step.order for chosen in path), default=1)
    rows = _add_steps(work, loaded, path, holders, first, record.numbers)
    work.log(
        Event.REVIEW_OPENED,
        {
            "into": into, "dossier": dossier.content_digest, "basis": dossier.basis_digest,
            "steps": [chosen.step.key for chosen in path], "value": _value_said(loaded),
        },
        made=rows, right=right, object_type="review", object_id=str(review.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    work.at_seq.append(lambda seq: setattr(review, "opened_seq", seq))
    fact = loaded.snapshot.review or fact
    first_ones = deciders_of(loaded, (step for step in fact.steps if step.state == OPEN))
    tell_deciders(work, loaded, first_ones, "decision_waits", review.id)
    return review


def _value_said(loaded: Loaded) -> str | None:
    value = loaded.snapshot.fields.get("value")
    return None if value is None else str(value)


def _add_steps(
    work: Work, loaded: Loaded, path: Sequence[Chosen], holders: Holders, open_order: int, numbers: Numbers
) -> list[ReviewStep]:
    """Rows of these steps with who decides them; the snapshot's review holds them too from now on.

    With reserved `numbers` they are written late.
    """
    review = loaded.snapshot.review
    if review is None or not path:
        return []
    rows = [
        _row(work, loaded, review.id, chosen, holders, opens=chosen.step.order <= open_order)
        for chosen in path
    ]
    for row in rows:
        if row.state == OPEN:
            _start_clock(loaded, row, work.at)
    work.write(rows, numbers)
    if ReviewStep not in numbers:
        work.session.flush()
    added = tuple(
        StepFact(
            row.id, row.key, row.name, row.waits_for, row.position, row.rule, row.deciders, (), row.opened_at,
            row.quorum, row.veto, row.sign, row.attests, row.state,
        )
        for row in rows
    )  # fmt: skip
    named = {row.id: with_roles(chosen.step, holders) for row, chosen in zip(rows, path, strict=True)}
    loaded.named = dict(loaded.named) | named
    steps = tuple(sorted((*review.steps, *added), key=lambda step: step.order))
    loaded.snapshot = with_electors(
        loaded.rules, replace(loaded.snapshot, review=replace(review, steps=steps)), loaded.named
    )
    asked = {(step.id, kind, key) for step in added for kind, keys in step.deciders.items() for key in keys}
    barred = barred_rows(loaded, review.into, added)
    for step_id, kind, key in sorted(asked | barred):
        work.session.add(StepDecider(step_id=step_id, kind=kind, key=key))
    loaded.barred |= barred
    return rows


def _row(
    work: Work, loaded: Loaded, review_id: int, chosen: Chosen, holders: Holders, *, opens: bool
) -> ReviewStep:
    rule = chosen.step
    gate = loaded.rules.gates[loaded.snapshot.review.into if loaded.snapshot.review else ""]
    barred = barred_people(loaded.rules, gate, loaded.snapshot, None, rule.excludes)
    return ReviewStep(
        review_id=review_id,
        key=rule.key,
        position=rule.order,
        name=rule.name,
        waits_for=rule.waits_for,
        rule=dict(rule.rule),
        needed=tally(with_people(rule, loaded.snapshot, barred, holders), "").needed,
        deciders={kind: list(keys) for kind, keys in rule.deciders.items()},
        quorum=rule.quorum,
        veto=rule.veto,
        sign=rule.sign,
        attests=rule.attests,
        because=[row.key for row in chosen.because],
        escalation=[dict(point) for point in rule.escalation],
        state=OPEN if opens else WAITING,
        opened_at=work.at if opens else None,
        target_hours=rule.target_hours,
    )


def _follow_path(work: Work, loaded: Loaded) -> None:
    """Bring the steps of the open review in line with the decision table after its basis has changed.

    A step asked for no more, or at another order, is dropped with its votes; what is newly asked for is added.
    """
    review = loaded.snapshot.review
    if review is None:
        return
    path = path_for(loaded.rules, review.into, loaded.snapshot)
    wanted = {(chosen.step.key, chosen.step.order) for chosen in path}
    have = {(step.key, step.order): step for step in review.steps}
    gone = [step.id for key, step in have.items() if key not in wanted]
    new = [chosen for chosen in path if (chosen.step.key, chosen.step.order) not in have]
    if not gone and not new:
        return
    if gone:
        work.session.execute(
            update(ReviewStep)
            .where(ReviewStep.id.in_(gone))
            .values(state=DROPPED, decided_at=work.at, look_at=None)
        )
        work.session.execute(delete(StepDecider).where(StepDecider.step_id.in_(gone)))
        loaded.barred = frozenset(row for row in loaded.barred if row[0] not in gone)
        kept = tuple(step for step in review.steps if step.id not in gone)
        loaded.snapshot = replace(loaded.snapshot, review=replace(review, steps=kept))
    holders = holders_of_path(work.session, loaded, review.into, work.today(loaded.timezone)) if new else {}
    rows = _add_steps(work, loaded, new, holders, 0, {})
    work.log(
        Event.REVIEW_PATH,
        {
            "review": review.id, "added": [row.key for row in rows],
            "dropped": [step.key for step in have.values() if step.id in gone], "value": _value_said(loaded),
        },
        made=rows, object_type="review", object_id=str(review.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip


def barred_rows(loaded: Loaded, into: str, steps: Iterable[StepFact]) -> frozenset[tuple[int, str, str]]:
    """Step, kind and person of everyone who may not decide one of these steps of a review."""
    rules = loaded.rules
    return frozenset(
        (step.id, BARRED + code, str(person))
        for step in steps
        for person, code in barred_people(
            rules, rules.gates[into], loaded.snapshot, step.id, excludes_of(step)
        ).items()
    )


def _keep_barred(work: Work, loaded: Loaded, review: ReviewFact) -> None:
    """Bring up to date who may not decide the steps of the open review."""
    wanted = barred_rows(loaded, review.into, review.steps)
    columns = (StepDecider.step_id, StepDecider.kind, StepDecider.key)
    for gone in sorted(loaded.barred - wanted):
        where = (column == value for column, value in zip(columns, gone, strict=True))
        work.session.execute(delete(StepDecider).where(*where))
    for step_id, kind, key in sorted(wanted - loaded.barred):
        work.session.add(StepDecider(step_id=step_id, kind=kind, key=key))
    loaded.barred = wanted


def deciders_of(loaded: Loaded, steps: Iterable[StepFact]) -> list[int]:
    """People who may decide one of these steps of the open review and have not yet."""
    review = loaded.snapshot.review
    basis = review.basis if review else ""
    return sorted(frozenset().union(*(tally(step, basis).pending for step in steps)))
