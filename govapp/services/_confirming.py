"""Who confirms amounts of a measure, and by whose conflicts they are bound. Verbs and pages ask the same (R03, R05)."""

from functools import partial

from govapp.data.snapshots import Loaded
from govapp.domain.deputies import CONFIRM
from govapp.domain.duties import CONFIRM_ACTUAL
from govapp.domain.errors import Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may, right_of, with_voice
from govapp.services._work import Work
from govapp.services.duties import Right, _speak, right_for

CONTROLLER = "controller"


def confirming_right(work: Work, loaded: Loaded) -> str:
    """The right by which the actor confirms amounts here: as the measure's controller, or as their deputy.

    Where nobody active holds that part, it is the right of a controller of the branch (R05). From here on `work.voice`
    is whose right it is. Raises NotFound, and Refused: owner_confirms, not_the_controller, duty_forbids (R03, R58).
    """
    return _as_controller(work, loaded, partial(_right_of, loaded))


def ruling_right(work: Work, loaded: Loaded) -> tuple[str, int | None]:
    """The right by which the actor rules on amounts here; and the controller whose late entries are all it reaches.

    That person is None for who confirms here. A controller of the branch rules on what the one of the measure added to
    closed months, and on nothing else: nobody but them is left to (R05). Raises as `confirming_right`.
    """
    try:
        return confirming_right(work, loaded), None
    except Refused as refused:
        if refused.code != "not_the_controller":
            raise
    return _as_controller(work, loaded, partial(_late_role, loaded)), loaded.place.parts.get(CONTROLLER)


def _as_controller(work: Work, loaded: Loaded, right_of_voice: Right) -> str:
    may(work.actor, Permission.FINANCE_VIEW, loaded.place)
    right = _speak(work, loaded, CONFIRM, right_of_voice, CONFIRM_ACTUAL)
    if right is None:
        raise Refused("not_the_controller", permission=str(Permission.FINANCE_CONFIRM))
    if loaded.place.parts.get("owner") in bound_people(work):
        raise Refused("owner_confirms", permission=str(Permission.FINANCE_CONFIRM))
    return right


def may_confirm(actor: Actor, loaded: Loaded) -> bool:
    """Whether the actor confirms amounts here, for pages; what a single amount adds to it is left out."""
    if loaded.place.parts.get("owner") in bound_by(actor):
        return False
    right = partial(_right_of, loaded)
    return right_for(actor, loaded.rules, loaded.place, CONFIRM, right, act=CONFIRM_ACTUAL) is not None


def late_right(work: Work, loaded: Loaded) -> str:
    """The right by which the actor adds an amount to a closed month: who confirms here, or a controller of the branch.

    Nobody confirms what they added themselves: of the two, the other one does (`ruling_right`). Raises NotFound,
    Refused.
    """
    if loaded.place.parts.get("owner") in bound_by(work.actor):
        raise Refused("owner_confirms", permission=str(Permission.FINANCE_CONFIRM))
    if _late_role(loaded, work.actor) is not None:
        return work.may(Permission.FINANCE_CONFIRM, loaded.place)
    return confirming_right(work, loaded)


def may_add_late(actor: Actor, loaded: Loaded) -> bool:
    """Whether the actor adds amounts to closed months here, for pages."""
    if loaded.place.parts.get("owner") in bound_by(actor):
        return False
    return _late_role(loaded, actor) is not None or may_confirm(actor, loaded)


def _late_role(loaded: Loaded, voice: Actor) -> str | None:
    """The role by which somebody is a controller of the branch without holding any part of the measure."""
    if voice.id in loaded.place.parts.values():
        return None
    return right_of(voice, Permission.FINANCE_CONFIRM, loaded.place)


def _right_of(loaded: Loaded, voice: Actor) -> str | None:
    """The part of a voice, or its grant where the part is vacant; a part whose role has ended gives none (R06, R07)."""
    held = loaded.snapshot.parts.get(CONTROLLER)
    place = with_voice(loaded.place, voice, loaded.rules.roles_of_parts)
    if held is not None and held.active:
        return f"part:{CONTROLLER}" if place.parts.get(CONTROLLER) == voice.id else None
    right = right_of(voice, Permission.FINANCE_CONFIRM, place)
    return right if right and right.startswith("role:") else None


def bound_people(work: Work) -> frozenset[int]:
    """The actor and everybody by whose conflicts they are bound: whose voice it is, and whose deputy they are."""
    return bound_by(work.actor, work.voice)


def bound_by(actor: Actor, *voices: Actor) -> frozenset[int]:
    """The same for a person and the voices they may use."""
    every = (actor, *voices, *(each.actor for each in actor.stands_in))
    return frozenset(each.id for each in every if each.id is not None)
