"""How far the first start has come, read from what is there, so that it can be left and taken up again."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from govapp.data.people import Person, SetupToken
from govapp.data.people_queries import any_organization, anybody
from govapp.data.settings import setting
from govapp.data.structure import Branch

STEPS = ("administrator", "organization", "workflow", "program", "people", "done")
DONE = "setup_done"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The step that comes next, the organization's root, its first program, and how many people there are."""

    step: str
    root: str = ""
    root_name: str = ""
    program: str = ""
    people: int = 0

    @property
    def blocking(self) -> bool:
        """True while nothing else can be done: no person, or no organization."""
        return self.step in {"administrator", "organization"}


def first_start(session: Session) -> FirstStart:
    """The next step of the first start."""
    if not anybody(session):
        return FirstStart("administrator")
    people = session.scalar(select(func.count(Person.id))) or 0
    if not any_organization(session):
        return FirstStart("organization", people=people)
    root = session.execute(
        select(Branch.key, Branch.name, Branch.workflow_id)
        .where(Branch.parent_id.is_(None))
        .order_by(Branch.id)
    ).first()
    if root is None or root.workflow_id is None:
        return FirstStart("workflow", root.key if root else "", root.name if root else "", people=people)
    program = session.scalar(select(Branch.name).where(Branch.kind == "program").order_by(Branch.id).limit(1))
    step = "program" if program is None else "people"
    if setting(session, DONE) == "1" or (program and people > 1):
        step = "done"
    return FirstStart(step, root.key, root.name, program or "", people)


def founder(session: Session) -> int | None:
    """Who may found the organization: while there is none, the person who was added first."""
    return None if any_organization(session) else session.scalar(select(func.min(Person.id)))


def token_waits(session: Session) -> bool:
    """True when a one-time token was made and not used."""
    return bool(session.scalar(select(exists().where(SetupToken.used_at.is_(None)))))
