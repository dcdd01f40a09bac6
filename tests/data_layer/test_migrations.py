"""Migrations make exactly the tables the program knows, on both databases, quickly, and can be taken back."""

import time

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from govapp.config import ROOT
from govapp.data.base import HISTORY
from govapp.data.tables import Base
from govapp.services._audit_state import state_faults
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from tests.cast import SYSTEM
from tests.databases import migrate, open_engine
from tests.factories import make_measure
from tests.support.tampering import plainly

KEPT = [ChoiceItem("service-2", "services 2")]


def columns(inspector, table):
    return {c["name"]: (str(c["type"]).split("(")[0], c["nullable"]) for c in inspector.get_columns(table)}


def test_the_migrated_schema_is_that_of_the_metadata(empty_database):
    with empty_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_columns_and_indexes_equal_those_of_a_database_made_from_the_metadata(
    empty_database, tmp_path, request
):
    if empty_database.dialect.name == "sqlite":
        made = open_engine(f"sqlite:///{tmp_path / 'made.db'}")
    else:
        made = open_engine(request.getfixturevalue("postgres_url"))
    Base.metadata.create_all(made)
    ours, theirs = inspect(empty_database), inspect(made)
    assert set(ours.get_table_names()) - {"alembic_version"} == set(theirs.get_table_names())
    for table in theirs.get_table_names():
        assert columns(ours, table) == columns(theirs, table), table
        indexes = [{i["name"]: i["column_names"] for i in each.get_indexes(table)} for each in (ours, theirs)]
        assert indexes[0] == indexes[1], table
        keys = [
            sorted(str(k["constrained_columns"]) for k in each.get_foreign_keys(table))
            for each in (ours, theirs)
        ]
        assert keys[0] == keys[1], table
        unique = [
            sorted(str(u["column_names"]) for u in e.get_unique_constraints(table)) for e in (ours, theirs)
        ]
        assert unique[0] == unique[1], table
    made.dispose()


def test_every_kept_table_has_its_twin_in_the_database(empty_database):
    tables = inspect(empty_database).get_table_names()
    assert {f"{name}_history" for name in HISTORY} <= set(tables)


def test_an_empty_database_is_upgraded_quickly_and_a_second_time_at_once(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    began = time.monotonic()
    migrate(engine)
    migrate(engine)
    assert time.monotonic() - began < 5
    engine.dispose()


def migrate_down(engine, to):
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.connect().execution_options(govapp_write=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)
        connection.commit()


def test_migrations_can_be_taken_back(empty_database):
    migrate_down(empty_database, "base")
    assert set(inspect(empty_database).get_table_names()) <= {"alembic_version"}
    migrate(empty_database)
    with empty_database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_log")).scalar() == 0


def test_the_record_of_a_database_that_holds_data_is_guarded_from_the_migration_on(database, cast):
    make_measure(cast, "defined")
    migrate_down(database, "0015")
    migrate(database)
    assert list(state_faults()) == []
    set_choices(SetChoices(SYSTEM, "OI", "services", [ChoiceItem("service-1", "Renamed"), *KEPT]))
    make_measure(cast, "defined")
    assert list(state_faults()) == []
    with pytest.raises(Exception, match="append-only"):
        plainly(database, "UPDATE vote SET verdict = 'send_back'")
