"""Commands: thin, and one line on stderr with status 1 when something is wrong."""

import gzip
import json
import re

import pytest

from govapp.data.engine import reading
from govapp.data.people_queries import anybody
from govapp.reports.paper import RenderError
from govapp.services.audit import verify
from tests.conftest import make_app
from tests.factories import make_measure


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def one(*words, typed=None):
        return runner.invoke(args=words, input=typed)

    return one


@pytest.fixture
def run_empty(empty_app):
    runner = empty_app.test_cli_runner()
    return lambda *words, typed=None: runner.invoke(args=words, input=typed)


def refused(result):
    """The one line a refused command says."""
    assert result.exit_code == 1, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    return lines[0]


COMMANDS = [
    "user add", "user role", "user disable", "user enable", "user password", "user setup-token", "branch add",
    "branch list", "organization add", "settings", "doctor", "settle", "audit verify", "audit anchor", "audit export",
    "governance install", "import measures", "seed demo",
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help(run, words):
    result = run(*words.split(), "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


def test_an_installation_is_made_by_commands_alone(run_empty):
    assert run_empty("organization", "add", "Otter", "--key", "OT", "--prefix", "T").exit_code == 0
    assert run_empty("branch", "add", "program", "Service quality").exit_code == 0
    assert (
        run_empty("branch", "add", "project", "Desk", "--under", "service-quality", "--key", "desk").exit_code
        == 0
    )
    added = run_empty(
        "user",
        "add",
        "Ann@Example.test",
        "--name",
        "Ann Other",
        "--password-stdin",
        typed="walnut-harbour-9\n",
    )
    assert added.output == "Ann@Example.test added\n"
    assert run_empty("user", "role", "ann@example.test", "administrator").exit_code == 0
    assert (
        run_empty(
            "user", "role", "ann@example.test", "member", "--branch", "desk", "--until", "2099-12-31"
        ).exit_code
        == 0
    )
    listed = run_empty("branch", "list").output
    assert "    desk  Desk (project)" in listed
    assert verify(state=True).ok


def test_the_first_administrators_token_is_printed_only_while_nobody_is_there(run_empty):
    result = run_empty("user", "setup-token")
    assert result.exit_code == 0
    assert re.fullmatch(r"[\w-]{32}", result.output.splitlines()[-1])
    with reading() as session:
        assert not anybody(session)


def test_a_token_is_refused_once_somebody_is_there(run):
    assert refused(run("user", "setup-token"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "owner@example.test", "--name", "Twin"), "exists already"),
        (("user", "add", "nonsense", "--name", "N"), "looks like name@"),
        (("user", "role", "nobody@example.test", "member", "--branch", "OI"), "nobody has the e-mail"),
        (("user", "role", "owner@example.test", "wizard", "--branch", "OI"), "role: there is no such one"),
        (
            ("user", "role", "owner@example.test", "member", "--branch", "NOPE"),
            "branch: there is no such one",
        ),
        (("user", "role", "owner@example.test", "member"), "--branch"),
        (("user", "disable", "nobody@example.test"), "nobody has the e-mail"),
        (("branch", "add", "program", "X", "--under", "nowhere"), "there is no branch nowhere"),
        (("branch", "add", "program", "X", "--under", "service-desk"), "higher kind"),
        (("audit", "verify", "--anchor", "/nowhere.json"), "No such file"),
        (("governance", "install", "/nowhere.yaml"), "cannot be read"),
        (("settle",), "--all"),
        (("settle", "--some"), "No such option"),
        (("user", "role", "owner@example.test"), "Missing argument"),
        (("branch", "add", "planet", "X"), "planet"),
        (("user", "marry"), "No such command"),
        (("db", "upgrade", "--fast"), "No such option"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, words, said):
    assert said in refused(run(*words))


def test_a_database_that_is_not_migrated_says_what_to_do(tmp_path):
    runner = make_app(f"sqlite:///{tmp_path / 'bare.db'}", tmp_path / "files").test_cli_runner()
    assert "db upgrade" in refused(runner.invoke(args=("user", "setup-token")))
    doctor = runner.invoke(args=("doctor",))
    assert doctor.exit_code == 1
    assert re.search(r"migrations +PROBLEM.*db upgrade", doctor.output)


def test_a_weak_password_is_refused_and_a_made_one_is_printed_once(run):
    assert "At least 8" in refused(
        run("user", "password", "owner@example.test", "--password-stdin", typed="short\n")
    )
    made = run("user", "password", "owner@example.test").output
    assert re.search(r"new password: \S{12,}\n", made)


def test_a_disabled_person_is_enabled_again(run):
    assert run("user", "disable", "owner@example.test").exit_code == 0
    assert run("user", "enable", "owner@example.test").exit_code == 0


def test_r19_verify_anchors_and_names_the_first_bad_row(run, cast, tmp_path, sqlite):
    make_measure(cast, "defined")
    file = tmp_path / "anchor.json"
    assert run("audit", "anchor", str(file)).exit_code == 0
    assert json.loads(file.read_text())["heads"][0]["chain"] == "business"
    result = run("audit", "verify", "--state", "--files", "--anchor", str(file))
    assert result.exit_code == 0, result.stderr
    assert "whole" in result.output
    with sqlite.connect().execution_options(govapp_write=True) as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER audit_log_no_update")
        connection.exec_driver_sql(
            "UPDATE audit_log SET actor = 'x' WHERE chain = 'business' AND sequence = 17"
        )
    assert "record #17" in refused(run("audit", "verify"))


@pytest.mark.parametrize("name", ["log.csv", "log.json"])
def test_r20_an_export_is_whole_and_never_overwrites(run, tmp_path, name):
    result = run("audit", "export", str(tmp_path / name))
    written = len((tmp_path / name).read_text("utf-8").splitlines()) - (name == "log.csv")
    assert result.output.startswith(f"{written} rows written")
    assert "exists" in refused(run("audit", "export", str(tmp_path / name)))


def test_settling_everything_again_changes_nothing(run, cast):
    make_measure(cast, "identified")
    assert run("settle", "--all").output == "0 cards changed\n"


def test_r44_settings_are_printed_with_secrets_hidden(run):
    text = run("settings").output
    assert "GOVAPP_SECRET_KEY=********" in text
    assert "tests, 0123456789" not in text
    assert re.search(r"GOVAPP_PORT=8000  \(\S+\) .*port", text)


def test_doctor_says_in_one_line_each_what_is_well(run):
    lines = run("doctor").output.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == ["database", "migrations", "valkey", "pango", "fonts", "mail", "disk", "secrets"]
    assert all(line.split()[1] in {"ok", "PROBLEM"} for line in lines)
    assert lines[0].split()[1] == lines[1].split()[1] == "ok"
    assert "reports wait" in lines[2]


def test_the_standard_gates_are_installed_once(run):
    assert "version 2, is now active" in run("governance", "install").output
    assert "was active already" in run("governance", "install").output


def test_an_import_says_amounts_in_their_unit_and_reads_packed_files(run, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "{name: Plain, source: list, encoding: utf-8, key: id, title: name, amounts: ["
        "{line: Yen, kind: cash, category: x, timing: one_off, series: forecast, column: yen, currency: JPY},"
        "{line: Posts, kind: fte, category: x, timing: one_off, series: forecast, column: posts}]}"
    )
    lists = []
    for year, row in enumerate(("A1,First,1000,1.5", "A1,First,2000,2.25")):
        lists.append(tmp_path / f"list-{year}.csv.gz")
        lists[-1].write_bytes(gzip.compress(f"id,name,yen,posts\n{row}\n".encode()))
    told = ("--under", "service-desk", "--mapping", str(mapping))
    assert "1 rows: 1 added" in run("import", "measures", str(lists[0]), *told).output
    changed = run("import", "measures", str(lists[1]), *told).output
    assert "Yen (forecast): 1,000 JPY -> 2,000 JPY" in changed
    assert "Posts (forecast): 1.5000 FTE -> 2.2500 FTE" in changed
    lists[0].write_bytes(lists[0].read_bytes()[:20])
    broken = run("import", "measures", str(lists[0]), *told)
    assert broken.exit_code == 1
    assert "damaged or cut off" in broken.output + broken.stderr


def test_without_a_mapping_columns_are_called_as_our_fields_and_only_the_title_is_needed(run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Title;business_unit\nFaster answers;business-unit-1\n", encoding="utf-8")
    assert (
        "1 rows: 1 would be added"
        in run("import", "measures", str(file), "--under", "service-desk", "--dry-run").output
    )
    file.write_text("heading;service\nFaster answers;\n", encoding="utf-8")
    assert "title" in refused(run("import", "measures", str(file), "--under", "service-desk"))


def test_an_import_says_in_words_which_status_or_which_reason_would_change(run, tmp_path):
    file, mapping = tmp_path / "list.csv", tmp_path / "mapping.yaml"
    mapping.write_text(
        "{name: L, source: l, encoding: utf-8, match: name, title: title, statuses: [{kind: implementation, column: s,"
        " reason: why, values: {A: yellow, R: red}}]}",
        encoding="utf-8",
    )

    def brought(row, *more):
        file.write_text(f"title,s,why\nFaster answers,{row}\n", encoding="utf-8")
        words = ("import", "measures", str(file), "--under", "service-desk", "--mapping", str(mapping), *more)
        return run(*words).output

    brought("A,Late parts")
    assert "implementation, reason: Late parts -> Later parts" in brought("A,Later parts", "--dry-run")
    assert "implementation: At risk -> Off track" in brought("R,Later parts", "--dry-run")


def test_a_report_made_by_command_prints_no_address_that_nobody_set(run, tmp_path, monkeypatch):
    seen = []

    def gathered(*asked):
        seen.append(asked[-1])
        raise RenderError("enough")

    monkeypatch.setattr("govapp.cli.reports.gather_now", gathered)
    refused(run("report", "make", "branch", "--branch", "OI", str(tmp_path / "a.pdf")))
    assert seen == [""]


def test_plan_rates_are_set_by_command_and_what_is_no_rate_is_said_in_one_line(run, cast):
    done = run("organization", "rates", "OI", "USD=0.92", "GBP=1.17", "--from", "2026-01-01")
    assert (done.exit_code, done.output) == (0, "2 of 2 rates changed\n")
    again = run("organization", "rates", "OI", "USD=0.92", "--from", "2026-01-01")
    assert again.output == "0 of 1 rates changed\n"
    for wrong, why in (("USD=lots", "is not a rate"), ("USD", "names no rate"), ("EUR=1", "own currency")):
        assert why in refused(run("organization", "rates", "OI", wrong, "--from", "2026-01-01"))
