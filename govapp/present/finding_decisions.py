"""Rules of the board in sentences: why a decision is refused, and what a gate says of conditions and look-backs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from govapp.domain.asks import AskKind
from govapp.domain.decisions import Askers
from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.named import group_words, holder_words, joined, stage_name

Values = Mapping[str, Any]

_ASKS: dict[str, Callable[[], str]] = {
    AskKind.ADVANCE: lambda: _("move"),
    AskKind.RECYCLE: lambda: _("send back"),
    AskKind.HOLD: lambda: _("put on hold"),
    AskKind.RELEASE: lambda: _("release"),
    AskKind.CANCEL: lambda: _("cancel"),
    AskKind.REOPEN: lambda: _("reopen"),
    AskKind.EMERGENCY: lambda: _("advance in an emergency"),
}


def ask_words(kind: str) -> str:
    """A decision as a verb: `put on hold`."""
    known = _ASKS.get(kind)
    return known() if known else kind.replace("_", " ")


def _holders(named: Askers) -> str:
    people = [holder_words(key) for key in (*named.parts, *named.roles)]
    return joined([*people, *(group_words(key) for key in named.groups)])


def askers_words(kind: str, rules: Rules) -> str:
    """Who may ask for a decision, with those who may from a later stage on."""
    rule = rules.decisions.get(kind)
    if rule is None or not rule.askers.names_somebody:
        return _("its owner or a program lead")
    said = _holders(rule.askers)
    if rule.askers.not_parts:
        said = _(
            "%(who)s, never %(others)s",
            who=said,
            others=joined([holder_words(part) for part in rule.askers.not_parts]),
        )
    for stage, later in rule.askers_from.items():
        said += _(", from %(stage)s on %(who)s", stage=stage_name(rules, stage), who=_holders(later))
    return said


def _no_right(v: Values, r: Rules) -> str:
    kind = v.get("ask", AskKind.ADVANCE)
    if kind == AskKind.EMERGENCY:
        return _("An emergency advance is not yours to make. That is for %(who)s.", who=askers_words(kind, r))
    return _(
        "You may not %(ask)s this measure. That is for %(who)s.",
        ask=ask_words(kind),
        who=askers_words(kind, r),
    )


def _no_decider(v: Values, r: Rules) -> str:
    if not v["who"]:
        return _(
            "%(step)s: there is nobody to decide it. A program lead names whoever holds the part, or an administrator "
            "grants the role or fills the group.",
            step=_(v["step"]),
        )
    return _(
        "%(step)s: %(who)s may not decide, having handed in the proof, owning the measure or holding a second part. "
        "A program lead can name somebody else, or somebody else hands the proof in.",
        step=_(v["step"]),
        who=joined(v["who"]),
    )


def _too_few(v: Values, r: Rules) -> str:
    return _(
        "%(step)s: %(need)s have to decide, and only %(have)s can. An administrator adds people to the group or role, "
        "or whoever is barred is relieved of what bars them.",
        step=_(v["step"]),
        need=v["need"],
        have=v["have"],
    )


def _member_barred(v: Values, r: Rules) -> str:
    return _(
        "%(step)s: all of its %(need)s deciders have to agree, and one of them may not decide here. Somebody else must "
        "be named in their place, or somebody else hands the proof in.",
        step=_(v["step"]),
        need=v["need"],
    )


def _shared(v: Values, r: Rules) -> str:
    return _(
        "%(step)s: each step needs another person, and whoever could decide this one is needed for another. A program "
        "lead names somebody else for a part, or an administrator adds people to the group or role.",
        step=_(v["step"]),
    )


def _overdue(v: Values, r: Rules) -> str:
    return ngettext(
        "A condition is overdue since %(day)s. Whoever set it can confirm, extend or lift it.",
        "%(num)s conditions are overdue, the first since %(day)s. Whoever set them can confirm, extend or lift them.",
        v["count"],
        day=_day(v["due"]),
    )


def _no_rate(v: Values, r: Rules) -> str:
    return _(
        "Who decides depends on its value, and there is no rate for %(currencies)s. An administrator adds the rate to "
        "the rules, or the line is entered in another currency.",
        currencies=_listed(v["currencies"]),
    )


def _rate_missing(v: Values, r: Rules) -> str:
    return _(
        "The plan freezes here, and there is no plan rate for %(currencies)s. A controller sets it under "
        "Finance, Rates, or the line is entered in another currency.",
        currencies=_listed(v["currencies"]),
    )


def _used(v: Values, r: Rules) -> str:
    return ngettext(
        "A measure may pass a gate by emergency once, and this one has.",
        "A measure may pass a gate by emergency %(num)s times, and this one has.",
        v["limit"],
    )


RULES: dict[str, Callable[[Values, Rules], str]] = {
    "rule_on_hold": lambda v, r: _("It is on hold. Release it first."),
    "rule_cancelled": lambda v, r: _("It is cancelled. Reopen it first."),
    "rule_unknown_stage": lambda v, r: _("There is no such stage in the rules of this measure."),
    "rule_already_there": lambda v, r: _("It stands there already."),
    "rule_closed": lambda v, r: _("It is closed. Reopen it first."),
    "rule_next_stage_only": lambda v, r: _(
        "One gate at a time: %(next)s comes next.", next=stage_name(r, v["next"])
    ),
    "rule_proposed": lambda v, r: _("It is a proposal and has not been accepted yet."),
    "rule_earlier_stage_only": lambda v, r: _("Sending back goes to an earlier stage."),
    "rule_not_closed": lambda v, r: _("Only what is closed or cancelled can be reopened."),
    "rule_not_for_on_hold": lambda v, r: _("It is on hold already."),
    "rule_not_for_cancelled": lambda v, r: _("It is cancelled."),
    "rule_not_for_active": lambda v, r: _("It is not on hold."),
    "rule_reason_needed": lambda v, r: _("A reason is needed."),
    "rule_details_needed": lambda v, r: _("Some details are missing or cannot be taken as they are."),
    "rule_condition_overdue": _overdue,
    "rule_no_rate": _no_rate,
    "rule_rate_missing": _rate_missing,
    "rule_no_emergency": lambda v, r: _("The rules of this measure know no emergency advance."),
    "rule_no_emergency_into": lambda v, r: _(
        "No emergency advance leads into %(stage)s: its gate is passed in full.",
        stage=stage_name(r, v["stage"]),
    ),
    "rule_emergency_used": _used,
    "rule_no_decider": _no_decider,
    "rule_too_few_deciders": _too_few,
    "rule_member_barred": _member_barred,
    "rule_shared_deciders": _shared,
    "rule_no_right": _no_right,
}


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _day(value: Any) -> str:
    return dates.day(date.fromisoformat(str(value))) if value else ""


def _conditions_open(v: Values, r: Rules) -> str:
    said = ngettext("%(num)s condition is open.", "%(num)s conditions are open.", v["count"])
    if v["overdue"]:
        said += " " + ngettext("%(num)s is overdue.", "%(num)s are overdue.", v["overdue"])
    return said


DETAILS: dict[str, Callable[[Values, Rules], str]] = {
    "conditions_none": lambda v, r: _("No condition is open."),
    "conditions_open": _conditions_open,
    "lookback_none": lambda v, r: _("No look-back is open."),
    "lookback_open": lambda v, r: _(
        "The look-back on the emergency advance is due on %(day)s and not accepted yet.", day=_day(v["due"])
    ),
}
