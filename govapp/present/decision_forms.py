"""The form of a decision that needs more than a drop: its fields by the rules of the measure, with words and faults."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from govapp.domain.asks import NO_RULE, Ask, AskKind
from govapp.domain.decisions import DecisionRule, detail_faults, working_days_after
from govapp.domain.rules import Rules
from govapp.present.decision_words import choice_word
from govapp.present.errors import sentence_of
from govapp.present.findings import ask_words, stage_name
from govapp.present.language import gettext as _

# what a hold may wait for where the rules of a measure name no causes
HOLD_CAUSES = (
    "waits_for_supplier",
    "waits_for_budget",
    "waits_for_people",
    "waits_for_another_measure",
    "priority_changed",
    "other",
)
NOT_FIELDS = frozenset({"to_stage", "conditions", "reason"})


@dataclass(frozen=True, slots=True)
class DetailField:
    """One field: `kind` is choice, date, check, people, text, amount, reason or password; people hold who is chosen."""

    name: str
    kind: str
    label: str
    help: str = ""
    value: str = ""
    required: bool = True
    choices: tuple[tuple[Any, str], ...] = ()
    chosen: frozenset[int] = frozenset()
    error: str = ""
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """A decision as a form: what it asks, what its button says, its fields, what it will do."""

    ask: str
    heading: str
    button: str
    fields: tuple[DetailField, ...]
    effect: str = ""


_LABELS: dict[str, Callable[[], str]] = {
    "hold_cause": lambda: _("What it waits for"),
    "review_date": lambda: _("Look again on"),
    "value_treatment": lambda: _("What becomes of its value"),
    "new_dates_checked": lambda: _("I have looked at the dates of milestones and forecast, and they hold"),
    "cancel_cause": lambda: _("Why it ends"),
    "incident_number": lambda: _("Number of the incident"),
    "lookback_due": lambda: _("Look-back due on"),
    "informed_people": lambda: _("Who has been informed"),
}
_KINDS = {
    "review_date": "date",
    "lookback_due": "date",
    "new_dates_checked": "check",
    "informed_people": "people",
    "sunk_cost": "amount",
}
_EFFECTS: dict[str, Callable[[], str]] = {
    AskKind.HOLD: lambda: _("It stays in its stage and its clocks rest. It goes on by release."),
    AskKind.RELEASE: lambda: _("It goes on in the stage where it stands, and its clocks run again."),
    AskKind.CANCEL: lambda: _("It leaves the board; an open review ends. What was spent stays on record."),
    AskKind.REOPEN: lambda: _("It comes back to where it left, and every further gate is passed again."),
    AskKind.EMERGENCY: lambda: _(
        "It moves now and past its gate. What the gate would have asked is written down as owed, and no later gate "
        "opens until the look-back is handed in and accepted."
    ),
}


def needed(rules: Rules, kind: str) -> tuple[str, ...]:
    """Details the rules of a measure ask for with a decision; where they say nothing of a hold, what it may say."""
    rule = rules.decisions.get(kind, NO_RULE)
    names = tuple(name for name in rule.needs if name not in NOT_FIELDS)
    return names or (("hold_cause", "review_date") if kind == AskKind.HOLD else ())


def decision_form(
    rules: Rules,
    ask: Ask,
    today: date,
    *,
    currency: str = "",
    people: Sequence[tuple[int, str]] = (),
    password: bool = False,
    refused: Mapping[str, str] | None = None,
    typed: bool = False,
) -> DecisionForm:
    """The form of an ask with what was typed; faults are shown once something was, or where `typed` says it was sent.

    `people` may be chosen as informed; `password`: the form must carry one; `refused` are further faults by field.
    """
    kind, rule = str(ask.kind), rules.decisions.get(str(ask.kind), NO_RULE)
    typed = typed or bool(ask.reason or ask.details or refused)
    faults = dict(detail_faults(rule, ask.details, today)) if typed else {}
    if typed and len(ask.reason.strip()) < 3:
        faults["reason"] = "reason_needed"
    faults |= refused or {}
    to = stage_name(rules, ask.stage) if ask.stage else ""
    reason = DetailField(
        "reason", "reason", _("Reason"), _("It goes into the history, and whoever works on the measure reads it."),
        ask.reason, error=_fault(faults, "reason"),
    )  # fmt: skip
    fields = [reason]
    fields += [_field(rule, name, ask, today, faults, currency, people) for name in needed(rules, kind)]
    if password and rule.sign:
        fields.append(
            DetailField(
                "password", "password", _("Your password"),
                _("This decision is signed with your name, and it is over 10 minutes since you gave your password."),
                error=_fault(faults, "password"),
            )
        )  # fmt: skip
    said = ask_words(kind)
    verb = (
        _("Send back to %(stage)s", stage=to) if ask.kind is AskKind.RECYCLE else said[:1].upper() + said[1:]
    )
    effect = _EFFECTS.get(kind)
    return DecisionForm(kind, _heading(ask.kind, to, said), verb, tuple(fields), effect() if effect else "")


def _heading(kind: AskKind, to: str, said: str) -> str:
    if kind is AskKind.RECYCLE:
        return _("Why send it back to %(stage)s?", stage=to)
    if kind is AskKind.EMERGENCY:
        return _("Why go to %(stage)s past its gate?", stage=to)
    return _("Why %(ask)s it?", ask=said)


def _fault(faults: Mapping[str, str], name: str) -> str:
    return sentence_of(faults[name]) if name in faults else ""


def _field(
    rule: DecisionRule, name: str, ask: Ask, today: date, faults: Mapping[str, str], currency: str,
    people: Sequence[tuple[int, str]],
) -> DetailField:  # fmt: skip
    choices = rule.choices.get(name, HOLD_CAUSES if name == "hold_cause" else ())
    kind = "choice" if choices else _KINDS.get(name, "text")
    value = ask.details.get(name)
    least, most, helped = _limits(rule, name, today)
    offered: tuple[tuple[Any, str], ...] = tuple((key, _capital(choice_word(name, key))) for key in choices)
    if kind == "people":
        offered = tuple(people)
    return DetailField(
        name, kind, _label(name, currency), helped,
        "" if value is None or kind == "people" else str(value),
        name in rule.needs, offered, frozenset(value or ()) if kind == "people" else frozenset(),
        _fault(faults, name), least, most,
    )  # fmt: skip


def _label(name: str, currency: str) -> str:
    if name == "sunk_cost":
        return _("Cost spent so far, in %(currency)s", currency=currency)
    known = _LABELS.get(name)
    return known() if known else _capital(_(name.replace("_", " ")))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _limits(rule: DecisionRule, name: str, today: date) -> tuple[str, str, str]:
    """Earliest and latest day of a field, and what is said of them."""
    if name == "review_date":
        days = rule.max_days_to_review
        most = (today + timedelta(days=days)).isoformat() if days else ""
        return today.isoformat(), most, _("At most %(n)s days from today.", n=days) if days else ""
    if name == "lookback_due":
        days = int(rule.lookback.get("max_working_days", 10))
        return (
            today.isoformat(),
            working_days_after(today, days).isoformat(),
            _("At most %(n)s working days from today.", n=days),
        )
    helped = {
        "sunk_cost": _("What was spent and does not come back. Zero if nothing was."),
        "informed_people": _("They are told that the gate was passed by emergency."),
        "incident_number": _("As in the ticket system, such as INC0042."),
    }
    return "", "", helped.get(name, "")
