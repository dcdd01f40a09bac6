"""Answers: whole pages, fragments for htmx, several out-of-band parts, and 303 after a form."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from govapp.web._local import local_path


def is_partial() -> bool:
    """True when htmx wants a fragment (HX-Request-Type: partial). It proves nothing about who asks (R29)."""
    return bool(getattr(request, "htmx", None) and request.htmx.partial)  # type: ignore[attr-defined]


def page(template: str, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """The whole page, or its `fragment` template when htmx swaps a region."""
    chosen = fragment if fragment and is_partial() else template
    return make_response(render_template(chosen, **context), status)


def part(template: str, **context: Any) -> str:
    """A rendered fragment, to be put into `reply`."""
    return render_template(template, **context)


def reply(*fragments: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer to htmx made of several fragments; all but the first carry hx-swap-oob."""
    response = make_response("\n".join(fragments), status)
    response.headers.update(headers or {})
    return response


def see_other(url: str, message: str = "", kind: str = "ok") -> Response:
    """After a form: go to a local address and say what happened there. htmx is told to load the page (R28)."""
    if message:
        flash(message, kind)
    target = local_path(url)
    if is_partial():
        return reply("", headers={"HX-Redirect": target})
    return redirect(target, 303)
