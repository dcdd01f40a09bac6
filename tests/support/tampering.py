"""What somebody who owns the database can do past the program: statements without triggers and foreign keys."""

from typing import Any

from sqlalchemy import Engine, text


def without_triggers(database: Engine, *statements: str, **values: Any) -> None:
    """Run statements after the guards of the record are out of the way."""
    with database.connect().execution_options(govapp_write=True) as connection:
        if database.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            found = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in found:
                connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement), values)
        connection.commit()
        if database.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = DEFAULT"))
            connection.commit()
        else:
            raw.execute("PRAGMA foreign_keys=ON")


def plainly(database: Engine, statement: str, **values: Any) -> None:
    """A statement as any client of the database may send it."""
    with database.connect().execution_options(govapp_write=True) as connection, connection.begin():
        connection.execute(text(statement), values)
