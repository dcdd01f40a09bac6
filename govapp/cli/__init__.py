"""COMMANDS. Thin over services."""

from flask import Flask

from govapp.cli.imports import imports
from govapp.cli.seed import seed

COMMANDS = (imports, seed)


def register(app: Flask) -> None:
    """Add every command to the application."""
    for command in COMMANDS:
        app.cli.add_command(command)
