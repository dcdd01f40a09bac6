"""`flask seed demo`: fills an empty database with the demonstration."""

import time

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select

from govapp.cli._say import fail
from govapp.data.engine import reading
from govapp.data.people import Person
from govapp.services.demo import seed_programme

seed = AppGroup("seed", help="Fill an empty database.")


@seed.command("demo")
def demo() -> None:
    """Play the demonstration year into an empty database (GOVAPP_ENV=demo)."""
    if current_app.config["GOVAPP"].env != "demo":
        fail("the demonstration is only for GOVAPP_ENV=demo")
    with reading() as session:
        if session.scalar(select(func.count()).select_from(Person)):
            fail("the database is not empty; the demonstration needs an empty one")
    said = [time.monotonic()]

    def progress(what: str, done: int, total: int) -> None:
        if done == total or time.monotonic() - said[0] >= 1:
            said[0] = time.monotonic()
            click.echo(f"{what}: {done} of {total}")

    left_out = seed_programme(progress)
    click.echo(f"demonstration ready; {len(left_out)} acts wait for rules that are not live yet")
