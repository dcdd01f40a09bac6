"""Every code with which a verb or a form refuses has a sentence: nobody reads `parts_invalid`."""

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from govapp import present
from govapp.present import errors, measures
from govapp.present.reviews import field_errors

ROOT = Path(present.__file__).parent.parent
# The import tells its refusals by row and column in sentences of its own (present/imports.py).
ELSEWHERE = {"import_invalid"}


def heads() -> set[str]:
    """First arguments of `raise Invalid(...)` and `raise Stale(...)` in services and web."""
    found = set()
    for path in (*ROOT.glob("services/**/*.py"), *ROOT.glob("web/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
                continue
            called = node.exc
            if isinstance(called.func, ast.Name) and called.func.id in {"Invalid", "Stale"} and called.args:
                first = called.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def test_every_refusal_of_what_was_typed_has_a_sentence() -> None:
    for module in iter_modules(present.__path__):
        import_module(f"{present.__name__}.{module.name}")
    assert len(heads()) > 20
    assert heads() - ELSEWHERE <= set(errors.SENTENCES)


def test_a_fault_names_its_field_or_part_as_the_form_does() -> None:
    assert measures.field_word("owner") == "Owner"
    assert measures.field_word("finance_contact") == "Finance contact"
    assert measures.field_word("plan_date") == "Planned"
    assert field_errors({"reason": ["comment_needed"]}) == {"reason": ["Write your comment."]}


def test_the_key_of_a_branch_and_the_key_of_a_measure_are_refused_in_their_own_words() -> None:
    assert "M-142" not in errors.sentence_of("key_malformed")
    assert "M-142" in errors.sentence_of("measure_key_malformed")
