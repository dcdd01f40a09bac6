"""A browser without scripts for tests of pages: signs in, sends forms with their token, asks like htmx does."""

import hashlib
import os
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from govapp.services._work import Origin, writing
from govapp.services.sessions import _open_session

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class GovappClient(FlaskClient):
    """Flask's test client with what every page test needs."""

    def sign_in(self, person) -> "GovappClient":
        """A session for a person, without the cost of a password."""
        opened = writing(
            Origin(None, "web", "test"),
            lambda work: _open_session(work, person.id, timedelta(hours=8), "test", "test"),
        )
        with self.session_transaction() as session:
            session.clear()
            session["_user_id"] = opened.token
            session["_fresh"] = True
        return self

    def csrf_token(self) -> str:
        """A token that fits this browser's session, as a page's hidden field holds it."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", hashlib.sha256(os.urandom(32)).hexdigest()[:40])
        serializer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return serializer.dumps(raw)

    def submit(self, address: str, fields: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """POST a form with its token."""
        data = {"csrf_token": self.csrf_token()} | (fields or {})
        return self.post(address, data=data, **more)

    def fragment(self, address: str, **more: Any) -> TestResponse:
        """GET as htmx does when a region is swapped."""
        return self.get(address, headers=HTMX | more.pop("headers", {}), **more)

    def submit_htmx(self, address: str, fields: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """POST a form as htmx does."""
        return self.submit(address, fields, headers=HTMX | more.pop("headers", {}), **more)


def sign_in(client: GovappClient, person) -> GovappClient:
    """As `client.sign_in(person)`."""
    return client.sign_in(person)
