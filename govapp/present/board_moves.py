"""What a drop on a column would do, who decides then, and what a move has done, in words."""

from dataclasses import dataclass
from typing import Any

from govapp.domain.asks import AskKind, Decision, Outcome
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot
from govapp.domain.table import path_for
from govapp.present.findings import part_words, rule_sentence, stage_name
from govapp.present.language import gettext as _


@dataclass(frozen=True, slots=True)
class Hint:
    """What a drop on a column would do: `open`, `back` or `locked`, a short sentence, and how its button reads."""

    stage: str
    name: str
    mark: str
    sentence: str
    button: str


def hint(stage: str, decision: Decision, rules: Rules, snapshot: Snapshot) -> Hint:
    """What a drop on this stage would do, in a line."""
    name = stage_name(rules, stage)
    asks = decision.ask.kind
    codes = [finding.code for finding in decision.unmet]
    if asks is AskKind.RECYCLE:
        button = _("Send back to %(stage)s", stage=name)
        if codes in ([], ["rule_reason_needed"]):
            return Hint(stage, name, "back", _("Goes back; asks for a reason"), button)
    else:
        button = _("Move to %(stage)s", stage=name)
    if decision.outcome is Outcome.ALLOWED:
        return Hint(stage, name, "open", _("Drop here: moves at once"), button)
    if decision.outcome is Outcome.NEEDS_REVIEW:
        return Hint(
            stage,
            name,
            "open",
            _("Drop here: opens a review, %(who)s", who=_deciders(rules, stage, snapshot)),
            button,
        )
    if decision.outcome is Outcome.WAITING:
        return Hint(
            stage, name, "open", _("Review open: %(who)s", who=_deciders(rules, stage, snapshot)), button
        )
    if "rule_next_stage_only" in codes:
        before = stage_name(rules, rules.stages[rules.order[stage] - 1].key)
        return Hint(stage, name, "locked", _("Locked: only after %(stage)s", stage=before), button)
    if codes and codes[0].startswith("rule_"):
        return Hint(
            stage, name, "locked", _("Locked: %(why)s", why=rule_sentence(decision.unmet[0], rules)), button
        )
    missing, every = len(codes), len(decision.findings)
    return Hint(stage, name, "locked", _("Not yet: %(n)s of %(all)s missing", n=missing, all=every), button)


def _deciders(rules: Rules, stage: str, snapshot: Snapshot) -> str:
    names: list[str] = []
    for chosen in path_for(rules, stage, snapshot):
        step = chosen.step
        parts = step.deciders.get("parts", ())
        names += [snapshot.parts[part].name if part in snapshot.parts else part_words(part) for part in parts]
        names += [
            part_words(role) for role in (*step.deciders.get("roles", ()), *step.deciders.get("groups", ()))
        ]
    listed = list(dict.fromkeys(names))
    if len(listed) > 1:
        return _("%(first)s and %(last)s decide", first=", ".join(listed[:-1]), last=listed[-1])
    return _("%(who)s decides", who=listed[0]) if listed else _("nobody decides")


def decides_sentence(rules: Rules, stage: str, snapshot: Snapshot) -> str:
    """Who decides at the gate once everything is there."""
    if not path_for(rules, stage, snapshot):
        return _("After that it moves at once.")
    return _("After that %(who)s.", who=_deciders(rules, stage, snapshot))


def moved_sentence(key: str, rules: Rules, ask: str, came_from: str | None, to: str | None) -> str:
    """What a move did."""
    sentences: dict[str, Any] = {
        AskKind.HOLD: lambda: _("%(key)s is on hold.", key=key),
        AskKind.RELEASE: lambda: _(
            "%(key)s is released and stands in %(to)s.", key=key, to=stage_name(rules, to)
        ),
        AskKind.CANCEL: lambda: _("%(key)s is cancelled.", key=key),
        AskKind.REOPEN: lambda: _("%(key)s is open again in %(to)s.", key=key, to=stage_name(rules, to)),
        AskKind.RECYCLE: lambda: _("%(key)s went back to %(to)s.", key=key, to=stage_name(rules, to)),
    }
    made = sentences.get(ask)
    return str(made()) if made else _("%(key)s moved to %(to)s.", key=key, to=stage_name(rules, to))
