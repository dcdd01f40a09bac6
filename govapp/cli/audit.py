"""`flask audit ...`: verify, anchor and export the history."""

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from govapp.cli._say import BY_COMMAND, EverySecond, fail, in_one_line
from govapp.present.audit import chain_name, csv_lines, fault_sentence, json_lines
from govapp.services.audit import anchor, exported_rows, record_export, record_verification, verify

audit = AppGroup("audit", help="The history: verify, anchor, export.")
FILE = click.Path(path_type=Path, dir_okay=False)


@audit.command("verify")
@click.option(
    "--anchor", "anchored", type=FILE, help="File made by `audit anchor`: finds a history cut off since."
)
@click.option("--state", is_flag=True, help="Also replay the history against the tables.")
@click.option("--files", is_flag=True, help="Also hash stored files again.")
@in_one_line
def verify_history(anchored: Path | None, state: bool, files: bool) -> None:
    """Read both chains from the first row; name the first row that is not as it was written (exit status 1)."""
    kept = _read_anchor(anchored) if anchored else None
    result = verify(anchor=kept, state=state, files=files, progress=EverySecond())
    record_verification(BY_COMMAND, result)
    if result.first_bad:
        bad = result.first_bad
        more = f" ({len(result.faults) - 1} more)" if len(result.faults) > 1 else ""
        fail(fault_sentence(bad.chain, bad.sequence, bad.code, bad.detail) + more)
    for chain, (sequence, mac) in result.heads.items():
        click.echo(f"{chain_name(chain)} (chain {chain}): whole, {sequence} rows, head {mac}")
    if result.redacted:
        click.echo(f"{result.redacted} contents were removed by logged acts")


@audit.command("anchor")
@click.argument("file", type=FILE, required=False)
@in_one_line
def anchor_heads(file: Path | None) -> None:
    """Write the heads of both chains to FILE (or print them). Keep them outside this machine."""
    text = json.dumps(anchor(BY_COMMAND), indent=2) + "\n"
    if file is None:
        click.echo(text, nl=False)
        return
    file.write_text(text, "utf-8")
    click.echo(f"anchored in {file}")


@audit.command("export")
@click.argument("file", type=FILE)
@click.option(
    "--form", type=click.Choice(["csv", "json"]), help="Without it, what the file's name ends with."
)
@in_one_line
def export(file: Path, form: str | None) -> None:
    """Write the whole history to FILE as CSV, or as JSON with one row a line. Never overwrites."""
    form = form or ("json" if file.suffix in {".json", ".jsonl"} else "csv")
    with file.open("x", encoding="utf-8", newline="") as target:
        record_export(BY_COMMAND, form, {})
        rows = exported_rows()
        lines = csv_lines(rows) if form == "csv" else json_lines(rows)
        count = 0
        for count, line in enumerate(lines, 0 if form == "csv" else 1):  # noqa: B007 - the number is wanted after the end
            target.write(line)
    click.echo(f"{count} rows written to {file}")


def _read_anchor(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        fail(f"{file} is no anchor: it must be what `audit anchor` wrote")
    return found
