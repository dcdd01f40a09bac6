"""`flask settings` and `flask doctor`: how this installation is set up, and whether it is well."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click
import redis
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import DBAPIError

from govapp.cli._say import database_trouble
from govapp.config import ROOT, Settings
from govapp.data.engine import ping
from govapp.data.runtime import current
from govapp.jobs.mail import Mailer, MailServerAway
from govapp.reports._engine import font_problem, pango_problem

LITTLE_DISK = 512 * 1024**2


def _settings() -> Settings:
    found: Settings = current_app.config["GOVAPP"]
    return found


@click.command("settings")
@with_appcontext
def settings() -> None:
    """Print every setting with its value, where it comes from and what it means; secrets are hidden."""
    found = _settings()
    written = _names_in_file()
    for name, about in type(found).model_fields.items():
        variable = f"GOVAPP_{name.upper()}"
        source = (
            "environment"
            if variable in os.environ
            else "var/settings.env"
            if variable in written
            else "default"
        )
        click.echo(f"{variable}={_shown(getattr(found, name))}  ({source}) {about.description}")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, list | dict):
        return f"{len(value)} hidden" if value else ""
    text = str(value)
    parts = urlsplit(text) if "://" in text else None
    if parts and parts.password:
        return text.replace(f":{parts.password}@", ":********@")
    return text


def _names_in_file() -> set[str]:
    file = ROOT / "var" / "settings.env"
    if not file.is_file():
        return set()
    lines = (
        line.partition("=")[0].strip().removeprefix("export ")
        for line in file.read_text("utf-8").splitlines()
    )
    return {name.upper() for name in lines if name and not name.startswith("#")}


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Say in one line each whether database, migrations, Valkey, Pango, fonts, mail, disk and secrets are well."""
    checks: dict[str, Callable[[], tuple[bool, str]]] = {
        "database": _database,
        "migrations": _migrations,
        "valkey": _valkey,
        "pango": _pango,
        "fonts": _fonts,
        "mail": _mail,
        "disk": _disk,
        "secrets": _secrets,
    }
    bad = 0
    for name, check in checks.items():
        well, said = check()
        bad += not well
        click.echo(f"{name:<10} {'ok' if well else 'PROBLEM':<8} {' '.join(said.split())}")
    if bad:
        raise SystemExit(1)


def _database() -> tuple[bool, str]:
    try:
        ping()
    except DBAPIError as error:
        return False, database_trouble(error)
    engine = current().engine
    what = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    return True, f"{what} answers: {engine.url.render_as_string(hide_password=True)}"


def _migrations() -> tuple[bool, str]:
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    try:
        with current().engine.connect() as connection:
            now = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        return False, database_trouble(error)
    if now == newest:
        return True, f"the database is at {now}, the newest"
    return (
        False,
        f"the database is at {now or 'nothing'}, the newest is {newest}: run flask --app wsgi db upgrade",
    )


def _valkey() -> tuple[bool, str]:
    address = _settings().redis
    try:
        with redis.Redis.from_url(address, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        return (
            False,
            f"does not answer ({str(error)[:100]}): reports wait until it does; start it or set GOVAPP_REDIS_URL",
        )
    return True, f"answers at {_shown(address)}"


def _pango() -> tuple[bool, str]:
    said = pango_problem()
    return said is None, said or "PDF files can be made"


def _fonts() -> tuple[bool, str]:
    if pango_problem():
        return False, "cannot be looked at without Pango"
    said = font_problem()
    return (
        said is None,
        said or "names in Latin, Greek, Cyrillic, Arabic, Hebrew and East Asian scripts can be printed",
    )


def _mail() -> tuple[bool, str]:
    found = _settings()
    if not found.smtp_url:
        return True, "GOVAPP_SMTP_URL is not set: mail stays on the outbox page"
    try:
        Mailer(found.smtp_url, found.mail_sender).ask()
    except (OSError, ValueError, MailServerAway) as error:
        return False, f"mail waits in the outbox: {error}"
    return True, f"{urlsplit(found.smtp_url).hostname} answers"


def _disk() -> tuple[bool, str]:
    folder = _settings().files
    here = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(here).free
    said = f"{free // 1024**2:,} MiB free for {folder}"
    if not os.access(here, os.W_OK):
        return False, f"{here} cannot be written to"
    return free > LITTLE_DISK, said if free > LITTLE_DISK else f"{said}: make room"


def _secrets() -> tuple[bool, str]:
    file: Path = ROOT / "var" / "settings.env"
    if file.is_file() and file.stat().st_mode & 0o077:
        return False, f"others can read {file.name}: chmod 600 var/settings.env"
    found = _settings()
    if found.secret_key.get_secret_value() == found.audit_key.get_secret_value():
        return False, "GOVAPP_SECRET_KEY and GOVAPP_AUDIT_KEY are the same: make two"
    return True, "both keys are set and long enough; keep a copy of GOVAPP_AUDIT_KEY outside this machine"
