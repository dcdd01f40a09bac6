"""Databases for tests: migrated once a run with the cast in them, then copied for each test."""

import os
import shutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from govapp.config import ROOT
from govapp.data import engine as storage
from govapp.data.runtime import Runtime, configure

AUDIT_KEY = "a key of the history used in tests, 0123456789"
SECRET_KEY = "a key for cookies and tokens in tests, 0123456789"
KEY_ID = "k1"
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Template:
    """Where copies come from: an SQLite file, or the name of a PostgreSQL database beside its server's URL."""

    dialect: str
    source: str
    server: str = ""


def open_engine(url: str) -> Engine:
    """An engine as create_app makes it."""
    engine = create_engine(url)
    storage.prepare(engine)
    return engine


def use(engine: Engine, files: Path) -> Engine:
    """Make this the database of the process."""
    configure(Runtime(engine, {KEY_ID: AUDIT_KEY.encode()}, KEY_ID, files, ZONE))
    return engine


def migrate(engine: Engine, to: str = "head") -> None:
    """Run the migrations on an open engine."""
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.connect().execution_options(govapp_write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def postgres_server() -> str:
    """URL of a database on the PostgreSQL server of this run; GOVAPP_TEST_POSTGRES names one that runs already."""
    named = os.environ.get("GOVAPP_TEST_POSTGRES")
    return named or str(import_module("tests.support.servers").postgres_url())


def _on_server(server: str, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def new_template(dialect: str, folder: Path, fill) -> Template:
    """A migrated database, filled by `fill()` while it is the process's own."""
    if dialect == "sqlite":
        template = Template(dialect, str(folder / f"template-{uuid4().hex[:8]}.db"))
        url = f"sqlite:///{template.source}"
    else:
        server = postgres_server()
        template = Template(dialect, f"template_{uuid4().hex[:12]}", server)
        _on_server(server, f"CREATE DATABASE {template.source}")
        url = _url(server, template.source)
    engine = use(open_engine(url), folder / "files")
    migrate(engine)
    fill()
    if dialect == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return template


def _url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def copy_of(template: Template, folder: Path) -> str:
    """URL of a fresh copy."""
    if template.dialect == "sqlite":
        shutil.copyfile(template.source, folder / "test.db")
        return f"sqlite:///{folder / 'test.db'}"
    name = f"test_{uuid4().hex[:12]}"
    _on_server(template.server, f"CREATE DATABASE {name} TEMPLATE {template.source} STRATEGY FILE_COPY")
    return _url(template.server, name)


def drop(template: Template, url: str) -> None:
    """Remove a copy; SQLite's goes with its folder."""
    if template.dialect != "sqlite":
        _on_server(template.server, f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")
