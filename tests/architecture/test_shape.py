"""The codebase looks at itself: sizes, docstrings, who sets a stage, money, migrations, templates."""

import ast
import re

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import BigInteger, Float, Numeric

from govapp.config import ROOT
from govapp.data.base import HISTORY
from govapp.data.tables import Base
from govapp.data.types import Money
from govapp.domain.events import REQUIRED, Event, chain_of
from govapp.present.history import _SAID
from govapp.reports._templates import environment
from tests.architecture.trees import modules, path_of

MAY_SET_STAGES = {"govapp.services._stage", "govapp.services.moves"}
LONGEST_FILE = 350
LONGEST_ROUTE = 30
AMOUNTS = re.compile(r"amount|value$|run_rate|spend")


def test_files_stay_short():
    lines = {module: len(path_of(module).read_text("utf-8").splitlines()) for module in modules()}
    long = {module: number for module, number in lines.items() if number > LONGEST_FILE}
    assert not long, "split these by subject"


def test_every_module_says_what_lives_there():
    assert not [module for module, tree in modules().items() if not ast.get_docstring(tree)]


def test_public_functions_say_what_they_do():
    bare = [
        f"{module}.{node.name}"
        for module, tree in modules().items()
        if module.split(".")[1:2] in (["domain"], ["services"], ["reports"])
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not bare


def test_routes_are_short():
    for module, tree in modules().items():
        for node in ast.walk(tree) if module.startswith("govapp.web.") else ():
            if isinstance(node, ast.FunctionDef) and any(_is_route(each) for each in node.decorator_list):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= LONGEST_ROUTE, f"{module}.{node.name} has {length} lines"


def _is_route(decorator):
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "route"
    )


def test_nothing_else_sets_a_stage_or_state_of_a_measure():
    offenders = []
    for module, tree in modules().items():
        for node in ast.walk(tree):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            flat = [each for t in targets for each in (t.elts if isinstance(t, ast.Tuple) else [t])]
            for target in flat:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in {"stage", "state"}
                    and "measure" in ast.unparse(target.value)
                ):
                    offenders.append((module, node.lineno))
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("update")
                and ast.unparse(node).startswith("update(Measure)")
            ):
                offenders.append((module, node.lineno))
    assert {module for module, _line in offenders} <= MAY_SET_STAGES, offenders


def test_every_amount_is_an_integer_of_minor_units():
    for table in Base.metadata.tables.values():
        for column in table.columns:
            kind = column.type
            assert not isinstance(kind, Float | Numeric), (
                f"{table.name}.{column.name} would be stored as a float"
            )
            if isinstance(kind, Money):
                assert isinstance(kind.impl_instance, BigInteger)
            elif AMOUNTS.search(column.name):
                assert column.name in {"values", "value"} or isinstance(kind, Money), (
                    f"{table.name}.{column.name}"
                )


def test_what_changes_and_a_report_may_read_is_kept_by_sequence():
    must = {
        "measure",
        "branch",
        "part",
        "grant",
        "milestone",
        "risk",
        "dependency",
        "status_entry",
        "effect_value",
        "person",
        "organization",
        "choice",
    }
    assert must <= HISTORY.keys()


def test_evidence_and_votes_carry_on_behalf_of_from_the_start():
    for name in ("evidence_revision", "vote", "audit_log", "review", "status_entry"):
        assert "on_behalf_of" in Base.metadata.tables[name].columns


def test_there_is_one_migration_head_and_files_are_numbered_and_named():
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    names = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert names
    for number, name in enumerate(names, 1):
        assert re.fullmatch(rf"{number:04d}_[a-z_]+\.py", name), name
    assert Config(str(ROOT / "migrations" / "alembic.ini"))


def test_every_event_has_a_sentence_and_a_chain():
    assert set(_SAID) == set(Event)
    assert all(chain_of(event) in {"business", "security"} for event in Event)
    assert set(REQUIRED) <= set(Event)


def test_every_template_compiles(app: Flask):
    folder = ROOT / "templates"
    names = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".html", ".jinja", ".txt"} and path.is_file()
    ]
    assert names
    for name in names:
        printed = name.startswith(("pdf/", "charts/"))
        (environment() if printed else app.jinja_env).get_template(name)


FORBIDDEN = {
    r"\bstyle=": "inline styles are forbidden by the CSP",
    r"<style\b": "styles belong into app.css",
    r"<script(?![^>]*\bsrc=)": "inline scripts are forbidden by the CSP",
    r"\bhx-on\b": "hx-on is eval",
    r"\|\s*safe\b": "escaping is the only real wall (R32)",
    r"\bon(click|load|submit|change)=": "inline handlers are forbidden by the CSP",
}


@pytest.mark.parametrize("pattern", sorted(FORBIDDEN))
def test_r32_templates_keep_to_what_the_csp_allows(pattern):
    for path in (ROOT / "templates").rglob("*.html"):
        if "pdf" in path.parts or "charts" in path.parts:
            continue
        found = re.search(pattern, re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL))
        assert not found, f"{path.relative_to(ROOT)}: {FORBIDDEN[pattern]}"


def test_every_element_that_htmx_reads_carries_the_nonce():
    for path in (ROOT / "templates").rglob("*.html"):
        for tag in re.findall(
            r"<[a-z][^>]*\bhx-(?:get|post|put|delete|patch)=[^>]*>", path.read_text("utf-8")
        ):
            assert "hx-nonce" in tag, f"{path.relative_to(ROOT)}: {tag}"


def test_nothing_is_left_for_later_and_no_lint_is_switched_off_without_a_code():
    for path in [*ROOT.glob("govapp/**/*.py"), *ROOT.glob("migrations/**/*.py"), *ROOT.glob("bin/*.py")]:
        text = path.read_text("utf-8")
        assert not re.search(r"\b(TODO|FIXME|XXX)\b", text), path
        assert not re.search(r"#\s*type:\s*ignore(?!\[)", text), path
        assert not re.search(r"#\s*noqa(?!: ?[A-Z])", text), path
