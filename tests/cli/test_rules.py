"""`flask rules`: drafts, checks, switching on, bringing measures over, by file and command."""

import copy

import pytest
import yaml

from govapp.services.governance import FIRST_SET, read_set
from tests.cli.test_commands import refused
from tests.factories import loaded, make_measure


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=words)


@pytest.fixture
def file(tmp_path):
    """A file of the standard set as its next version, changed by a function."""

    def written(harm=lambda data: None, version=2):
        data = copy.deepcopy(read_set(FIRST_SET))
        data["set"]["version"] = version
        harm(data)
        path = tmp_path / f"set-{version}.yaml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        return str(path)

    return written


def without_question(data):
    data["gates"][0]["question"] = ""


def test_a_version_lives_by_command_alone(run, file, cast):
    key = make_measure(cast, "defined")
    assert "version 2, is kept as a draft" in run("rules", "draft", file(), "--note", "Next year's").output
    assert "2  draft  0 measures" in run("rules", "list").output
    checked = run("rules", "check", "2")
    assert checked.exit_code == 0
    assert "warning: Evidence kind sustain-check is asked for by nothing." in checked.output
    assert run("rules", "activate", "2", "--reason", "Agreed").output == "version 2 is now active\n"
    preview = run("rules", "migrate", "2", "--all", "--dry-run").output
    assert f"{key}  from version 1  Nothing at its next gate." in preview
    assert loaded(key).rules.version == 1
    done = run("rules", "migrate", "2", "--measure", key.lower(), "--reason", "One set for all")
    assert done.output == "1 brought to version 2, 0 refused, 0 there already\n"
    assert loaded(key).rules.version == 2


def test_faults_are_all_said_and_keep_it_off(run, file):
    made = run("rules", "draft", file(without_question))
    assert "fault: The gate into defined asks no question." in made.output
    assert run("rules", "check", "2").exit_code == 1
    assert run("rules", "check", file(without_question)).exit_code == 1
    off = run("rules", "activate", "2", "--reason", "All the same")
    assert off.exit_code == 1
    assert "asks no question" in off.stderr and off.stderr.splitlines()[-1].startswith(
        "Error: The check finds faults (1)"
    )
    assert "is kept as a draft" in run("rules", "draft", file(), "--replace", "2").output
    assert run("rules", "activate", "2", "--reason", "Mended").exit_code == 0


def test_installing_a_faulty_file_says_each_fault(run, file):
    answer = run("governance", "install", file(without_question))
    assert answer.exit_code == 1
    assert "asks no question" in answer.stderr


def test_a_draft_is_copied_and_thrown_away(run):
    assert run("rules", "draft", "--copy", "1").exit_code == 0
    assert run("rules", "discard", "2").output == "version 2 is thrown away\n"
    assert "no version 2" in refused(run("rules", "discard", "2"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("draft",), "give a FILE"),
        (("draft", "nowhere.yaml"), "cannot be read"),
        (("check", "7"), "no version 7"),
        (("activate", "1", "--reason", "Again"), "switched on already"),
        (("activate", "1"), "reason"),
        (("migrate", "1", "--all", "--reason", "Because"), "None of these measures"),
        (("migrate", "1", "--reason", "Because"), "Say which measures"),
        (("migrate", "1", "--under", "nowhere", "--reason", "Because"), "no branch nowhere"),
        (("discard", "1"), "switched on once"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run, words, said):
    assert said in refused(run("rules", *words))


def test_a_draft_is_tried_on_what_was_decided(run, file, cast):
    make_measure(cast, "identified")

    def longer(data):
        data["gates"][1]["criteria"][0]["params"] = {"part": "finance_contact"}
        data["approval_steps"][1]["name"] = "Word of the sponsor"
        data["gates"][1]["steps"] = ["sponsor-decision", "controller-check"]

    run("rules", "draft", file(longer))
    said = run("rules", "replay", "2", "--last", "50").output
    assert "to advance into Identified: allowed then, would still wait for approvals now" in said
    assert "One more step: Controller's check of the numbers." in said
    assert said.splitlines()[-1].endswith("0 not reproduced")
    assert "no version 9" in refused(run("rules", "replay", "9"))


@pytest.mark.parametrize("word", ["replay", "draft", "check", "list", "activate", "migrate", "discard"])
def test_every_command_explains_itself(run, word):
    answer = run("rules", word, "--help")
    assert answer.exit_code == 0
    assert "Usage:" in answer.output
