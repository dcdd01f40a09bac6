"""COMMANDS. Thin over services."""

from flask import Flask

from govapp.cli.audit import audit
from govapp.cli.copies import backup, restore
from govapp.cli.governance import governance
from govapp.cli.imports import imports
from govapp.cli.jobs import clock, worker
from govapp.cli.operation import doctor, settings
from govapp.cli.people import user
from govapp.cli.reports import report
from govapp.cli.seed import seed
from govapp.cli.settle import settle
from govapp.cli.structure import branch, organization

COMMANDS = (
    audit, backup, branch, clock, doctor, governance, imports, organization, report, restore,
    seed, settings, settle, user, worker,
)  # fmt: skip


def register(app: Flask) -> None:
    """Add every command to the application."""
    for command in COMMANDS:
        app.cli.add_command(command)
