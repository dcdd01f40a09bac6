"""`flask db ...`: migrations of the database, by Flask-Migrate."""

from flask import Flask
from flask_migrate import Migrate

from govapp.config import ROOT


def install(app: Flask) -> None:
    """Give the application the command `db`."""
    Migrate(app, app.extensions["sqlalchemy"], directory=str(ROOT / "migrations"), render_as_batch=True)
