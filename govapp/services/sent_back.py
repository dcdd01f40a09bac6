"""What was sent back and still stands as it was then: until the basis changes or the next review opens."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from govapp.data.sent_back import SentBack, sent_back_on, sent_back_to
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, right_of


def sent_back(session: Session, actor: Actor, loaded: Loaded) -> SentBack | None:
    """By whom and why the measure was sent back, for who may read its reviews, as long as that stands."""
    if loaded.snapshot.review is not None:
        return None
    return next(
        (each for each in sent_back_on(session, loaded.measure.id) if _stands(actor, loaded, each)), None
    )


def my_sent_back(session: Session, actor: Actor) -> Mapping[str, SentBack]:
    """The same of the person's measures, newest first, by the measure's key."""
    found = sent_back_to(session, actor)
    ids = {each.measure_id for each in found}
    measures = {one.measure.id: one for one in load_measures(session, ids)} if ids else {}
    return {each.key: each for each in found if _stands(actor, measures[each.measure_id], each)}


def _stands(actor: Actor, loaded: Loaded, ended: SentBack) -> bool:
    snapshot, gate = loaded.snapshot, loaded.rules.gates.get(ended.into)
    if gate is None or snapshot.stage != ended.came_from:
        return False
    if right_of(actor, Permission.REVIEW_VIEW, loaded.place) is None:
        return False
    return digest_of(basis_of(loaded.rules, gate, snapshot)) == ended.basis
