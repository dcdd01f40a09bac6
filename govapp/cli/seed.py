"""`flask seed demo`: fills an empty database with the demonstration."""

import time

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select

from govapp.cli._say import fail
from govapp.data.engine import reading
from govapp.data.people import Person
from govapp.data.settings import DEMO_DONE, is_demo, setting
from govapp.services.demo import seed_programme

seed = AppGroup("seed", help="Fill an empty database.")


@seed.command("demo")
def demo() -> None:
    """Play the demonstration year into an empty database (GOVAPP_ENV=demo)."""
    if current_app.config["GOVAPP"].env != "demo":
        fail("the demonstration is only for GOVAPP_ENV=demo")
    with reading() as session:
        if setting(session, DEMO_DONE) == "1":
            click.echo("the demonstration is there already")
            return
        if is_demo(session):
            fail(
                "an earlier demonstration was interrupted; remove the database (var/govapp.db) and start again"
            )
        if session.scalar(select(func.count()).select_from(Person)):
            fail("the database is not empty; the demonstration needs an empty one")
    said = [time.monotonic()]

    def progress(what: str, done: int, total: int) -> None:
        if done == total or time.monotonic() - said[0] >= 1:
            said[0] = time.monotonic()
            click.echo(f"{what}: {done} of {total}")

    left_out = seed_programme(progress)
    for line in left_out:
        click.echo(f"not as in the file: {line}", err=True)
    click.echo("demonstration ready")
