"""The list of measures and its CSV; My work."""

import csv
import io

import pytest
from sqlalchemy import event

from govapp.data.runtime import current
from govapp.services.grants import GrantRole, grant_role
from tests.cast import SYSTEM
from tests.factories import make_measure, make_proposal

FILTERS = (
    "stage=defined", "state=proposed", "owner=me", "owner=x", "waiting=any", "waiting=sponsor-decision", "missing=any",
    "missing=sponsor", "status=implementation-none", "unit=business-unit-1", "branch=service-quality", "branch=nowhere",
    "sort=title", "sort=stage", "sort=waiting", "sort=changed", "sort=key", "sort=drop table", "page=9", "page=x",
    "external=uk", "state=archived", "q=%25_'\"", "stage=nowhere", "service=x", "function=x",
)  # fmt: skip


def test_the_number_of_queries_does_not_grow_with_the_rows(app, client, cast, sqlite):
    counted: list[str] = []
    event.listen(current().engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    make_proposal(cast)
    client.sign_in(cast.lead)
    client.get("/measures")
    numbers = []
    for more in (0, 12):
        for _ in range(more):
            make_proposal(cast)
        counted.clear()
        assert client.get("/measures").status_code == 200
        numbers.append(len([each for each in counted if each.startswith("SELECT")]))
    assert numbers[0] == numbers[1]
    assert numbers[1] <= 8


@pytest.mark.parametrize("asked", FILTERS)
def test_every_filter_and_order_answers(client, cast, asked):
    make_measure(cast, "defined")
    make_proposal(cast)
    answer = client.sign_in(cast.owner).get(f"/measures?{asked}", follow_redirects=True)
    assert answer.status_code == 200
    assert client.get(f"/measures.csv?{asked}").status_code == 200


def test_a_key_typed_as_search_opens_its_measure(client, cast):
    key = make_proposal(cast)
    client.sign_in(cast.owner)
    assert client.get(f"/measures?q={key.lower()}").headers["Location"] == f"/measures/{key}"
    client.sign_in(cast.outsider)
    assert client.get(f"/measures?q={key}").status_code == 200


def test_the_list_shows_only_what_the_person_may_read(client, cast):
    key = make_proposal(cast, title="Not for everybody here")
    assert "Not for everybody" in client.sign_in(cast.auditor).get("/measures").text
    text = client.sign_in(cast.outsider).get("/measures").text
    assert "Not for everybody" not in text
    assert key not in client.get("/measures.csv").text
    assert client.sign_in(cast.stranger).get("/measures").status_code == 403


def test_who_is_missing_is_shown_in_the_list(client, cast):
    make_measure(cast, "defined")
    bare = make_proposal(cast)
    text = client.sign_in(cast.lead).get("/measures?missing=any").text
    assert bare not in text


def test_r34_the_csv_is_exactly_the_list_and_no_cell_is_a_formula(client, cast):
    make_proposal(cast, title="=HYPERLINK(1) is no title")
    make_proposal(cast, title='Another, with "quotes"\nand a line')
    make_proposal(cast, title="Left out by the filter")
    client.sign_in(cast.owner)
    answer = client.get("/measures.csv?q=no+title")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert [row["title"] for row in rows] == ["'=HYPERLINK(1) is no title"]
    every = list(csv.DictReader(io.StringIO(client.get("/measures.csv").text)))
    assert len(every) == 3
    assert client.get("/measures.csv?bom=1").text.startswith("\ufeffkey")


def test_my_work_shows_what_waits_and_empty_states_say_why(client, cast):
    text = client.sign_in(cast.stranger).get("/").text
    assert "You hold no role yet" in text
    key = make_measure(cast, "identified")
    proposal = make_proposal(cast)
    assert key in client.sign_in(cast.owner).get("/").text
    assert proposal in client.sign_in(cast.lead).get("/").text


def test_a_file_holds_only_the_branches_where_one_may_export(client, cast):
    grant_role(GrantRole(SYSTEM, cast.outsider.id, "approver", "service-quality"))
    here = make_proposal(cast)
    client.sign_in(cast.outsider)
    own = make_proposal(cast, branch="workplace", by=cast.outsider)
    listed = client.get("/measures").text
    assert f'/measures/{here}"' in listed
    assert "Files hold only the branches where you may export" in listed
    rows = list(csv.DictReader(io.StringIO(client.get("/measures.csv").text)))
    assert [row["key"] for row in rows] == [own]
    assert client.get(f"/measures.csv?q={here}").text.count("\n") == 1
    client.sign_in(cast.leader)
    assert "Files hold only" not in client.get("/measures").text
