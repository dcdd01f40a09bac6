"""`flask report make`: a report straight into a file, without the queue."""

from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from govapp.cli._say import fail, in_one_line
from govapp.jobs.report_data import gather_now
from govapp.jobs.reports import make
from govapp.reports.paper import RenderError

report = AppGroup("report", help="Reports as PDF.")


@report.command("make")
@click.argument("kind", type=click.Choice(["dossier", "branch"]))
@click.option("--branch", "branch", help="Key of the branch of a branch report.")
@click.option("--measure", "measure", help="Key of the measure of a dossier.")
@click.option("--as-of", "as_of", help="The end of this day (2026-11-30) instead of now.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@in_one_line
def make_report(kind: str, branch: str | None, measure: str | None, as_of: str | None, file: Path) -> None:
    """Write the dossier of a measure or the report of a branch to FILE; with links where GOVAPP_BASE_URL is set."""
    key = measure if kind == "dossier" else branch
    if not key:
        fail(f"a {kind} report needs --{'measure' if kind == 'dossier' else 'branch'} KEY")
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        fail(f"{as_of} is no day: write it as 2026-11-30")
    try:
        made = make(gather_now(kind, key, day, current_app.config["GOVAPP"].base_url))
    except RenderError as error:
        fail(str(error))
    file.write_bytes(made.data)
    click.echo(f"{file}: {made.pages} pages, content {made.content_hash}")
