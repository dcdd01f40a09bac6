"""`flask user ...`: people, their roles and passwords, and the token of the first start."""

import sys
from datetime import date, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from govapp.cli._say import BY_COMMAND, fail, in_one_line, person_id
from govapp.data.engine import reading
from govapp.data.structure_queries import root_keys
from govapp.services.grants import GrantRole, grant_role
from govapp.services.passwords import generated
from govapp.services.people import (
    AddPerson,
    PersonCommand,
    SetPassword,
    add_person,
    disable_person,
    enable_person,
    set_password,
)
from govapp.services.setup import make_setup_token

user = AppGroup("user", help="People, their roles and passwords.")
PASSWORD_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@click.option("--title", default="", help="What the person does.")
@PASSWORD_STDIN
@in_one_line
def add(email: str, name: str, title: str, password_stdin: bool) -> None:
    """Add a person. Without --password-stdin a password is made and printed once."""
    password = _read_password() if password_stdin else generated()
    add_person(AddPerson(BY_COMMAND, email, name, title, password))
    click.echo(f"{email} added" + ("" if password_stdin else f" with the password {password}"))


@user.command("role")
@click.argument("email")
@click.argument("role")
@click.option(
    "--branch", default="", help="Key of the branch; without it, the organization if there is only one."
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day on which the role holds.")
@in_one_line
def grant(email: str, role: str, branch: str, until: datetime | None) -> None:
    """Grant ROLE on a branch, inherited downward: member, program_lead, controller, approver, leader, auditor, ..."""
    key = branch or _only_organization()
    last: date | None = until.date() if until else None
    grant_role(GrantRole(BY_COMMAND, person_id(email), role, key, last))
    click.echo(f"{email} is {role} on {key}" + (f" until {last}" if last else ""))


@user.command("disable")
@click.argument("email")
@in_one_line
def disable(email: str) -> None:
    """Close an account and end its sessions at once."""
    disable_person(PersonCommand(BY_COMMAND, person_id(email)))
    click.echo(f"{email} is disabled")


@user.command("enable")
@click.argument("email")
@in_one_line
def enable(email: str) -> None:
    """Open a closed account again."""
    enable_person(PersonCommand(BY_COMMAND, person_id(email)))
    click.echo(f"{email} is enabled")


@user.command("password")
@click.argument("email")
@PASSWORD_STDIN
@in_one_line
def password(email: str, password_stdin: bool) -> None:
    """Set a new password and end the person's sessions. Without --password-stdin one is made and printed once."""
    new = _read_password() if password_stdin else generated()
    set_password(SetPassword(BY_COMMAND, person_id(email), new))
    click.echo(f"{email} has a new password" + ("" if password_stdin else f": {new}"))


@user.command("setup-token")
@in_one_line
def setup_token() -> None:
    """Print a one-time token with which the first page makes the first administrator."""
    token = make_setup_token(BY_COMMAND)
    address = current_app.config["GOVAPP"].address
    click.echo(
        f"Open {address}/setup and enter this one-time token for the first administrator (good for a day):"
    )
    click.echo(token)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _only_organization() -> str:
    with reading() as session:
        keys = root_keys(session)
    if len(keys) != 1:
        fail(
            "name the branch with --branch KEY"
            if keys
            else "there is no organization yet: flask organization add"
        )
    return keys[0]
