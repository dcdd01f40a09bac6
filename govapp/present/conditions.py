"""Conditions and look-backs in words, and why something about them is refused."""

from dataclasses import dataclass
from typing import Any

from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rules import Rules
from govapp.present import errors
from govapp.present.findings import FindingView, finding_view, stage_name
from govapp.present.language import gettext as _
from govapp.present.named import group_words, holder_words, joined

# the order in which the acts on a condition are offered, and their forms: does it take a day, must it say why
ACTS = ("fulfil", "confirm", "not_met", "extend", "lift")
WITH_REASON = frozenset({"not_met", "extend", "lift"})


@dataclass(frozen=True, slots=True)
class LookbackView:
    """A look-back in words: the gate that was passed over, and what it owes as lines of a task list."""

    seen: Any
    stage: str
    debts: tuple[FindingView, ...]


def lookback_view(seen: Any, rules: Rules, key: str) -> LookbackView:
    """A look-back with its debts as findings."""
    debts = tuple(finding_view(finding, rules, key) for finding in seen.debts)
    return LookbackView(seen, stage_name(rules, seen.row.into), debts)


def act_words(act: str) -> str:
    """What somebody may do about a condition, as its button says it."""
    return {
        "fulfil": _("Report as fulfilled"),
        "confirm": _("Confirm as fulfilled"),
        "not_met": _("Give back as not met"),
        "extend": _("Extend"),
        "lift": _("Lift"),
    }[act]


def state_words(state: str, *, overdue: bool) -> str:
    """How a condition stands."""
    if overdue:
        return _("Overdue")
    return {
        "open": _("Open"),
        "fulfilled": _("Reported as fulfilled"),
        "confirmed": _("Confirmed"),
        "lifted": _("Lifted"),
    }[state]


def state_class(state: str, *, overdue: bool) -> str:
    """The class of its sign."""
    if overdue:
        return "off"
    return {"open": "risk", "fulfilled": "risk", "confirmed": "ok"}.get(state, "none")


def judges_words(kind: EvidenceKind) -> str:
    """Who judges the report on a look-back."""
    judge = kind.judge
    if judge is None:
        return ""
    people = [holder_words(key) for key in (*judge.parts, *judge.roles)]
    return joined([*people, *(group_words(key) for key in judge.groups)])


errors.SENTENCES.update(
    {
        "details_invalid": lambda: _("Not done yet: the marked fields need another look."),
        "condition_invalid": lambda: _("Not recorded yet: the marked fields need another look."),
        "stale_condition": lambda: _(
            "Somebody did something about this condition since you opened the page. Here it is fresh; what you "
            "typed is kept."
        ),
        "condition_ended": lambda: _(
            "This is settled already, so there was nothing to do. Here it is fresh."
        ),
        "condition_own": lambda: _(
            "You own this condition or the measure, or reported it as fulfilled. Somebody else confirms, extends or "
            "lifts it."
        ),
        "not_condition_owner": lambda: _(
            "Only who owns the condition, or the owner of the measure, reports it as fulfilled."
        ),
        "not_condition_setter": lambda: _(
            "Only who set the condition decides about it; the sponsor does when they are no longer active."
        ),
        "condition_due_range": lambda: _(
            "Please give a day after the present one, at most %(days)s days from today."
        ),
        "conditions_few": lambda: _("Write at least one condition, or approve without conditions."),
        "conditions_many": lambda: _("These are more conditions than the rules allow. Join some of them."),
        "conditions_unasked": lambda: _(
            "Conditions go only with an approval under conditions. Choose that, or remove them."
        ),
        "conditions_not_here": lambda: _(
            "Conditions can be set only at the last step of a gate that may be passed with conditions."
        ),
        "text_too_long": lambda: _("This is too long: at most 500 characters."),
        "signature_needed": lambda: _("This step is signed: please give your password once more."),
        "quorum_not_reached": lambda: _(
            "%(cast)s have voted and the quorum is %(quorum)s, so the ballot stays open."
        ),
        "no_ballot_here": lambda: _("This step has no ballot to close."),
        "date_invalid": lambda: _("A day looks like 2026-11-30."),
        "date_past": lambda: _("This day is past."),
        "date_too_late": lambda: _("This day is later than the rules allow."),
    }
)
