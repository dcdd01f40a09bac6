"""The tree: kinds in order, keys that stay, moves with everything below, lists and groups."""

import pytest
from sqlalchemy import select

from govapp.data.base import HISTORY
from govapp.data.engine import reading
from govapp.data.measure_queries import workflow_id_at
from govapp.data.people import GroupMember
from govapp.data.structure import Branch, Choice, Currency
from govapp.data.structure_queries import branch_by_key, roll_ups, tree
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.services.audit import verify
from govapp.services.choices import ChoiceItem, SetChoices, SetGroup, set_choices, set_group
from govapp.services.settling import settle_all
from govapp.services.structure import (
    AddBranch,
    AddOrganization,
    ArchiveBranch,
    MoveBranch,
    RenameBranch,
    add_branch,
    add_organization,
    archive_branch,
    move_branch,
    rename_branch,
)
from tests.cast import SYSTEM
from tests.factories import hold, make_measure, make_proposal


def branch(key):
    with reading() as session:
        found = branch_by_key(session, key)
        session.expunge(found)
        return found


def refused_fields(error):
    return {field: codes[0] for field, codes in error.value.errors.items()}


def test_a_branch_lies_under_any_branch_of_a_higher_kind(database):
    add_branch(AddBranch(SYSTEM, "measure_package", "Straight below", "OI", key="straight"))
    assert branch("straight").path == f"{branch('OI').path}{branch('straight').id}/"
    for kind, under in (
        ("program", "service-desk"),
        ("project", "service-desk"),
        ("portfolio", "service-quality"),
    ):
        with pytest.raises(Invalid) as error:
            add_branch(AddBranch(SYSTEM, kind, "Upside down", under))
        assert refused_fields(error) == {"under": "branch_not_higher"}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": "x" * 201}, "name", "too_long"),
        ({"name": "a\x07b"}, "name", "control_characters"),
        ({"name": "a\u202eb"}, "name", "control_characters"),
        ({"key": "Service-Desk"}, "key", "key_taken"),
        ({"key": "with space"}, "key", "key_malformed"),
        ({"key": "x" * 41}, "key", "key_malformed"),
        ({"kind": "organization"}, "kind", "unknown_choice"),
        ({"kind": "galaxy"}, "kind", "unknown_choice"),
        ({"workflow": "no-such"}, "workflow", "unknown_choice"),
    ],
)
def test_a_bad_branch_is_refused_by_field(database, values, field, code):
    good = {"kind": "project", "name": "Good", "under": "service-quality"}
    with pytest.raises(Invalid) as error:
        add_branch(AddBranch(SYSTEM, **(good | values)))
    assert refused_fields(error)[field] == code


def test_names_in_any_script_get_keys_of_their_own(database):
    keys = [
        add_branch(AddBranch(SYSTEM, "project", name, "workplace")).key
        for name in ("服务台", "Δίκτυο", "Net & web", "Net web")
    ]
    assert keys == ["branch", "branch-2", "net-web", "net-web-2"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key": "OI"}, "key"),
        ({"key_prefix": "M"}, "key_prefix"),
        ({"key_prefix": "m-"}, "key_prefix"),
        ({"currency": "Euro"}, "currency"),
        ({"fiscal_month": 13}, "fiscal_month"),
        ({"timezone": "Mars/Base"}, "timezone"),
    ],
)
def test_a_bad_organization_is_refused_by_field(database, values, field):
    good = {"name": "Third", "key": "TH", "key_prefix": "T"}
    with pytest.raises(Invalid) as error:
        add_organization(AddOrganization(SYSTEM, **(good | values)))
    assert field in error.value.errors


def test_an_organization_brings_its_currency_with_the_right_decimals(database):
    add_organization(AddOrganization(SYSTEM, "Kyoto", "KY", currency="JPY", key_prefix="K"))
    with reading() as session:
        assert session.get(Currency, "JPY").decimals == 0
        assert session.get(Currency, "EUR").decimals == 2


