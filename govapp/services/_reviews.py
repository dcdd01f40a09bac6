"""Steps of a review: open it with its first dossier, name its deciders and who is barred, tell them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, select, union_all

from govapp.data.actors import above, in_force
from govapp.data.people import Grant, Group, GroupMember, Role
from govapp.data.reviews import BARRED, Review, ReviewStep, StepDecider
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch
from govapp.domain.approvals import barred_people
from govapp.domain.events import Event
from govapp.domain.rules import StepRule
from govapp.domain.snapshot import ReviewFact, StepFact
from govapp.services._dossier import write_dossier
from govapp.services._work import Work


def _open_review(work: Work, loaded: Loaded, into: str, right: str) -> Review:
    """Open the review for a gate: its steps, its numbered dossier, notices to the deciders. The caller settles."""
    gate = loaded.rules.gates[into]
    review = Review(
        measure_id=loaded.measure.id,
        into=into,
        came_from=loaded.snapshot.stage,
        workflow_version_id=loaded.measure.workflow_version_id,
        asked_by=work.actor.id,
        state="open",
        opened_at=work.at,
    )
    work.session.add(review)
    work.session.flush()
    dossier = write_dossier(work, loaded, review.id, 1)
    first = min((step.order for step in gate.steps), default=1)
    steps = [_step(work, review, rule, opens=rule.order == first) for rule in gate.steps]
    work.session.add_all(steps)
    work.session.flush()
    facts = tuple(
        StepFact(
            row.id, row.key, row.name, row.waits_for, row.position, row.rule, row.deciders, (), row.opened_at
        )
        for row in steps
    )
    named = {(step.id, kind, key) for step in facts for kind, keys in step.deciders.items() for key in keys}
    loaded.barred = barred_rows(loaded, into, facts)
    for step_id, kind, key in sorted(named | loaded.barred):
        work.session.add(StepDecider(step_id=step_id, kind=kind, key=key))
    work.log(
        Event.REVIEW_OPENED,
        {
            "into": into, "dossier": dossier.content_digest, "basis": dossier.basis_digest,
            "steps": [s.key for s in gate.steps],
        },
        right=right, object_type="review", object_id=str(review.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    work.at_seq.append(lambda seq: setattr(review, "opened_seq", seq))
    for person in deciders_of(work, loaded, facts):
        work.tell(person, "decision_waits", measure_id=loaded.measure.id, review_id=review.id)
    work.session.flush()
    fact = ReviewFact(review.id, into, dossier.basis_digest, 1, review.asked_by, work.at, facts)
    loaded.snapshot = replace(loaded.snapshot, review=fact)
    return review


def _step(work: Work, review: Review, rule: StepRule, *, opens: bool) -> ReviewStep:
    return ReviewStep(
        review_id=review.id,
        key=rule.key,
        position=rule.order,
        name=rule.name,
        waits_for=rule.waits_for,
        rule=dict(rule.rule),
        needed=int(rule.rule.get("n", 1)),
        deciders={kind: list(keys) for kind, keys in rule.deciders.items()},
        state="open" if opens else "waiting",
        opened_at=work.at if opens else None,
        target_hours=rule.target_hours,
    )


def barred_rows(loaded: Loaded, into: str, steps: Iterable[StepFact]) -> frozenset[tuple[int, str, str]]:
    """Step, kind and person of everyone who may not decide one of these steps of a review."""
    rules = loaded.rules
    return frozenset(
        (step.id, BARRED + code, str(person))
        for step in steps
        for person, code in barred_people(rules, rules.gates[into], loaded.snapshot, step.id).items()
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


def deciders_of(work: Work, loaded: Loaded, steps: Sequence[StepFact]) -> list[int]:
    """People whom these steps name by part, role in the branch or group, without who is barred from all of them."""
    people = {
        held.person_id
        for step in steps
        for part in step.deciders.get("parts", ())
        if (held := loaded.snapshot.parts.get(part)) is not None
    }
    named = []
    roles = {role for step in steps for role in step.deciders.get("roles", ())}
    if roles:
        named.append(
            select(Grant.person_id)
            .join(Role, Role.id == Grant.role_id)
            .join(Branch, Branch.id == Grant.branch_id)
            .where(Role.key.in_(roles), Branch.path.in_(above(loaded.place.path)))
            .where(*in_force(work.today(loaded.timezone)))
        )
    groups = {group for step in steps for group in step.deciders.get("groups", ())}
    if groups:
        named.append(
            select(GroupMember.person_id)
            .join(Group, Group.id == GroupMember.group_id)
            .where(Group.key.in_(groups), Group.organization_id == loaded.measure.organization_id)
            .where(GroupMember.ended_at.is_(None))
        )
    if named:
        people |= set(work.session.scalars(union_all(*named)))
    barred = set(people)
    for step in steps:
        barred &= {int(person) for step_id, _, person in loaded.barred if step_id == step.id}
    return sorted(people - barred)
