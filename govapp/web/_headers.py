"""Security headers on every answer (R30, R33) and how long an answer may be kept."""

import secrets

from flask import Response, current_app, g, request

_CSP = (
    "default-src 'self'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_YEAR = 365 * 86400


def csp_nonce() -> str:
    """The nonce of this answer, for `<script nonce>` and `hx-nonce`."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def add(response: Response) -> Response:
    """Add the headers to an answer; a stricter policy set by the view (downloads) stays."""
    head = response.headers
    head.setdefault("Content-Security-Policy", _CSP.format(nonce=csp_nonce()))
    head["X-Content-Type-Options"] = "nosniff"
    head["Referrer-Policy"] = "same-origin"
    head["Cross-Origin-Opener-Policy"] = "same-origin"
    head["Cross-Origin-Resource-Policy"] = "same-origin"
    head["X-Frame-Options"] = "DENY"
    head["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    if request.is_secure:
        head["Strict-Transport-Security"] = f"max-age={_YEAR}"
    if request.endpoint == "static":
        if request.args.get("v") and response.status_code == 200:
            head["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return response
    response.vary.update(("HX-Request", "HX-Request-Type", "Cookie"))
    head["Cache-Control"] = "no-store"
    head["X-Request-Id"] = str(g.get("request_id", ""))
    if current_app.config["GOVAPP"].env == "demo":
        head["X-Robots-Tag"] = "noindex"
    return response
