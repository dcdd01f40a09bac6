"""A card's markup, made once and kept for as long as everything it shows stays the same."""

import secrets
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from govapp.present import language
from govapp.present.board import CardView

_KEPT = 4096  # about 6 MB a process
# What differs from page to page stands in for itself in the kept markup; nobody outside this process knows the words.
_TOKEN, _PAGE = secrets.token_hex(12), secrets.token_hex(12)


def drawn(cards: Iterable[CardView], page_key: str, token: str, acceptable: Container[int] = ()) -> Markup:
    """Cards and proposals as they stand on the board.

    `page_key` and `token` go into each card's form; `acceptable` are the proposals this reader may accept.
    """
    spoken = language.locale()
    markup = "".join(_card(card, card.id in acceptable, spoken) for card in cards)
    # Both are escaped here, all else was escaped when it was drawn.
    return Markup(markup.replace(_PAGE, escape(page_key)).replace(_TOKEN, escape(token)))  # nosec B704  # see above


@lru_cache(_KEPT)
def _card(card: CardView, acceptable: bool, spoken: str) -> str:
    macros: Any = current_app.jinja_env.get_template("board/_card.html").module
    if card.stage == "proposed":
        return str(macros.proposal(card, _PAGE, _TOKEN, acceptable))
    return str(macros.card(card, _PAGE, _TOKEN))
