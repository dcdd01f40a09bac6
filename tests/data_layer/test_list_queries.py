"""The list and the pages of measures read the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

import pytest

from govapp.data import measure_pages, measure_records
from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.list_queries import list_all, list_choices, list_page
from govapp.data.list_scope import SORTS, ListFilter, read_scope
from tests.factories import loaded, make_measure, make_proposal, move

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def measures(database, cast):
    """A measure in Identified, a bare proposal, and a proposal that waits for its acceptance."""
    first, bare, waiting = make_measure(cast, "identified"), make_proposal(cast), make_proposal(cast)
    move(cast, waiting, "defined")
    return first, bare, waiting


def keys(cast, wanted: ListFilter, person=None) -> list[str]:
    """Keys of the list as the person sees it, which must be those of the export too."""
    with reading() as session:
        actor = load_actor(session, (person or cast.leader).id, NOON)
        assert actor is not None
        scope = read_scope(session, actor)
        rows, total = list_page(session, scope, wanted, 1)
        assert total == len(rows)
        assert [row.key for row in list_all(session, scope, wanted)] == [row.key for row in rows]
        return [row.key for row in rows]


def test_every_filter_finds_what_it_says(database, cast, measures):
    first, bare, waiting = measures
    assert keys(cast, ListFilter(sort="key")) == [first, bare, waiting]
    assert keys(cast, ListFilter(stage="identified")) == [first]
    assert keys(cast, ListFilter(state="proposed", sort="key")) == [bare, waiting]
    assert keys(cast, ListFilter(owner=cast.owner.id)) == [first]
    assert keys(cast, ListFilter(person=cast.sponsor.id, live=True)) == [first]
    assert keys(cast, ListFilter(waiting="any")) == [waiting]
    assert keys(cast, ListFilter(waiting="intake-acceptance")) == [waiting]
    assert keys(cast, ListFilter(missing="any")) == []
    assert keys(cast, ListFilter(branch="workplace")) == []
    assert keys(cast, ListFilter(branch="operations", sort="key")) == [first, bare, waiting]
    assert keys(cast, ListFilter(q="PASSWORD calls", sort="key")) == [first, bare, waiting]
    assert keys(cast, ListFilter(q="100%_")) == []
    assert keys(cast, ListFilter(status="implementation-none", sort="key")) == [first, bare, waiting]
    assert keys(cast, ListFilter(state="archived")) == []
    assert keys(cast, ListFilter(), person=cast.outsider) == []


def test_every_order_holds_the_same_rows(database, cast, measures):
    for sort in SORTS:
        assert sorted(keys(cast, ListFilter(sort=sort, q="calls"))) == sorted(measures)


def test_what_the_pages_read_comes_from_both_databases(database, cast, measures):
    first = loaded(measures[0])
    number = first.measure.id
    with reading() as session:
        head = measure_pages.read_head(session, first)
        assert [crumb.key for crumb in head.crumbs] == ["OI", "operations", "service-quality", "service-desk"]
        assert head.entered("identified") is not None
        assert list_choices(session)
        assert measure_pages.effect_lines(session, number) == ()
        owner = load_actor(session, cast.owner.id, NOON)
        assert owner is not None
        assert measure_pages.dependencies(session, number, owner) == ((), ())
        assert cast.owner.id in {
            person.id for person in measure_pages.people_here(session, first.place, NOON.date())
        }
        assert [row.review.state for row in measure_records.reviews(session, number)] == ["passed", "passed"]
        log = measure_records.history(session, number, limit=500)
        assert [row.sequence for row in log] == sorted((row.sequence for row in log), reverse=True)
        assert log[-1].event == "measure:proposed"
        assert measure_records.evidence(session, number)
        assert measure_records.statuses(session, number) == ()
        assert measure_records.comments(session, number) == ()
        assert len(measure_pages.milestones(session, number)) == len(first.snapshot.milestones)
        assert len(measure_pages.risks(session, number)) == len(first.snapshot.risks)
