"""The tree as pages: roll-ups of what one may read, and what may be done to a branch."""

import re

from govapp.data.engine import reading
from govapp.data.structure_queries import branch_by_key
from tests.factories import make_measure, make_proposal


def version(key):
    with reading() as session:
        return branch_by_key(session, key).version


def test_counts_roll_up_on_every_level(client, cast):
    make_measure(cast, "identified", "first-contact")
    make_measure(cast, "defined", "service-desk")
    make_proposal(cast, "service-quality")
    text = client.sign_in(cast.sponsor).get("/structure").text

    def row(name):
        return text.split(f">{name}</a>")[1].split("</tr>")[0]

    assert 'branch=OI">2</a>' in row("Otter Insurance")
    assert "1 proposed" in row("Service quality")
    assert 'branch=first-contact">1</a>' in row("First contact")
    assert 'branch=workplace">0</a>' in row("Workplace")


def test_figures_cover_only_branches_one_may_read_and_say_so(client, cast):
    make_measure(cast, "defined", "service-desk")
    text = client.sign_in(cast.owner).get("/structure").text
    assert "Workplace" not in text
    assert "Otter Insurance" not in text
    assert "of the branches you may read" in text
    assert client.get("/structure/workplace").status_code == 404
    assert client.get("/structure/OI").status_code == 404
    assert client.get("/structure/nowhere").status_code == 404


def test_a_part_elsewhere_is_named_but_not_counted(client, cast):
    key = make_proposal(cast, "service-desk")
    from_elsewhere = client.sign_in(cast.outsider).get("/structure").text
    assert key not in from_elsewhere
    assert "through a part" not in from_elsewhere


def test_an_administrator_adds_renames_moves_and_archives(client, cast):
    client.sign_in(cast.administrator)
    answer = client.submit("/structure/OI/branches", {"kind": "program", "name": "Access"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/structure/access"
    assert (
        client.submit(
            "/structure/access/name", {"name": "Access for all", "version": version("access")}
        ).status_code
        == 303
    )
    assert (
        client.submit(
            "/structure/access/place", {"under": "operations", "version": version("access")}
        ).status_code
        == 303
    )
    assert (
        client.submit(
            "/structure/access/archive", {"archived": "1", "version": version("access")}
        ).status_code
        == 303
    )
    text = client.get("/structure/access").text
    assert "Access for all" in text
    assert "Archived" in text


def test_what_was_typed_stays_when_it_is_refused(client, cast):
    client.sign_in(cast.administrator)
    answer = client.submit("/structure/service-desk/branches", {"kind": "program", "name": "Upside down"})
    assert answer.status_code == 422
    assert "Upside down" in answer.text
    assert "must lie under one of a higher kind" in answer.text
    stale = client.submit("/structure/service-desk/name", {"name": "Late", "version": 99})
    assert stale.status_code == 409
    assert 'value="Late"' in stale.text


def test_who_may_only_read_changes_nothing(client, cast):
    client.sign_in(cast.auditor)
    assert client.submit("/structure/OI/branches", {"kind": "program", "name": "Mine"}).status_code == 403
    client.sign_in(cast.lead)
    assert (
        client.submit("/structure/workplace/branches", {"kind": "project", "name": "Mine"}).status_code == 404
    )


def test_the_tree_asks_for_few_queries(client, cast, count_queries):
    client.sign_in(cast.sponsor).get("/structure")
    with count_queries() as counted:
        client.get("/structure")
    assert counted.number <= 10


def test_r13_the_form_of_a_branch_sent_twice_adds_one_branch(client, cast):
    client.sign_in(cast.administrator)
    text = client.get("/structure/OI").text
    form = text.split('action="/structure/OI/branches"')[1].split("</form>")[0]
    key = re.search(r'name="action_key" value="([^"]+)"', form)[1]
    asked = {"kind": "program", "name": "Access", "action_key": key}
    answers = [client.submit("/structure/OI/branches", asked) for _ in range(2)]
    assert {answer.headers["Location"] for answer in answers} == {"/structure/access"}
    assert client.get("/structure/access-2").status_code == 404
