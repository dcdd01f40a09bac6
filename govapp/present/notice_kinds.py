"""Kinds of notices in words: their names, what each tells, what a mail's subject says, and the ways of mail."""

from collections.abc import Callable

from govapp.domain.notices import AT_ONCE, DIGEST, KINDS, NEVER, NoticeKind
from govapp.present.language import gettext as _

_Words = Callable[[], str]

# kind -> its name, what it tells, the subject of its mail
_KINDS: dict[str, tuple[_Words, _Words, _Words]] = {
    "decision_waits": (
        lambda: _("A decision waits for you"),
        lambda: _("Somebody asks for a gate, and you are among those who decide."),
        lambda: _("your decision is asked"),
    ),
    "decision_reminder": (
        lambda: _("Reminder of a decision"),
        lambda: _("A decision that waits for you nears or passes its target, or somebody reminds you."),
        lambda: _("your decision is still missing"),
    ),
    "escalated": (
        lambda: _("A decision was escalated to you"),
        lambda: _(
            "A step nears or passes its target and escalates to you. This mail cannot be switched off."
        ),
        lambda: _("a late decision comes to you"),
    ),
    "vote_stale": (
        lambda: _("Your vote became stale"),
        lambda: _("What you voted on has changed, so you are asked again."),
        lambda: _("the dossier changed after your vote"),
    ),
    "sent_back": (
        lambda: _("A request was sent back"),
        lambda: _("What you asked for was not granted; the reason stands beside it."),
        lambda: _("sent back"),
    ),
    "moved": (
        lambda: _("A gate was passed"),
        lambda: _("The last approval of what you asked for is there."),
        lambda: _("gate passed"),
    ),
    "plan_change_waits": (
        lambda: _("A change of a plan waits for you"),
        lambda: _("Somebody asks to change a frozen plan, and your part approves it."),
        lambda: _("a change of its plan waits for you"),
    ),
    "plan_change_refused": (
        lambda: _("A change of a plan was refused"),
        lambda: _("A change you asked for was not approved; the reason stands beside it."),
        lambda: _("change of the plan refused"),
    ),
    "plan_change_done": (
        lambda: _("A change of a plan is in force"),
        lambda: _("What you asked for was approved and is the next version of the plan."),
        lambda: _("change of the plan in force"),
    ),
    "supply_asked": (
        lambda: _("You are asked for something"),
        lambda: _("Somebody asks you for evidence or data that a gate misses."),
        lambda: _("you are asked to supply something"),
    ),
    "judgement_waits": (
        lambda: _("Evidence waits for your judgement"),
        lambda: _("Somebody handed in evidence that you accept or return."),
        lambda: _("evidence waits for your judgement"),
    ),
    "evidence_returned": (
        lambda: _("Your evidence was returned"),
        lambda: _("A judge did not accept it; the reason stands beside it."),
        lambda: _("evidence returned"),
    ),
    "evidence_accepted": (
        lambda: _("Your evidence was accepted"),
        lambda: _("A judge accepted what you handed in."),
        lambda: _("evidence accepted"),
    ),
    "evidence_expiring": (
        lambda: _("Evidence expires soon"),
        lambda: _("Evidence of yours ends within a month."),
        lambda: _("evidence expires soon"),
    ),
    "evidence_expired": (
        lambda: _("Evidence has expired"),
        lambda: _("Evidence of yours no longer counts for gates ahead."),
        lambda: _("evidence has expired"),
    ),
    "sustain_due": (
        lambda: _("A sustain check is due"),
        lambda: _("A measure was closed some months ago, and it is asked whether its effect is still there."),
        lambda: _("a sustain check is due"),
    ),
    "sustain_lost": (
        lambda: _("An effect has shrunk or is lost"),
        lambda: _("A sustain check found it; you book what is lost as leakage."),
        lambda: _("an effect is lost"),
    ),
    "condition_set": (
        lambda: _("A condition was set for you"),
        lambda: _("A gate was passed on a condition that you owe."),
        lambda: _("you owe a condition"),
    ),
    "condition_due": (
        lambda: _("A condition is due soon"),
        lambda: _("A condition that you owe nears its day."),
        lambda: _("a condition is due"),
    ),
    "condition_overdue": (
        lambda: _("A condition is overdue"),
        lambda: _("Its day has passed, and the measure is on hold. This mail cannot be switched off."),
        lambda: _("a condition is overdue"),
    ),
    "condition_fulfilled": (
        lambda: _("A condition waits for your confirmation"),
        lambda: _("Somebody says it is fulfilled; you confirm it."),
        lambda: _("a condition waits for your confirmation"),
    ),
    "condition_not_met": (
        lambda: _("A condition is not met yet"),
        lambda: _(
            "Who confirms it does not take a condition of yours as fulfilled; the reason stands beside it."
        ),
        lambda: _("a condition is not met yet"),
    ),
    "condition_extended": (
        lambda: _("A condition has a new day"),
        lambda: _("A condition that you owe is due later than before."),
        lambda: _("a condition is due later"),
    ),
    "emergency_advance": (
        lambda: _("An emergency advance"),
        lambda: _(
            "A measure of yours skipped a gate; a look-back is owed. This mail cannot be switched off."
        ),
        lambda: _("emergency advance"),
    ),
    "lookback_due": (
        lambda: _("A look-back is due"),
        lambda: _("A gate was skipped in an emergency and the report on it is due."),
        lambda: _("a look-back is due"),
    ),
    "lookback_overdue": (
        lambda: _("A look-back is overdue"),
        lambda: _("The report on a skipped gate is late. This mail cannot be switched off."),
        lambda: _("a look-back is overdue"),
    ),
    "put_on_hold": (
        lambda: _("A measure was put on hold"),
        lambda: _("A measure of yours rests until it is released."),
        lambda: _("put on hold"),
    ),
    "released": (
        lambda: _("A measure was released"),
        lambda: _("A measure of yours goes on after a hold."),
        lambda: _("released"),
    ),
    "cancelled": (
        lambda: _("A measure was cancelled"),
        lambda: _("A measure of yours ends without its effect."),
        lambda: _("cancelled"),
    ),
    "reopened": (
        lambda: _("A measure was reopened"),
        lambda: _("A closed or cancelled measure of yours goes on."),
        lambda: _("reopened"),
    ),
    "part_given": (
        lambda: _("You were named on a measure"),
        lambda: _("Somebody made you owner, sponsor, controller or another part."),
        lambda: _("you were named"),
    ),
    "comment": (
        lambda: _("A comment on your measure"),
        lambda: _("Somebody wrote a comment on a measure that you own."),
        lambda: _("a comment"),
    ),
    "amounts_returned": (
        lambda: _("Amounts that you entered were not confirmed in full"),
        lambda: _(
            "The controller refused them, confirmed a part, or took a confirmation back, with a reason."
        ),
        lambda: _("amounts not confirmed in full"),
    ),
    "amount_asked": (
        lambda: _("You are asked for an actual amount"),
        lambda: _("A confirmation was taken back, its month is closed, and only a controller adds to it."),
        lambda: _("an actual amount is asked of you"),
    ),
    "deputy_set": (
        lambda: _("A deputy was set"),
        lambda: _("You stand in for somebody, or somebody for you. This mail cannot be switched off."),
        lambda: _("a deputy was set"),
    ),
    "deputy_begins": (
        lambda: _("You stand in from today"),
        lambda: _("A time in which you stand in for somebody begins. This mail cannot be switched off."),
        lambda: _("you stand in from today"),
    ),
    "deputy_ended": (
        lambda: _("A deputy ended"),
        lambda: _("A time in which somebody stood in for somebody is over."),
        lambda: _("a deputy ended"),
    ),
    "bulk_done": (
        lambda: _("Many measures at once: done"),
        lambda: _("What you asked for several measures is worked off, with a result for each."),
        lambda: _("your bulk request is done"),
    ),
}
_SUBJECTS: dict[str, _Words] = {
    "decisions": lambda: _("Decisions"),
    "evidence": lambda: _("Evidence"),
    "conditions": lambda: _("Conditions and look-backs"),
    "measures": lambda: _("Measures"),
    "myself": lambda: _("Deputies and my own requests"),
}
_WAYS: dict[str, _Words] = {
    AT_ONCE: lambda: _("At once"),
    DIGEST: lambda: _("Daily digest"),
    NEVER: lambda: _("Not by mail"),
}


def kind_name(kind: str) -> str:
    """The name of a kind of notice."""
    return _KINDS[kind][0]() if kind in _KINDS else kind.replace("_", " ").capitalize()


def kind_about(kind: str) -> str:
    """What a kind of notice tells."""
    return _KINDS[kind][1]() if kind in _KINDS else ""


def mail_subject(kind: str) -> str:
    """What the subject of its mail says after the measure's key."""
    return _KINDS[kind][2]() if kind in _KINDS else kind_name(kind)


def way_word(way: str) -> str:
    """How a kind comes by mail."""
    return _WAYS[way]() if way in _WAYS else way


def kinds_by_subject() -> list[tuple[str, list[NoticeKind]]]:
    """Kinds under headings, in the order in which they are chosen."""
    found: dict[str, list[NoticeKind]] = {}
    for kind in KINDS:
        found.setdefault(kind.about, []).append(kind)
    return [(_SUBJECTS[about](), kinds) for about, kinds in found.items()]
