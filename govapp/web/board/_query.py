"""What the board's address asks for, and the board a request comes from."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import request

from govapp.data.board_filters import Filters
from govapp.domain.rights import Actor
from govapp.services.board import A_COLUMN, MOST_CARDS, BoardQuery
from govapp.web._numbers import whole

_STATES = ("hold", "active", "cancelled")
_LONGEST_TEXT = 120
MORE = "more-"


def query_of(args: Mapping[str, str], actor: Actor) -> BoardQuery:
    """The query of an address; what cannot be read counts as not asked for."""
    owner = actor.id if args.get("owner") == "me" else whole(args.get("owner"))
    state = args.get("state", "")
    return BoardQuery(
        branch=args.get("branch", "")[:200],
        workflow=whole(args.get("workflow")),
        filters=Filters(
            owner=owner,
            text=args.get("q", "").strip()[:_LONGEST_TEXT],
            waiting=args.get("waiting", "")[:80],
            state=state if state in _STATES else "",
        ),
        stage=args.get("stage", "")[:80],
        more={
            name.removeprefix(MORE): _shown(value) for name, value in args.items() if name.startswith(MORE)
        },
    )


def _shown(text: str) -> int:
    return min(max(whole(text) or A_COLUMN, A_COLUMN), MOST_CARDS)


def board_args() -> dict[str, str]:
    """The address of the board this request comes from (the form, htmx or the Referer says it), else empty."""
    if "board" in request.form:
        return dict(parse_qsl(request.form["board"][:2000], keep_blank_values=True))
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    parts = urlsplit(address)
    if parts.path != "/board" or parts.netloc not in {"", request.host}:
        return {}
    return dict(parse_qsl(parts.query, keep_blank_values=True))


def address_of(args: Mapping[str, Any], **changed: Any) -> str:
    """A board address with some parameters changed; None takes one out."""
    kept = {name: value for name, value in {**args, **changed}.items() if value not in (None, "")}
    return f"/board?{urlencode(kept)}" if kept else "/board"
