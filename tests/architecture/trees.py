"""Syntax trees of the program, read once for the tests that walk them."""

import ast
from functools import cache
from pathlib import Path

from govapp.config import ROOT

PACKAGE = ROOT / "govapp"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the program by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"), str(path))
    return found


def path_of(module: str) -> Path:
    """The file of a module."""
    whole = ROOT.joinpath(*module.split("."))
    return whole / "__init__.py" if whole.is_dir() else whole.with_suffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """Dotted names a tree imports, those inside functions too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def inside_functions(tree: ast.AST) -> set[str]:
    """Dotted names imported inside functions."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return set().union(*(imported(function) for function in functions)) if functions else set()