def test_the_workflow_in_force_is_inherited_downward(database):
    with reading() as session:
        deep = branch_by_key(session, "first-contact")
        root = branch_by_key(session, "OI")
        assert deep.workflow_id is None
        assert workflow_id_at(session, deep.path) == root.workflow_id


def test_a_moved_branch_takes_everything_below_with_it_and_the_past_is_kept(database):
    move_branch(MoveBranch(SYSTEM, "service-quality", "OI"))
    root = branch("OI").path
    for key in ("service-quality", "service-desk", "first-contact"):
        assert branch(key).path.startswith(f"{root}{branch('service-quality').id}/")
    twin = HISTORY["branch"]
    with reading() as session:
        found = session.execute(
            select(twin).where(twin.c.key == "first-contact").order_by(twin.c.from_seq)
        ).all()
    assert len(found) == 2
    assert found[0].to_seq == found[1].from_seq
    assert verify(state=True).ok


def test_a_branch_stays_out_of_itself_and_in_its_organization(database):
    add_branch(AddBranch(SYSTEM, "program", "Northern", "NW", key="northern"))
    for key, under, code in (
        ("service-quality", "service-desk", "branch_below_itself"),
        ("service-quality", "service-quality", "branch_below_itself"),
        ("service-desk", "northern", "branch_elsewhere"),
        ("OI", "NW", "branch_elsewhere"),
    ):
        with pytest.raises(Invalid) as error:
            move_branch(MoveBranch(SYSTEM, key, under))
        assert refused_fields(error) == {"under": code}


def test_two_editors_do_not_overwrite_each_other(database, cast):
    seen = branch("service-desk").version
    rename_branch(RenameBranch(cast.administrator.origin, "service-desk", "Service point", seen))
    with pytest.raises(Stale):
        rename_branch(RenameBranch(SYSTEM, "service-desk", "Help desk", seen))
    assert branch("service-desk").name == "Service point"


def test_a_branch_in_use_is_not_archived(database, cast):
    make_proposal(cast, "first-contact")
    for key in ("first-contact", "service-desk"):
        with pytest.raises(Invalid) as error:
            archive_branch(ArchiveBranch(SYSTEM, key))
        assert refused_fields(error) == {"archived": "branch_in_use"}
    archive_branch(ArchiveBranch(SYSTEM, "workplace"))
    with pytest.raises(Invalid):
        add_branch(AddBranch(SYSTEM, "project", "Late", "workplace"))
    archive_branch(ArchiveBranch(SYSTEM, "workplace", archived=False))
    with pytest.raises(Refused):
        archive_branch(ArchiveBranch(SYSTEM, "OI"))


def test_rights_end_at_the_branch_they_were_granted_on(database, cast):
    add_branch(AddBranch(cast.lead.origin, "project", "Own", "service-quality"))
    with pytest.raises(NotFound):
        add_branch(AddBranch(cast.lead.origin, "project", "Foreign", "workplace"))
    with pytest.raises(Refused):
        add_branch(AddBranch(cast.auditor.origin, "project", "Reader", "workplace"))
    with pytest.raises(Refused):
        add_organization(AddOrganization(cast.lead.origin, "Mine", "MI", key_prefix="I"))
    with pytest.raises(NotFound):
        move_branch(MoveBranch(cast.lead.origin, "service-desk", "workplace"))


def totals_of(key, paths=None):
    with reading() as session:
        return next(row for row in roll_ups(session, tree(session, paths)) if row.node.key == key)


def test_counts_roll_up_and_stay_true_whatever_moves(database, cast):
    make_measure(cast, "identified", "first-contact")
    hold(cast, make_measure(cast, "defined", "service-desk"))
    make_proposal(cast, "service-quality")
    found = totals_of("OI").total
    assert found.counts == {"identified": 1, "defined": 1, "proposed": 1}
    assert found.count == 2
    assert found.on_hold == 1
    assert totals_of("service-desk").own.counts == {"defined": 1}
    assert totals_of("NW").total.count == 0
    assert settle_all(SYSTEM) == 0
    move_branch(MoveBranch(SYSTEM, "service-desk", "workplace"))
    assert totals_of("workplace").total.count == 2
    assert totals_of("service-quality").total.count == 0


