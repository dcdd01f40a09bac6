"""`flask worker` and `flask clock`: the processes behind the web server."""

import click
from flask import current_app

from govapp.cli._say import fail
from govapp.config import Settings
from govapp.jobs.clock import run_clock
from govapp.jobs.worker import run_worker


def _settings() -> Settings:
    settings: Settings = current_app.config["GOVAPP"]
    return settings


@click.command("worker")
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
def worker(burst: bool) -> None:
    """Make reports that were asked for, one after another, until stopped."""
    settings = _settings()
    try:
        run_worker(settings.redis, settings.address, burst=burst)
    except ValueError as error:
        fail(str(error))


@click.command("clock")
def clock() -> None:
    """Deliver the outbox, look after reports, settle what has come due; until stopped."""
    settings = _settings()
    try:
        run_clock(settings.redis, settings.smtp_url, settings.mail_sender, base_url=settings.address)
    except ValueError as error:
        fail(str(error))
