"""Who may ask for a report and open it, and how far the asker's rights reach in it (R40)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from govapp.data.measures import Measure, Part
from govapp.data.reports import Report
from govapp.data.snapshots import place_of
from govapp.data.structure import Branch, Organization
from govapp.data.types import canonical
from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of

P = Permission
WHOLE = "whole"
FINANCE = "finance"
SECTIONS = {"evidence": P.EVIDENCE_VIEW, FINANCE: P.FINANCE_VIEW, "reviews": P.REVIEW_VIEW}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: a measure or a branch, where it stands, its organization's time zone."""

    kind: str
    id: int
    key: str
    name: str
    place: Place
    timezone: str

    @property
    def measure_id(self) -> int | None:
        """Id of the measure of a dossier, filed or asked for."""
        return self.id if self.kind != "branch" else None

    @property
    def branch_id(self) -> int | None:
        """Id of the branch of a branch report."""
        return self.id if self.kind == "branch" else None


@dataclass(frozen=True, slots=True)
class Reach:
    """What of the subject the asker may read. `whole`: everything.

    Else the `sections`, of a branch only `finance`: amounts; and of a branch the ids of the readable `branches` (each
    with all below it) and of single `measures` on which a part is held.
    """

    whole: bool
    sections: tuple[str, ...] = ()
    branches: tuple[int, ...] = ()
    measures: tuple[int, ...] = ()

    @property
    def priced(self) -> bool:
        """True when amounts may be seen in all that is read."""
        return self.whole or FINANCE in self.sections

    @property
    def token(self) -> str:
        """How the reach stands in a report's identity."""
        if self.whole:
            return WHOLE
        return hashlib.sha256(canonical(self.as_data()).encode()).hexdigest()[:16]

    def as_data(self) -> dict[str, Any]:
        """The reach as the report's row keeps it."""
        return {
            "whole": self.whole,
            "sections": list(self.sections),
            "branches": list(self.branches),
            "measures": list(self.measures),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Reach":
        """The reach kept in a report's row."""
        return cls(data["whole"], tuple(data["sections"]), tuple(data["branches"]), tuple(data["measures"]))


def subject_of(session: Session, kind: str, key: str) -> Subject | None:
    """The measure (`dossier`) or branch (`branch`) of that key."""
    if kind == "dossier":
        statement = select(Measure.id).where(Measure.key == key)
    else:
        statement = select(Branch.id).where(Branch.key == key)
    found = session.scalar(statement)
    return None if found is None else subject_by_id(session, kind, found)


def subject_by_id(session: Session, kind: str, subject_id: int) -> Subject | None:
    """The measure or branch of that id."""
    if kind != "branch":
        measure = session.execute(
            select(Measure.key, Measure.title, Organization.timezone)
            .join(Organization, Organization.id == Measure.organization_id)
            .where(Measure.id == subject_id)
        ).first()
        place = place_of(session, subject_id)
        if measure is None or place is None:
            return None
        return Subject(kind, subject_id, measure.key, measure.title, place, measure.timezone)
    branch = session.execute(
        select(Branch.key, Branch.name, Branch.path, Organization.timezone)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Branch.id == subject_id)
    ).first()
    if branch is None:
        return None
    return Subject(
        kind, subject_id, branch.key, branch.name, Place(branch.path, branch_id=subject_id), branch.timezone
    )


def subject_for(session: Session, report: Report) -> Subject | None:
    """What a report is about."""
    return subject_by_id(session, report.kind, report.measure_id or report.branch_id or 0)


def right_for(actor: Actor, permission: Permission, subject: Subject) -> str:
    """The right used on the subject. On a branch it may be held further down; the report then covers that part only.

    Raises NotFound when the actor may not even know of it, else Refused.
    """
    if subject.kind == "dossier":
        may(actor, P.MEASURE_VIEW, subject.place)
        return may(actor, permission, subject.place)
    right = right_of(actor, permission, subject.place)
    if right is not None:
        return right
    below = [grant for grant in actor.grants if grant.path.startswith(subject.place.path)]
    for grant in below:
        if permission in grant.permissions:
            return f"role:{grant.role}@{grant.branch_id}"
    if below or right_of(actor, P.STRUCTURE_VIEW, subject.place):
        raise Refused("no_right", permission=str(permission))
    raise NotFound("not_found")


def reach_of(session: Session, actor: Actor, subject: Subject) -> Reach:
    """How far the actor's rights reach in the subject at this moment."""
    if subject.kind == "dossier":
        sections = tuple(
            name for name, p in SECTIONS.items() if right_of(actor, p, subject.place) is not None
        )
        return Reach(len(sections) == len(SECTIONS), sections)
    if right_of(actor, P.MEASURE_VIEW, subject.place) is not None:
        whole = right_of(actor, P.FINANCE_VIEW, subject.place) is not None
        return Reach(True) if whole else Reach(False, (), (subject.id,))
    grants = [
        g for g in actor.grants if P.MEASURE_VIEW in g.permissions and g.path.startswith(subject.place.path)
    ]
    paths = {grant.path: grant.branch_id for grant in grants}
    tops = {path: i for path, i in paths.items() if not any(path != o and path.startswith(o) for o in paths)}
    held = (
        select(Measure.id)
        .join(Part, Part.measure_id == Measure.id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(Part.person_id == actor.id, Branch.path.startswith(subject.place.path, autoescape=True))
    )
    if tops:
        held = held.where(~or_(*(Branch.path.startswith(path, autoescape=True) for path in tops)))
    priced = all(actor.grant_for(P.FINANCE_VIEW, path) for path in tops)
    sections = (FINANCE,) if priced else ()
    return Reach(False, sections, tuple(sorted(tops.values())), tuple(sorted(set(session.scalars(held)))))


def covers(session: Session, actor: Actor, subject: Subject, needed: Reach) -> bool:
    """True when the actor may today read everything a report with the `needed` reach shows."""
    now = reach_of(session, actor, subject)
    if now.whole:
        return True
    if needed.whole:
        return False
    if not set(needed.sections) <= set(now.sections):
        return False
    if subject.kind == "dossier":
        return True
    rows = session.execute(
        select(Branch.id, Branch.path).where(Branch.id.in_([*needed.branches, *now.branches]))
    ).all()
    paths = {row.id: row.path for row in rows}
    mine = [paths[i] for i in now.branches if i in paths]
    if not all(any(paths.get(i, "?").startswith(path) for path in mine) for i in needed.branches):
        return False
    places = [place_of(session, measure_id) for measure_id in needed.measures]
    return all(place is not None and right_of(actor, P.MEASURE_VIEW, place) for place in places)
