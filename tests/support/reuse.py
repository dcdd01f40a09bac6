"""PostgreSQL databases that serve one test after another: making one takes ten times as long as putting its rows back.

Rows are deleted and copied in again with triggers and foreign keys at rest, sequences are set back. A database whose
tables, triggers or indexes are no longer those it was made with is thrown away, and so is one that has served long.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tests.support import servers

_SERVES = 40  # what was deleted still fills pages
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_SHAPE = """SELECT
    (SELECT md5(string_agg(oid || relname || relfilenode, ',' ORDER BY oid)) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace),
    (SELECT md5(string_agg(oid || tgname || tgenabled::text, ',' ORDER BY oid)) FROM pg_trigger),
    (SELECT md5(string_agg(oid || prosrc, ',' ORDER BY oid)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped), (SELECT count(*) FROM pg_namespace)"""
_OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Rows:
    """What tables hold, in COPY's text form, and where all sequences stand."""

    tables: dict[str, bytes]
    sequences: list[tuple[str, int | None]]


@dataclass
class _Reused:
    """One database: the rows and sequences it was made with, its shape, and how often it has served."""

    url: str
    rows: Rows
    shape: tuple[object, ...]
    served: int = 1


@dataclass
class Pool:
    """The databases made from one template: those in use by URL, those that wait."""

    template: str
    used: dict[str, _Reused] = field(default_factory=dict)
    idle: list[_Reused] = field(default_factory=list)

    def take(self) -> str:
        """The URL of a database that equals the template."""
        one = self.idle.pop() if self.idle else _made(servers.postgres_url(self.template))
        self.used[one.url] = one
        return one.url

    def original(self, url: str) -> Rows:
        """What a database in use held when it was taken."""
        return self.used[url].rows

    def give(self, url: str) -> None:
        """Put a database back in order, or remove it."""
        one = self.used.pop(url)
        if one.served < _SERVES and _restored(one):
            one.served += 1
            self.idle.append(one)
        else:
            servers.drop_postgres(url)


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=5)


def _made(url: str) -> _Reused:
    with _connected(url) as connection:
        return _Reused(url, _read(connection), _shape(connection))


def read_rows(url: str) -> Rows:
    """What the tables of a database hold now."""
    with _connected(url) as connection:
        return _read(connection)


def write_rows(url: str, rows: Rows) -> None:
    """Let the tables hold that and nothing else."""
    with _connected(url) as connection:
        _write(connection, rows)


def changed(rows: Rows, since: Rows, also: Collection[str]) -> Rows:
    """The tables that hold something else and some others, and all sequences."""
    tables = {name: held for name, held in rows.tables.items() if held != since.tables[name] or name in also}
    return Rows(tables, rows.sequences)


def _read(connection: psycopg.Connection) -> Rows:
    tables = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        with connection.cursor().copy(_copying(table, "TO STDOUT")) as copy:
            tables[str(table)] = b"".join(bytes(part) for part in copy)
    sequences = [(str(name), last) for name, last in connection.execute(_SEQUENCES)]
    return Rows(tables, sequences)


def _write(connection: psycopg.Connection, rows: Rows) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        parts = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in rows.tables]
        for name, last in rows.sequences:
            told = (name, last if last is not None else 1, last is not None)
            parts.append(sql.SQL("SELECT setval({}, {}, {})").format(*map(sql.Literal, told)))
        connection.execute(sql.SQL("; ").join(parts))
        for table, content in rows.tables.items():
            if content:
                with connection.cursor().copy(_copying(table, "FROM STDIN")) as copy:
                    copy.write(content)


def _copying(table: str, where: str) -> sql.Composed:
    return sql.SQL("COPY {} {}").format(sql.Identifier(table), sql.SQL(where))


def _shape(connection: psycopg.Connection) -> tuple[object, ...]:
    return connection.execute(_SHAPE).fetchone() or ()


def _restored(one: _Reused) -> bool:
    with _connected(one.url) as connection:
        connection.execute(_OTHERS)
        if _shape(connection) != one.shape:
            return False
        _write(connection, one.rows)
    return True
