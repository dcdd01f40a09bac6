"""FLASK. Declares permissions, parses, calls one verb, renders. Every folder is a subject with routes.py and `bp`."""

import importlib.util
import pkgutil

from flask import Flask
from jinja2 import StrictUndefined

from govapp.present.environment import install_filters
from govapp.web import _context, _errors, _guard, _headers, _identity, _request
from govapp.web._numbers import RowNumber


def before_csrf(app: Flask) -> None:
    """What must be looked at before the request token is: the shape of the request, where it comes from, who asks."""
    app.request_class = _request.GovappRequest
    app.before_request(_guard.refuse_malformed)
    app.before_request(_guard.refuse_other_sites)
    _identity.install(app)


def register(app: Flask) -> None:
    """Bind guards, headers, templates, error pages and every subject."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_guard.ask_permission)
    app.after_request(_headers.add)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    install_filters(app.jinja_env)
    _context.install(app)
    _errors.install(app)
    for name in subjects():
        app.register_blueprint(importlib.import_module(f"govapp.web.{name}.routes").bp)


def subjects() -> list[str]:
    """Folders of this package that have a routes.py."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return sorted(name for name in found if importlib.util.find_spec(f"govapp.web.{name}.routes"))
