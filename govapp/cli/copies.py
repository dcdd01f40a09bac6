"""`flask backup` and `flask restore`: database and files together (R46)."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from govapp.cli._say import fail
from govapp.data.copies import CopyFailed, copy_back, copy_out
from govapp.data.runtime import current
from govapp.services.audit import verify

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("backup")
@click.argument("folder", type=FOLDER)
@with_appcontext
def backup(folder: Path) -> None:
    """Copy database and files into the new or empty FOLDER while everything runs. Keep the audit key elsewhere."""
    try:
        copy_out(current().engine.url, current().files, folder)
    except (CopyFailed, OSError) as error:
        fail(str(error))
    click.echo(f"database and files are in {folder}")


@click.command("restore")
@click.argument("folder", type=FOLDER)
@with_appcontext
def restore(folder: Path) -> None:
    """Bring database and files back from FOLDER into an empty database, then check the history and every file."""
    current().engine.dispose()
    try:
        copy_back(current().engine.url, current().files, folder)
    except (CopyFailed, OSError) as error:
        fail(str(error))
    result = verify(state=True, files=True)
    if not result.ok:
        bad = result.faults[0]
        fail(f"restored, but the history is not whole: {bad.chain} {bad.sequence} {bad.code}")
    click.echo(f"restored and checked: {result.rows} rows of history are whole, every file is as recorded")
