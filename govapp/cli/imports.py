"""`flask import measures`: brings measures in from a CSV file by a mapping, or says what it would do."""

import gc
import time
from pathlib import Path
from typing import Any

import click
import yaml
from flask.cli import AppGroup

from govapp.cli._say import fail
from govapp.domain.errors import GovappError
from govapp.domain.imports import FileRefused, Mapping, MappingError, Problem, read_names
from govapp.domain.measures import CHOSEN, TEXTS
from govapp.domain.money import from_minor
from govapp.present.errors import sentence_of
from govapp.present.imports import problem_sentence, refusal_sentence
from govapp.present.measures import word
from govapp.services._work import Origin
from govapp.services.imports import ImportMeasures, ImportResult, RowResult, import_measures

imports = AppGroup("import", help="Bring data in from files.")
SHOWN = 40


@imports.command("measures")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--under", required=True, help="Key of the branch the measures come under.")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What the columns mean (demo/mappings/README.md); without it, columns are called as our fields.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@click.option(
    "--all", "show_all", is_flag=True, help="Show every changed and refused row, not the first ones."
)
def measures(file: Path, under: str, mapping: Path | None, dry_run: bool, show_all: bool) -> None:
    """Import measures from FILE (CSV in any usual encoding, also .gz)."""
    data = _read(file)
    meaning = _mapping(mapping) if mapping else _own_columns(data)
    command = ImportMeasures(Origin(None, "cli"), file.name, data, under, meaning, dry_run)
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # this process makes rows: looking for cycles so often cost it a fifth
    said = [time.monotonic()]

    def progress(phase: str, done: int, total: int, refused: int) -> None:
        if time.monotonic() - said[0] >= 1:
            said[0] = time.monotonic()
            of = f" of {total}" if total else ""
            click.echo(f"{phase}: {done}{of} rows, {refused} refused", err=True)

    try:
        result = import_measures(command, progress)
    except FileRefused as error:
        fail(refusal_sentence(error))
    except MappingError as error:
        fail(f"{mapping or 'mapping'}: {error}")
    except GovappError as error:
        fail(sentence_of(error.code, error.values))
    _show(result, dry_run, show_all)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error}")


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        fail(f"{path} cannot be read: {error}")
    if not isinstance(content, dict):
        fail(f"{path} must hold keys and values")
    return content


OWN_COLUMNS: dict[str, Any] = {
    "name": "Our own columns",
    "source": "file",
    "encoding": "auto",
    "key": "key",
    "title": "title",
    "match": "key_then_name",
    "fields": {name: {"column": name} for name in (*TEXTS, *CHOSEN) if name != "title"},
}


def _own_columns(data: bytes) -> dict[str, Any]:
    """The mapping for a file whose columns are called as our fields; it may lack any but `title`."""
    try:
        next(read_names(Mapping.from_dict(OWN_COLUMNS), data), None)
    except FileRefused as refused:
        found = {name.strip().casefold() for name in refused.found}
        fields = {name: rule for name, rule in OWN_COLUMNS["fields"].items() if name in found}
        own = OWN_COLUMNS | {"fields": fields}
        if "key" not in found:
            own = {name: value for name, value in own.items() if name != "key"} | {"match": "name"}
        return own
    return OWN_COLUMNS


def _show(result: ImportResult, dry_run: bool, show_all: bool) -> None:
    shown = result.shown if show_all else result.shown[:SHOWN]
    for row in shown:
        for line in _lines(row):
            click.echo(line)
    if len(result.shown) > len(shown):
        click.echo(f"... and {len(result.shown) - len(shown)} more rows; --all shows them")
    would = "would be " if dry_run else ""
    if result.newer and result.changed:
        click.echo(
            f"Warning: values of {result.newer} from the same source {would or 'were '}overwritten by this older file",
            err=True,
        )
    resumed = ", continued where an earlier run stopped" if result.resumed else ""
    click.echo(
        f"{result.rows} rows: {result.added} {would}added, {result.changed} {would}changed, "
        f"{result.unchanged} unchanged, {result.refused} refused{resumed}"
    )


def _lines(row: RowResult) -> list[str]:
    if row.state == "refused":
        return [problem_sentence(Problem(*problem)) for problem in row.problems]
    return [
        f"row {row.number}, {row.key} {row.name}: " + "; ".join(_change(change) for change in row.changes)
    ]


def _change(change: list[Any]) -> str:
    what, name, old, new, *more = change
    label = f"{name} ({more[0]})" if what in {"amount", "milestone"} and more else name
    if what == "amount":
        unit = more[1]
        old, new = (
            None if amount is None else f"{from_minor(amount, unit):,} {unit or 'FTE'}"
            for amount in (old, new)
        )
    if what == "status":
        reason, before = (*more, None)[:2]
        if old == new:
            label, old, new = f"{name}, reason", before, reason
        else:
            old, new = (old and word("colour", old), word("colour", new))
    return f"{label}: {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    if value in (None, ""):
        return "nothing"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
