"""Reads what mail is made of: notices to be mailed with what they are about, choices, who gets a digest and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import WorkflowVersion
from govapp.data.measures import Card, Measure, Part
from govapp.data.notices import MAIL_DIGEST, MAIL_DUE, Notice, NoticeChoice
from govapp.data.people import Grant, Group, GroupMember, Person
from govapp.data.reviews import Review, ReviewStep
from govapp.data.structure import Branch, Organization
from govapp.domain.rights import Place


@dataclass(frozen=True, slots=True)
class ToMail:
    """A notice with the choice of its person, and of its measure and review what a mail says. '' where there is none.

    `zone` is that of the measure's organization; `values` are minor units by currency.
    """

    notice: Notice
    email: str
    own_zone: str
    chosen: str | None
    sender: str
    principal: str
    key: str
    title: str
    effect: str
    zone: str
    path: str
    branch_id: int | None
    values: Mapping[str, int]
    version_id: int | None
    version_digest: str
    came_from: str | None
    into: str


def any_due(session: Session) -> bool:
    """True when some notice waits to be mailed; a plain read, so that an idle clock takes no write lock."""
    return session.scalar(select(Notice.id).where(Notice.mail == MAIL_DUE).limit(1)) is not None


def notices_to_mail(session: Session, limit: int) -> list[ToMail]:
    """Notices nobody has looked at for mail yet, oldest first."""
    statement = _to_mail().where(Notice.mail == MAIL_DUE).order_by(Notice.id).limit(limit)
    return [_mailed(row) for row in session.execute(statement)]


def notices_for_digest(session: Session, person_ids: Iterable[int], day: date) -> list[ToMail]:
    """Notices of these people that wait for the digest of a day or an earlier one, newest first."""
    statement = _to_mail().where(
        Notice.person_id.in_(list(person_ids)), Notice.mail == MAIL_DIGEST, Notice.digest_on <= day
    )
    return [_mailed(row) for row in session.execute(statement.order_by(Notice.id.desc()))]


def _to_mail() -> Any:
    sender, principal = aliased(Person), aliased(Person)
    columns: tuple[Any, ...] = (
        Notice, Person.email, Person.timezone, NoticeChoice.mail, func.coalesce(sender.name, ""),
        func.coalesce(principal.name, ""), func.coalesce(Measure.key, ""), func.coalesce(Measure.title, ""),
        func.coalesce(Measure.expected_effect, ""), func.coalesce(Organization.timezone, ""),
        func.coalesce(Branch.path, ""), Branch.id, Card.values, WorkflowVersion.id,
        func.coalesce(WorkflowVersion.digest, ""), Review.came_from, func.coalesce(Review.into, ""),
    )  # fmt: skip
    chosen = (NoticeChoice.person_id == Notice.person_id) & (NoticeChoice.kind == Notice.kind)
    return (
        select(*columns)
        .select_from(Notice)
        .join(Person, Person.id == Notice.person_id)
        .outerjoin(NoticeChoice, chosen)
        .outerjoin(sender, sender.id == Notice.from_person_id)
        .outerjoin(principal, principal.id == Notice.on_behalf_of)
        .outerjoin(Measure, Measure.id == Notice.measure_id)
        .outerjoin(Organization, Organization.id == Measure.organization_id)
        .outerjoin(Branch, Branch.id == Measure.branch_id)
        .outerjoin(Card, Card.measure_id == Measure.id)
        .outerjoin(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .outerjoin(Review, Review.id == Notice.review_id)
    )


def _mailed(row: Any) -> ToMail:
    values = list(row)
    values[12] = values[12] or {}
    return ToMail(*values)


def parts_held(session: Session, measure_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Parts by person for each of these measures."""
    found: dict[int, dict[str, int]] = {}
    rows = session.execute(
        select(Part.measure_id, Part.part, Part.person_id).where(Part.measure_id.in_(set(measure_ids)))
    )
    for measure, part, person in rows:
        found.setdefault(measure, {})[part] = person
    return found


def place_of_mail(row: ToMail, parts: Mapping[int, dict[str, int]]) -> Place:
    """Where the measure of a notice stands, for questions of rights."""
    return Place(row.path, parts.get(row.notice.measure_id or 0, {}), row.branch_id)


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step of a review that waits: its name, since when, its target in working hours and its moment when known.

    `deciders`: parts, roles and groups that decide it.
    """

    name: str
    since: datetime
    hours: int | None
    target_at: datetime | None
    deciders: Mapping[str, Any]


def open_steps(session: Session, review_ids: Iterable[int]) -> dict[int, list[OpenStep]]:
    """The steps that wait in these reviews, in their order."""
    found: dict[int, list[OpenStep]] = {}
    rows: Any = session.execute(
        select(
            Review.id, ReviewStep.name, func.coalesce(ReviewStep.opened_at, Review.opened_at).label("since"),
            ReviewStep.target_hours, ReviewStep.target_at, ReviewStep.deciders,
        )
        .join(ReviewStep, ReviewStep.review_id == Review.id)
        .where(Review.id.in_(set(review_ids)), Review.state == "open", ReviewStep.state == "open")
        .order_by(ReviewStep.position, ReviewStep.id)
    )  # fmt: skip
    for review, *step in rows:
        found.setdefault(review, []).append(OpenStep(*step))
    return found


def choices_of_mail(session: Session, person_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """What these people chose, by person and kind."""
    found: dict[int, dict[str, str]] = {}
    rows = session.scalars(select(NoticeChoice).where(NoticeChoice.person_id.in_(list(person_ids))))
    for row in rows:
        found.setdefault(row.person_id, {})[row.kind] = row.mail
    return found


def organization_zones(session: Session) -> list[tuple[int, str]]:
    """Every organization with its time zone."""
    rows = session.execute(select(Organization.id, Organization.timezone).order_by(Organization.id))
    return [(row.id, row.timezone) for row in rows]


def people_of(session: Session, organization_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """Active people with a role, a part or a group in an organization, the next by id after `after`: id, e-mail."""
    granted = (
        exists()
        .where(Grant.person_id == Person.id, Grant.ended_at.is_(None))
        .where(Branch.id == Grant.branch_id, Branch.organization_id == organization_id)
    )
    held = exists().where(
        Part.person_id == Person.id, Measure.id == Part.measure_id, Measure.organization_id == organization_id
    )
    grouped = (
        exists()
        .where(GroupMember.person_id == Person.id, GroupMember.ended_at.is_(None))
        .where(Group.id == GroupMember.group_id, Group.organization_id == organization_id)
    )
    statement = (
        select(Person.id, Person.email)
        .where(Person.active.is_(True), Person.id > after, or_(granted, held, grouped))
        .order_by(Person.id)
        .limit(limit)
    )
    return [(row.id, row.email) for row in session.execute(statement)]
