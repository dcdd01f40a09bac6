"""`flask settle --all`: derives everything again that follows from the record."""

import click
from flask.cli import with_appcontext

from govapp.cli._say import BY_COMMAND, EverySecond, fail, in_one_line
from govapp.services.settling import settle_all


@click.command("settle")
@click.option("--all", "everything", is_flag=True, help="Every measure, in chunks.")
@with_appcontext
@in_one_line
def settle(everything: bool) -> None:
    """Derive readiness, waiting, statuses, values and totals again; prints how many cards changed (none is right)."""
    if not everything:
        fail("say --all")
    said = EverySecond()
    changed = settle_all(BY_COMMAND, lambda done, total: said("measures", done, total))
    click.echo(f"{changed} cards changed")
