"""Imports go one way (architecture.md): a walk over the syntax trees."""

import ast
import sys

import pytest

from tests.architecture.trees import imported, inside_functions, modules

MAY = {
    "domain": {"domain"},
    "forms": {"forms", "domain"},
    "data": {"data", "domain", "config"},
    "services": {"services", "data", "forms", "domain", "config"},
    "present": {"present", "domain"},
    "reports": {"reports", "present", "domain", "config"},
    "jobs": {"jobs", "services", "data", "reports", "present", "domain", "config"},
    "web": {"web", "services", "data", "forms", "present", "domain", "config", "extensions"},
    "cli": {"cli", "jobs", "services", "data", "reports", "present", "forms", "domain", "config"},
    "config": set(),
    "extensions": set(),
}
# domain is the standard library only; these packages stay at the edges
ONLY_IN = {
    "flask": {"web", "cli", "extensions", "jobs", "govapp"},
    "sqlalchemy": {"data", "services", "cli", "web", "jobs", "govapp"},
    "wtforms": {"forms", "web"},
    "weasyprint": {"reports"},
    "rq": {"jobs"},
    "redis": {"jobs", "cli"},
}


def layer(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "application" else "govapp"


def test_imports_go_one_way():
    breaches = []
    for module, tree in modules().items():
        mine = layer(module)
        if mine != "govapp":
            others = {layer(name) for name in imported(tree) if name.startswith("govapp.")}
            breaches += [f"{module} imports from {each}" for each in sorted(others - MAY[mine])]
    assert not breaches


def test_the_domain_needs_the_standard_library_only():
    for module, tree in modules().items():
        tops = {name.split(".")[0] for name in imported(tree)} if layer(module) == "domain" else set()
        foreign = tops - {"govapp"} - set(sys.stdlib_module_names)
        assert not foreign, f"{module} imports {sorted(foreign)}"


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_packages_stay_in_their_rooms(package):
    users = {
        module
        for module, tree in modules().items()
        if any(name.split(".")[0] == package for name in imported(tree))
    }
    assert {layer(module) for module in users} <= ONLY_IN[package], sorted(users)


def test_no_import_inside_a_function_dodges_a_cycle():
    for module, tree in modules().items():
        dodging = {name for name in inside_functions(tree) if name.startswith("govapp")}
        assert not dodging, f"{module} imports {sorted(dodging)} inside a function"


def test_weasyprint_is_imported_in_one_place():
    users = [
        name
        for name, tree in modules().items()
        if any(n.split(".")[0] == "weasyprint" for n in imported(tree))
    ]
    assert all(name.startswith("govapp.reports.") for name in users)
    for name in users:
        top = {
            n
            for node in modules()[name].body
            for n in imported(node)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert not {n for n in top if n.split(".")[0] == "weasyprint"}, (
            f"{name} imports it when it is itself imported"
        )


def test_the_domain_reads_no_clock():
    for module, tree in modules().items():
        if layer(module) != "domain":
            continue
        calls = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"now", "utcnow", "today", "time", "monotonic"}, module