def test_roll_ups_cover_only_the_branches_given(database, cast):
    make_measure(cast, "defined", "first-contact")
    path = branch("first-contact").path
    row = totals_of("first-contact", [path])
    assert row.total.count == 1
    assert row.node.depth == 0


def test_lists_are_set_as_a_whole_and_used_entries_stay(database, cast):
    make_proposal(cast)
    again = [ChoiceItem("service-1", "Service one"), ChoiceItem("new", "New")]
    assert set_choices(SetChoices(cast.administrator.origin, "OI", "services", again)) == 3
    with pytest.raises(Invalid) as error:
        set_choices(SetChoices(SYSTEM, "OI", "services", [ChoiceItem("new", "New")]))
    assert refused_fields(error) == {"items": "choice_in_use"}
    assert set_choices(SetChoices(SYSTEM, "OI", "services", again)) == 0
    with reading() as session:
        names = select(Choice.name).where(Choice.list == "services").order_by(Choice.position)
        assert session.scalars(names).all() == ["Service one", "New"]


@pytest.mark.parametrize(
    ("name", "items", "field"),
    [
        ("moods", [], "list"),
        ("services", [ChoiceItem("a", "A"), ChoiceItem("a", "B")], "items"),
        ("services", [ChoiceItem("a b", "A")], "items"),
        ("services", [ChoiceItem("a", "")], "items"),
    ],
)
def test_a_bad_list_is_refused(database, name, items, field):
    with pytest.raises(Invalid) as error:
        set_choices(SetChoices(SYSTEM, "OI", name, items))
    assert field in error.value.errors


def test_a_group_keeps_who_was_in_it(database, cast):
    first = [cast.sponsor.id, cast.leader.id]
    set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", first, cast.leader.id, quorum=2))
    set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", [cast.leader.id], quorum=1))
    with reading() as session:
        rows = session.execute(select(GroupMember.person_id, GroupMember.ended_at)).all()
    assert {row.person_id for row in rows if row.ended_at is None} == {cast.leader.id}
    assert {row.person_id for row in rows if row.ended_at is not None} == {cast.sponsor.id}
    assert verify(state=True).ok


def test_nobody_puts_themselves_into_a_group(database, cast):
    with pytest.raises(Refused):
        set_group(
            SetGroup(cast.administrator.origin, "OI", "committee", "Committee", [cast.administrator.id])
        )
    for values in ({"quorum": 3}, {"chair": cast.owner.id}, {"key": "a b"}, {"name": ""}):
        good = {"key": "committee", "name": "Committee", "members": [cast.leader.id]}
        with pytest.raises(Invalid):
            set_group(SetGroup(SYSTEM, "OI", **(good | values)))
    with pytest.raises(NotFound):
        set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", [99999]))


def test_the_path_of_every_branch_ends_with_its_own_id(database):
    with reading() as session:
        for row in session.scalars(select(Branch)):
            assert row.path.endswith(f"/{row.id}/")
            parent = session.get(Branch, row.parent_id) if row.parent_id else None
            assert row.path == f"{parent.path if parent else '/'}{row.id}/"


def test_r13_a_branch_form_sent_twice_adds_moves_and_renames_once(database, cast):
    by = cast.administrator.origin
    forms = [
        lambda: add_branch(AddBranch(by, "program", "Twice", "operations", action_key="a")).key,
        lambda: rename_branch(RenameBranch(by, "workplace", "Work place", 1, "b")),
        lambda: move_branch(MoveBranch(by, "workplace", "operations", 2, "c")),
        lambda: archive_branch(ArchiveBranch(by, "workplace", True, 3, "d")),
    ]
    first = [form() for form in forms]
    rows = verify().rows
    assert [form() for form in forms] == first == ["twice", None, None, None]
    assert verify().rows == rows
    with pytest.raises(KeyReused):
        rename_branch(RenameBranch(by, "workplace", "Something else", 4, "b"))
