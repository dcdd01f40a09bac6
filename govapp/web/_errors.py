"""Every refusal and failure becomes a page of the app, or for htmx a sentence in the messages region. Never a trace."""

from typing import Any

from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from govapp.data.engine import is_busy
from govapp.domain.errors import GovappError, Invalid, KeyReused, NotFound, Refused, Stale, TooMany
from govapp.present.errors import heading_of, sentence_of
from govapp.services._work import Busy
from govapp.services.refusals import RecordRefusal, record_refusal
from govapp.web._context import origin
from govapp.web._door import sign_in_page
from govapp.web._guard import from_here
from govapp.web._hx import is_partial, page
from govapp.web._identity import current_actor
from govapp.web._kept import typed
from govapp.web._signed_out import answer_signed_out

STATUS: dict[type[GovappError], int] = {
    NotFound: 404,
    Refused: 403,
    Invalid: 422,
    Stale: 409,
    KeyReused: 409,
    TooMany: 429,
    Busy: 503,
}
_RETRY_AFTER = 2


def answer(
    status: int,
    code: str,
    values: dict[str, Any] | None = None,
    *,
    errors: dict[str, list[str]] | None = None,
) -> Response:
    """The answer to a request that failed: a page, or for htmx the sentence alone."""
    g.quiet = True
    values = values or {}
    shown: dict[str, Any] = {
        "heading": heading_of(status, code),
        "sentence": sentence_of(code, values),
        "incident": g.get("request_id", "") if status >= 500 else "",
        "errors": {
            name: [sentence_of(each, values) for each in found] for name, found in (errors or {}).items()
        },
        "link": "",
    }
    if is_partial():
        response = page("errors/_message.html", status=status, **shown)
        response.headers.update({"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"})
    else:
        response = page("errors/error.html", status=status, code=status, **shown)
    if "retry_after" in values:
        response.headers["Retry-After"] = str(values["retry_after"])
    return response


def _of_ours(error: GovappError) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    if status == 403:
        record_refusal(
            RecordRefusal(
                origin(), request.method, request.path, error.code, error.values.get("permission", "")
            )
        )
    values = dict(error.values)
    if status in {429, 503}:
        values.setdefault("retry_after", _RETRY_AFTER)
    return answer(status, error.code, values, errors=error.errors if isinstance(error, Invalid) else None)


def _of_http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    response = answer(status, f"http_{status}")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _of_database(error: DBAPIError | PoolTimeout) -> Response:
    if isinstance(error, DBAPIError) and not is_busy(error):
        current_app.logger.error("incident %s", g.get("request_id", ""), exc_info=error)
        full = "disk is full" in str(error.orig) or "No space left" in str(error.orig)
        if full:
            return answer(503, "disk_full", {"retry_after": 60})
        if not error.connection_invalidated and type(error).__name__ != "OperationalError":
            return answer(500, "http_500")
    return answer(503, "busy", {"retry_after": _RETRY_AFTER})


def _of_anything(error: Exception) -> Response:
    current_app.logger.error("incident %s", g.get("request_id", ""), exc_info=error)
    return answer(500, "http_500")


def _of_token(error: CSRFError) -> Response:
    """An old token on a form that comes from our own pages: what was typed comes back with a renewed one (R29)."""
    if from_here() is not True:
        return answer(400, "token_missing")
    if request.path == "/sign-in":
        note = (heading_of(400, "token_sign_in"), sentence_of("token_sign_in"))
        return sign_in_page(
            400, email=request.form.get("email", ""), next=request.form.get("next", ""), note=note
        )
    if current_actor() is None and request.path not in {"/sign-out", "/setup"}:
        return answer_signed_out()
    if is_partial():
        response = answer(400, "token_renewed")
        response.headers["X-CSRF-Renewed"] = _fresh_token()
        return response
    g.quiet = True
    return page(
        "errors/send_again.html",
        status=400,
        to=request.full_path.rstrip("?"),
        fields=typed(),
        files=bool(request.files),
    )


def _fresh_token() -> str:
    token: str = current_app.jinja_env.globals["csrf_token"]()  # type: ignore[operator]  # Jinja types globals loosely
    return token


def install(app: Flask) -> None:
    """Bind the handlers."""
    app.register_error_handler(GovappError, _of_ours)
    app.register_error_handler(CSRFError, _of_token)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(DBAPIError, _of_database)
    app.register_error_handler(PoolTimeout, _of_database)
    app.register_error_handler(Exception, _of_anything)
