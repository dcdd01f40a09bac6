"""What templates and views know of a request: who asks, the origin for verbs, time zone, theme, navigation."""

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from flask_babel import get_locale, get_translations

from govapp.domain.rights import Actor
from govapp.present import language
from govapp.present.browsers import browser
from govapp.services._work import Origin
from govapp.web._assets import asset
from govapp.web._counters import unread_notices
from govapp.web._headers import csp_nonce
from govapp.web._identity import current_actor
from govapp.web._nav import admin_places, finance_places, navigation
from govapp.web._numbers import whole


def actor() -> Actor:
    """The signed-in person; only behind a route that is not public."""
    found = current_actor()
    if found is None:
        raise RuntimeError("no one is signed in")
    return found


def origin() -> Origin:
    """Who asks and from where, for a verb's command."""
    found = current_actor()
    return Origin(found.id if found else None, "web", g.request_id, client_address())


def acting() -> Origin:
    """The origin of a form that may be sent on behalf of somebody: the field is a claim, which the verb checks."""
    claimed = request.form.get("on_behalf_of", "")
    return replace(origin(), on_behalf_of=whole(claimed) or 0) if claimed else origin()


def client_address() -> str:
    """The client's address; X-Forwarded-For counts only behind a configured proxy (R23)."""
    return request.remote_addr or ""


def moment() -> datetime:
    """The present moment of this request, in UTC; the same throughout."""
    if "moment" not in g:
        g.moment = datetime.now(UTC)
    found: datetime = g.moment
    return found


def zone() -> str:
    """The reader's time zone: their own, else that of their organization, else the setting."""
    found = current_actor()
    return found.timezone if found and found.timezone else str(current_app.config["GOVAPP"].timezone)


def today() -> date:
    """The day in the reader's zone."""
    return moment().astimezone(ZoneInfo(zone())).date()


def day_at(timezone: str) -> date:
    """The day in the zone of an organization: what is past there is judged by it."""
    return moment().astimezone(ZoneInfo(timezone)).date()


def action_key() -> str:
    """A fresh one-time key for a form (R13)."""
    return secrets.token_urlsafe(18)


def _values() -> dict[str, Any]:
    found = current_actor()
    return {
        "actor": found,
        "theme": found.theme if found else "",
        "zone": zone(),
        "now": moment(),
        "today": today(),
        "settings": current_app.config["GOVAPP"],
        "version": current_app.config["VERSION"],
        "locale": language.locale(),
    }


def _use_language() -> None:
    language.use(str(get_locale() or "en"), get_translations())


def install(app: Flask) -> None:
    """Give templates their values and globals."""
    app.before_request(_use_language)
    app.context_processor(_values)
    app.jinja_env.filters["browser"] = browser
    app.jinja_env.globals.update(
        asset=asset,
        csp_nonce=csp_nonce,
        navigation=navigation,
        admin_places=admin_places,
        finance_places=finance_places,
        unread_notices=unread_notices,
        action_key=action_key,
    )
