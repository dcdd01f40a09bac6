"""Deputies in force for people whom something is asked of, and measures to look at again when that changes."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select, update

from govapp.data.deputy_queries import deputies_today
from govapp.data.measures import Card, Part
from govapp.data.snapshots import Loaded
from govapp.domain.deputies import DECIDE
from govapp.services._work import Work


def deputies_now(work: Work, loaded: Loaded, people: Iterable[int]) -> list[tuple[int, int]]:
    """Deputies who decide for these people today, each with whom they stand in for.

    Absences of who holds a part on the measure are at hand; others are looked up.
    """
    day, asked = work.today(loaded.timezone), list(people)
    held = {each.person_id for each in loaded.snapshot.parts.values()}
    others = [person for person in asked if person not in held]
    found = [
        (each.deputy, each.person)
        for each in loaded.clock.absent
        if each.person in asked and each.from_day <= day <= each.until_day
    ]
    if others:
        away = deputies_today(work.session, others, DECIDE, day)
        found += [(deputy, person) for person, deputies in away.items() for deputy in deputies]
    return found


def tell_deciders(
    work: Work, loaded: Loaded, people: Iterable[int], kind: str, review_id: int, **more: Any
) -> None:
    """A notice for these people, and for whoever decides in their place today."""
    asked = list(people)
    for person in asked:
        work.tell(person, kind, measure_id=loaded.measure.id, review_id=review_id, **more)
    for deputy, absent in deputies_now(work, loaded, asked):
        if deputy not in asked:
            work.tell(
                deputy, kind, measure_id=loaded.measure.id, review_id=review_id, on_behalf_of=absent, **more
            )


def look_again(work: Work, person_id: int, from_day: date, today: date) -> None:
    """An absence changed: cards that wait for this person name somebody else from its first day on.

    Their next look is now, or settle would only find it at the next change; the clock takes them in chunks.
    """
    if from_day > today:
        return
    held = select(Part.measure_id).where(Part.person_id == person_id)
    waiting = Card.review_id.is_not(None) & Card.measure_id.in_(held)
    work.session.execute(update(Card).where(waiting).values(check_at=work.at))
