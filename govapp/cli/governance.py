"""`flask governance install`: gates, forms, roles and deciders from a file."""

from pathlib import Path

import click
from flask.cli import AppGroup

from govapp.cli._say import BY_COMMAND, in_one_line
from govapp.services.governance import STANDARD_SET, install_set, read_set

governance = AppGroup("governance", help="Gates, forms and rules as data.")


@governance.command("install")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=STANDARD_SET)
@in_one_line
def install(file: Path) -> None:
    """Install FILE (default: the standard set) as the next version and switch it on; the same file changes nothing."""
    done = install_set(BY_COMMAND, read_set(file))
    what = "is now active" if done.changed else "was active already"
    click.echo(f"{done.workflow}, version {done.number}, {what}")
