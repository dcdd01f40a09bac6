"""The fixed cast of the tests: an organization with a small tree, its gates, and people with roles."""

from dataclasses import dataclass, fields
from functools import cache

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.people import Password, Person
from govapp.services import passwords
from govapp.services._work import Origin, Work, writing
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.governance import FIRST_SET, install_set, read_set
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import AddPerson, add_person
from govapp.services.structure import AddBranch, AddOrganization, add_branch, add_organization

SYSTEM = Origin(None, "cli", "test")
PASSWORD = "walnut-harbour-lantern"

# name, role and branch of each; the outsider works elsewhere, the stranger holds nothing
PEOPLE: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "owner": ("Olga Brandt", (("member", "service-quality"),)),
    "sponsor": ("Samir Haddad", (("leader", "OI"),)),
    "controller": ("Carla Nowak", (("controller", "OI"),)),
    "service_owner": ("Sven Lindqvist", (("member", "service-quality"),)),
    "lead": ("Lucía Ortega", (("program_lead", "service-quality"),)),
    "member": ("Mina Park", (("member", "service-quality"),)),
    "finance": ("Farid Rahimi", (("member", "service-quality"),)),
    "leader": ("Leonie Fischer", (("leader", "OI"),)),
    "approver": ("Aoife Byrne", (("approver", "OI"),)),
    "auditor": ("Grace Okafor", (("auditor", "OI"),)),
    "administrator": ("Petr Novák", (("administrator", "OI"),)),
    "outsider": ("Oskar Weiss", (("member", "workplace"), ("member", "NW"))),
    "stranger": ("Stella Grant", ()),
}
BRANCHES = (
    ("portfolio", "Operations", "operations", "OI"),
    ("program", "Service quality", "service-quality", "operations"),
    ("project", "Service desk", "service-desk", "service-quality"),
    ("measure_package", "First contact", "first-contact", "service-desk"),
    ("program", "Workplace", "workplace", "OI"),
)


@dataclass(frozen=True)
class Someone:
    """A person of the cast."""

    id: int
    email: str
    name: str

    @property
    def origin(self) -> Origin:
        """The origin of what this person asks for."""
        return Origin(self.id, "web", "test", "127.0.0.1")


@dataclass(frozen=True)
class Cast:
    """The people, by what they do."""

    owner: Someone
    sponsor: Someone
    controller: Someone
    service_owner: Someone
    lead: Someone
    member: Someone
    finance: Someone
    leader: Someone
    approver: Someone
    auditor: Someone
    administrator: Someone
    outsider: Someone
    stranger: Someone

    @property
    def all(self) -> tuple[Someone, ...]:
        """Everybody."""
        return tuple(getattr(self, each.name) for each in fields(self))


@cache
def _hash() -> str:
    return passwords.hash_of(PASSWORD)


def fill_with_cast() -> None:
    """Gates, two organizations, the tree and the people, through the verbs; one password for all."""
    install_set(SYSTEM, read_set(FIRST_SET))
    add_organization(AddOrganization(SYSTEM, "Otter Insurance", "OI", key_prefix="M"))
    add_organization(
        AddOrganization(SYSTEM, "North Works", "NW", currency="GBP", timezone="Europe/London", key_prefix="N")
    )
    for kind, name, key, under in BRANCHES:
        add_branch(AddBranch(SYSTEM, kind, name, under, key=key))
    for name in ("business_units", "legal_entities", "functions", "services", "request_categories"):
        items = [
            ChoiceItem(f"{name[:-1].replace('_', '-')}-{n}", f"{name[:-1].replace('_', ' ')} {n}")
            for n in (1, 2)
        ]
        set_choices(SetChoices(SYSTEM, "OI", name, items))
    for key, (name, roles) in PEOPLE.items():
        person = add_person(
            AddPerson(SYSTEM, f"{key}@example.test", name, title=key.replace("_", " ").capitalize())
        )
        for role, branch in roles:
            grant_role(GrantRole(SYSTEM, person, role, branch))
    writing(SYSTEM, _passwords)


def _passwords(work: Work) -> None:
    for person in work.session.scalars(select(Person.id)):
        work.session.add(Password(person_id=person, hash=_hash(), changed_at=work.at))


def read_cast() -> Cast:
    """The cast of the database in use."""
    with reading() as session:
        rows = session.execute(select(Person.email, Person.id, Person.name)).all()
    return Cast(**{row.email.split("@")[0]: Someone(row.id, row.email, row.name) for row in rows})
