"""The organization a page about rates or periods is of: the one asked for, else the one that the person works in."""

from flask import request
from sqlalchemy.orm import Session

from govapp.data.finance_places import FinancePlace, finance_places, home_among
from govapp.domain.errors import NotFound
from govapp.web._context import actor


def chosen(session: Session, key: str = "") -> tuple[FinancePlace | None, list[FinancePlace]]:
    """The organization and all there are for this person; none where they see no money. Raises NotFound."""
    places = finance_places(session, actor())
    wanted = key or request.values.get("organization", "")
    if not wanted:
        home = home_among(session, actor(), {each.id: each.confirms for each in places})
        return next((each for each in places if each.id == home), None), places
    found = next((each for each in places if each.key == wanted), None)
    if found is None:
        raise NotFound("not_found")
    return found, places
