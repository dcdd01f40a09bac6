"""create_app(): settings, extensions, subjects, error pages. Nothing else."""

import logging
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from govapp import __version__, cli, web
from govapp.config import ROOT, Settings
from govapp.data import engine as storage
from govapp.data.runtime import Runtime, configure
from govapp.data.settings import refuse_wrong_database
from govapp.data.tables import Base
from govapp.extensions import babel, csrf, db, htmx, login
from govapp.jobs import queue
from govapp.jobs.reports import printable


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises ValueError when a setting is missing or weak, or the database belongs to another mode."""
    settings = settings or Settings()
    app = Flask("govapp", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.from_mapping(_config(settings))
    app.config["GOVAPP"] = settings
    app.config["VERSION"] = __version__
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.logger.setLevel(logging.INFO)
    _open_storage(app, settings)
    htmx.init_app(app)
    babel.init_app(app, default_timezone=settings.timezone)
    web.before_csrf(app)
    login.init_app(app)
    csrf.init_app(app)
    web.register(app)
    cli.register(app)
    queue.install(settings.redis)
    app.extensions["govapp.printable"] = printable  # web knows neither jobs nor reports
    return app


def _open_storage(app: Flask, settings: Settings) -> None:
    if settings.database.startswith("sqlite:///"):
        Path(settings.database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    storage.prepare(engine)
    configure(
        Runtime(
            engine=engine,
            audit_keys={
                name: key.get_secret_value().encode() for name, key in settings.audit_keys_earlier.items()
            }
            | {settings.audit_key_id: settings.audit_key.get_secret_value().encode()},
            audit_key_id=settings.audit_key_id,
            files=settings.files,
            timezone=settings.timezone,
            upload_quota=settings.upload_quota_mb * 1024**2,
        )
    )
    refuse_wrong_database(demo=settings.env == "demo")
    engine.dispose()  # a server that forks after loading must not share connections


def _config(settings: Settings) -> dict[str, Any]:
    """Settings in Flask's words."""
    secure = settings.secure_cookies
    pool: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 5}
    if not settings.database.startswith("sqlite"):
        pool |= {"pool_pre_ping": True}
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SECRET_KEY_FALLBACKS": [key.get_secret_value() for key in settings.secret_key_fallbacks],
        "SQLALCHEMY_DATABASE_URI": settings.database,
        "SQLALCHEMY_ENGINE_OPTIONS": pool,
        "SESSION_COOKIE_NAME": "__Host-govapp" if secure else f"govapp-{settings.port}",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "MAX_CONTENT_LENGTH": settings.upload_mb * 1024**2,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024**2,
        "MAX_FORM_PARTS": 2000,
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
        "WTF_CSRF_SSL_STRICT": False,  # web/_guard.py checks Origin and Sec-Fetch-Site on every unsafe request
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        "TESTING": settings.env == "test",
        "PROPAGATE_EXCEPTIONS": False,
    }


__all__ = ["Base", "create_app"]
