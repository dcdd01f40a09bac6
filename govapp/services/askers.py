"""By which right somebody may ask for a decision: their own, or as the deputy of who may."""

from collections.abc import Callable

from govapp.domain.asks import AskKind, askers_of, right_to_ask
from govapp.domain.deputies import ASK
from govapp.domain.duties import EMERGENCY
from govapp.domain.rights import Actor, Place
from govapp.domain.rules import Rules
from govapp.services.duties import right_for

Groups = Callable[[Actor], frozenset[str]]


def ask_right(
    actor: Actor, rules: Rules, kind: AskKind, place: Place, stage: str | None, groups: Groups
) -> str | None:
    """The right by which somebody may ask, their own or as a deputy; for pages and judging ahead."""
    right = asker_right(actor, rules, kind, place, stage, groups)
    return right_for(actor, rules, place, ASK, right, act=act_of(kind))


def asker_right(
    actor: Actor, rules: Rules, kind: AskKind, place: Place, stage: str | None, groups: Groups
) -> Callable[[Actor], str | None]:
    """By which right a voice may ask for a decision; whoever speaks must not hold a part the rules leave out either.

    Groups are looked up only where the rules name some.
    """
    askers = askers_of(rules, kind, stage)
    left_out = any(place.parts.get(part) == actor.id for part in askers.not_parts)

    def right(voice: Actor) -> str | None:
        if left_out:
            return None
        of_voice = groups(voice) if askers.groups else frozenset()
        return right_to_ask(voice, rules, kind, place, stage=stage, groups=of_voice)

    return right


def act_of(kind: AskKind) -> str:
    """The act of the duty matrix that a decision is, if it is one."""
    return EMERGENCY if kind is AskKind.EMERGENCY else ""
