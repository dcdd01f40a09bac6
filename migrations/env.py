"""How alembic reaches the database: all steps of an upgrade in one transaction, on SQLite and PostgreSQL alike."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import BigInteger, Connection, Engine, text

from govapp.data.tables import Base
from govapp.data.types import CanonicalJson, Money, UtcDateTime

UPGRADE_LOCK = 7_410_236_190


def _render(kind: str, item: Any, autogenerate: Any) -> str | bool:
    """Our column types as plain ones, so that migrations do not change when the types do."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Money):
        return "sa.BigInteger()"
    if isinstance(item, CanonicalJson):
        return "sa.Text()"
    if isinstance(item, BigInteger):
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=_render,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        context.run_migrations()


def _through(engine: Engine) -> None:
    with engine.connect().execution_options(govapp_write=True) as connection:
        if engine.dialect.name != "sqlite":
            _migrate(connection)
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # a batch rebuilds a table; the keys are checked below
        try:
            _migrate(connection)
            broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        finally:
            raw.execute("PRAGMA foreign_keys=ON")
        if broken:
            raise RuntimeError(f"rows without their parent after migration: {broken[:5]}")


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    _through(current_app.extensions["migrate"].db.engine)
