"""COMMANDS. Thin over services. Loaded when a command is asked for, so that web processes never carry them."""

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

# command -> its module and name there
COMMANDS = {
    "audit": "audit:audit",
    "backup": "copies:backup",
    "branch": "structure:branch",
    "clock": "jobs:clock",
    "doctor": "operation:doctor",
    "governance": "governance:governance",
    "import": "imports:imports",
    "organization": "structure:organization",
    "report": "reports:report",
    "restore": "copies:restore",
    "rules": "governance:rules",
    "seed": "seed:seed",
    "settings": "operation:settings",
    "settle": "settle:settle",
    "user": "people:user",
    "worker": "jobs:worker",
}
DATABASE = "db"


class Commands(AppGroup):
    """The application's commands by name."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self._app = app

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return sorted({*super().list_commands(ctx), *COMMANDS, DATABASE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module loaded now; wrong use of it is told in one line."""
        if cmd_name == DATABASE and DATABASE not in self.commands:
            import_module("govapp.cli.database").install(self._app)
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            found: click.Command | None = getattr(import_module(f"govapp.cli.{module}"), name)
        else:
            found = super().get_command(ctx, cmd_name)
        if found is not None and "invoke" not in vars(found):
            in_one_line = import_module("govapp.cli._say").in_one_line
            for step in ("make_context", "invoke"):
                setattr(found, step, in_one_line(getattr(found, step)))
        return found


def register(app: Flask) -> None:
    """Give the application its commands."""
    app.cli = Commands(app)
