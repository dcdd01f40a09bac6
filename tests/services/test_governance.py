"""Governance sets: installed as versions, never twice, with digests the forms have too."""

import copy

import pytest
from sqlalchemy import func, select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.gates import Criterion, EvidenceKindVersion, Gate, Stage, WorkflowVersion
from govapp.data.people import Role, RolePermission
from govapp.data.rulebook import kind_version_id, rules_for
from govapp.domain.errors import Invalid, Refused
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rules import parse_rules
from govapp.services._work import now
from govapp.services.audit import verify
from govapp.services.governance import FIRST_SET, install_set, read_set
from tests.cast import SYSTEM
from tests.factories import loaded, make_measure, make_proposal


def changed_set():
    data = copy.deepcopy(read_set(FIRST_SET))
    data["set"]["version"] = 2
    data["stages"][0]["name"] = "Written down"
    data["evidence_kinds"][0]["purpose"] = "Another purpose"
    return data


def count(table, *where):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def test_the_same_set_twice_changes_nothing(database):
    before = verify().rows
    again = install_set(SYSTEM, read_set(FIRST_SET))
    assert not again.changed
    assert count(WorkflowVersion) == 1
    assert verify().rows == before


def test_a_set_is_stored_in_rows_that_say_what_the_rules_say(database):
    rules = parse_rules(read_set(FIRST_SET))
    with reading() as session:
        version = session.scalars(select(WorkflowVersion)).one()
        assert rules_for(session, version.id, "").version == rules.version
        assert parse_rules(version.definition) == rules
        assert session.scalars(select(Stage.key).order_by(Stage.position)).all() == [
            s.key for s in rules.stages
        ]
        assert set(session.scalars(select(Gate.into))) == set(rules.gates)
        wanted = sum(len(gate.criteria) for gate in rules.gates.values())
        assert session.scalar(select(func.count()).select_from(Criterion)) == wanted
        for kind in rules.kinds.values():
            assert kind_version_id(session, version.workflow_id, kind.key, kind.digest)
        for row in session.scalars(select(EvidenceKindVersion)):
            assert EvidenceKind.from_dict(row.definition).digest == row.digest


def test_measures_keep_the_version_they_started_under(database, cast):
    key = make_measure(cast, "defined")
    install_set(SYSTEM, changed_set())
    other = make_proposal(cast)
    assert loaded(key).rules.stage("defined").name == "Defined"
    assert loaded(other).rules.stage("defined").name == "Written down"
    assert count(WorkflowVersion, WorkflowVersion.state == "active") == 1
    assert verify(state=True).ok


def test_only_changed_forms_get_a_new_version(database):
    before = count(EvidenceKindVersion)
    install_set(SYSTEM, changed_set())
    assert count(EvidenceKindVersion) == before + 1


def test_an_older_set_can_be_switched_on_again_without_a_copy(database):
    install_set(SYSTEM, changed_set())
    back = install_set(SYSTEM, read_set(FIRST_SET))
    assert back.changed
    assert back.number == 1
    assert count(WorkflowVersion) == 2


def test_a_changed_role_is_a_new_version_and_counts_at_once(database, cast):
    data = read_set(FIRST_SET)
    member = next(role for role in data["roles"] if role["key"] == "member")
    member["permissions"].remove("measure:create")
    assert install_set(SYSTEM, data).roles_changed == ("member",)
    with reading() as session:
        role = session.scalars(select(Role).where(Role.key == "member")).one()
        assert role.version == 2
        actor = load_actor(session, cast.owner.id, now())
        assert not actor.holds_anywhere("measure:create")
    assert count(RolePermission, RolePermission.version == 1, RolePermission.permission == "measure:create")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda d: d.pop("stages"), "stages"),
        (lambda d: d["gates"].pop(), "exactly one gate"),
        (lambda d: d["gates"][1]["criteria"][5]["params"].update(kind="no-such-kind"), "no-such-kind"),
        (lambda d: d["gates"][1].update(steps=["no-such-step"]), "no-such-step"),
        (
            lambda d: d["evidence_kinds"][0].update(fields=[{"name": "x", "type": "colour", "label": "X"}]),
            "colour",
        ),
        (lambda d: d["roles"][0]["permissions"].append("measure:explode"), "measure:explode"),
    ],
)
def test_a_set_that_does_not_hold_together_is_refused_in_words_and_writes_nothing(database, harm, said):
    data = read_set(FIRST_SET)
    harm(data)
    before = verify().rows
    with pytest.raises(Invalid) as refused:
        install_set(SYSTEM, data)
    assert said in str(refused.value.values["problem"])
    assert verify().rows == before


def test_only_who_may_activate_installs(database, cast):
    for who in (cast.lead, cast.auditor, cast.leader):
        with pytest.raises(Refused):
            install_set(who.origin, changed_set())
    assert install_set(cast.administrator.origin, changed_set()).changed


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    for text in ("[not a mapping]", "a: [", "\x00"):
        (tmp_path / "set.yaml").write_text(text)
        with pytest.raises(Invalid):
            read_set(tmp_path / "set.yaml")
    with pytest.raises(Invalid):
        read_set(tmp_path / "nowhere.yaml")
