"""The demonstration year as seeded: one database for all assertions, compared with the file it was played from."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import distinct, func, or_, select
from sqlalchemy.orm import aliased

from govapp.data.deputies import Deputy
from govapp.data.engine import reading
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.measures import Card, Measure, Part
from govapp.data.notices import Notice
from govapp.data.people import Grant, Person, Role
from govapp.data.reviews import Review, Vote
from govapp.data.settings import is_demo
from govapp.data.structure import Branch, Organization
from govapp.domain.rules import parse_rules
from govapp.services.audit import verify
from govapp.services.governance import read_set
from govapp.services.settling import settle_all
from tests import databases
from tests.cast import SYSTEM
from tests.demonstration import Year, play_once


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """One database with the demonstration in it, and where its files lie."""
    year = play_once(tmp_path_factory)
    yield year
    year.engine.dispose()


@pytest.fixture(autouse=True)
def year(played: Year) -> Year:
    """The demonstration is the database of the process."""
    databases.use(played.engine, played.files)
    return played


@pytest.fixture
def programme(year: Year) -> dict[str, Any]:
    """The file."""
    return year.programme


def by_key(programme: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: one for one in programme["measures"]}


def test_every_measure_stands_in_the_stage_and_state_of_the_file(programme: dict[str, Any]) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Measure.stage, Measure.state).where(Measure.key.like("M-%"))
        )
        found = {key: (stage, state) for key, stage, state in rows}
    expected = {key: (one["stage"], one["state"]) for key, one in by_key(programme).items()}
    differs = {key: place for key, place in found.items() if place != expected[key]}
    assert found.keys() == expected.keys()
    assert differs == {}


def test_the_titles_parts_and_packages_are_those_of_the_file(programme: dict[str, Any]) -> None:
    people = {one["key"]: one["name"] for one in programme["people"]}
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Measure.title, Branch.key).join(Branch, Branch.id == Measure.branch_id)
        ).all()
        held = {
            (key, part): name
            for key, part, name in session.execute(
                select(Measure.key, Part.part, Person.name)
                .join(Part, Part.measure_id == Measure.id)
                .join(Person, Person.id == Part.person_id)
            )
        }
    for key, one in by_key(programme).items():
        assert (key, one["title"], one["package"]) in {tuple(row) for row in rows}
        if one["stage"] != "defined":
            assert held[key, "owner"] == people[one["owner"]]
            assert held[key, "sponsor"] == people[one["sponsor"]]


def test_the_history_is_whole_and_agrees_with_tables_and_files() -> None:
    checked = verify(state=True, files=True)
    assert checked.ok, checked.faults[:3]
    assert checked.rows > 3000


def test_settling_everything_changes_nothing() -> None:
    assert settle_all(SYSTEM) == 0


def test_nobody_votes_twice_in_a_review_nor_as_owner_nor_on_evidence_of_their_own() -> None:
    with reading() as session:
        steps = session.execute(
            select(Vote.review_id, Vote.person_id)
            .where(Vote.verdict == "approve")
            .group_by(Vote.review_id, Vote.person_id)
            .having(func.count(distinct(Vote.step_id)) > 1)
        ).all()
        owner = aliased(Part)
        as_owner = session.execute(
            select(Vote.id)
            .join(Review, Review.id == Vote.review_id)
            .join(owner, (owner.measure_id == Review.measure_id) & (owner.part == "owner"))
            .where(Vote.person_id == owner.person_id, Vote.verdict == "approve")
        ).all()
    assert not steps
    assert not as_owner


def test_no_decider_had_handed_in_evidence_of_that_gate() -> None:
    rules = parse_rules(read_set())
    asked = {
        into: {c.key.partition(":")[2] for c in gate.criteria if c.key.startswith("evidence:")}
        for into, gate in rules.gates.items()
    }
    with reading() as session:
        rows = session.execute(
            select(Review.into, Evidence.kind, Vote.id)
            .join(Vote, Vote.review_id == Review.id)
            .join(Evidence, Evidence.measure_id == Review.measure_id)
            .join(EvidenceRevision, EvidenceRevision.evidence_id == Evidence.id)
            .where(
                Vote.verdict == "approve",
                EvidenceRevision.at <= Vote.at,
                or_(
                    EvidenceRevision.person_id == Vote.person_id,
                    EvidenceRevision.on_behalf_of == Vote.person_id,
                ),
            )
        ).all()
    assert not [row for row in rows if row[1] in asked[row[0]]]


def test_the_fourteen_people_have_their_roles(programme: dict[str, Any]) -> None:
    with reading() as session:
        rows = session.execute(
            select(Person.email, Role.key, Branch.key)
            .join(Grant, Grant.person_id == Person.id)
            .join(Role, Role.id == Grant.role_id)
            .join(Branch, Branch.id == Grant.branch_id)
        )
        found = {tuple(row) for row in rows if row[2] != "GMPP"}
    assert len(programme["people"]) == 14
    assert found == {
        (one["email"], each["role"], each["branch"]) for one in programme["people"] for each in one["roles"]
    }


def test_the_portfolio_beside_it_holds_338_measures_without_a_gate_record() -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.opened_at_stage.is_not(None), func.count())
            .join(Organization, Organization.id == Measure.organization_id)
            .where(Organization.name == "Government Major Projects")
            .group_by(Measure.opened_at_stage.is_not(None))
        ).all()
    assert [(bool(opened), count) for opened, count in rows] == [(True, 338)]


def test_it_is_marked_as_a_demonstration_and_every_measure_has_its_card() -> None:
    with reading() as session:
        assert is_demo(session)
        assert session.scalar(select(func.count()).select_from(Card)) == session.scalar(
            select(func.count()).select_from(Measure)
        )


def test_r58_the_absences_of_the_file_are_set_and_whoever_stands_in_was_told(
    programme: dict[str, Any],
) -> None:
    with reading() as session:
        person, deputy = aliased(Person), aliased(Person)
        rows = session.execute(
            select(person.email, deputy.email, Deputy.from_day, Deputy.until_day, Deputy.told_on)
            .join(person, person.id == Deputy.person_id)
            .join(deputy, deputy.id == Deputy.deputy_id)
            .order_by(Deputy.from_day)
        ).all()
        told = select(func.count()).select_from(Notice).where(Notice.kind == "deputy_begins")
        begun = session.scalar(told)
    emails = {one["key"]: one["email"] for one in programme["people"]}
    expected = [(emails[x["person"]], emails[x["deputy"]], x["from"], x["to"]) for x in programme["absences"]]
    assert [tuple(row[:4]) for row in rows] == expected
    assert [row.told_on for row in rows] == [*(x["from"] for x in programme["absences"][:2]), None]
    assert begun == 2
