"""Flask extensions, unbound. Imports nothing of ours; create_app binds them."""

from flask_babel import Babel
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

db = SQLAlchemy(disable_autonaming=True)
login = LoginManager()
csrf = CSRFProtect()
htmx = Htmx()
babel = Babel()
