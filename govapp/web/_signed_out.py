"""What somebody gets whose session ended: the way to the sign-in, and nothing typed is lost."""

from urllib.parse import quote, urlsplit

from flask import redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.web._door import sign_in_page
from govapp.web._hx import is_partial, page, reply
from govapp.web._kept import keep
from govapp.web._local import local_path


def answer_signed_out(*, poll: bool = False) -> Response:
    """303 to the sign-in for a page; for a form the sign-in with what was typed; for htmx 401 with a sentence."""
    if is_partial():
        return _partial(poll)
    if request.method in {"GET", "HEAD"}:
        return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}", 303)
    kept = keep()
    sentence = _("Sign in, and what you typed comes back.") if kept else _("Please sign in again.")
    return sign_in_page(401, kept=kept, note=(_("Your session has ended."), sentence))


def _partial(poll: bool) -> Response:
    if request.method == "GET" and not poll:
        seen = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = local_path(seen.path + (f"?{seen.query}" if seen.query else ""))
        return reply(_sentence(), status=401, headers={"HX-Redirect": f"/sign-in?next={quote(back)}"})
    headers = {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"}
    return reply(_sentence(), status=401, headers={"HX-Reswap": "none"} if poll else headers)


def _sentence() -> str:
    text = _(
        "Your session has ended. Sign in again in another tab, then press the button once more: nothing typed is lost."
    )
    from_page = page(
        "errors/_message.html", heading=_("Please sign in again"), sentence=text, link="/sign-in", incident=""
    )
    return from_page.get_data(as_text=True)
