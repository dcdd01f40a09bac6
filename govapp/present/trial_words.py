"""Trials in words: what would come out otherwise, and why, group by group."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.rule_words import plain, refused_words

Group = Mapping[str, Any]
_ASKS: dict[str, Callable[[], str]] = {
    "advance": lambda: _("to advance into %(stage)s"),
    "recycle": lambda: _("to go back to %(stage)s"),
    "hold": lambda: _("to put on hold"),
    "release": lambda: _("to release from hold"),
    "cancel": lambda: _("to cancel"),
    "reopen": lambda: _("to reopen"),
    "emergency_advance": lambda: _("to advance in an emergency into %(stage)s"),
}
_OUTCOMES: dict[str, Callable[[], str]] = {
    "allowed": lambda: _("allowed"),
    "refused": lambda: _("refused"),
    "needs_review": lambda: _("review opened"),
    "waiting": lambda: _("would still wait for approvals"),
    "stage_missing": lambda: _("not possible: its stage is not in this version"),
}
_STATES: dict[str, Callable[[], str]] = {
    "queued": lambda: _("waits for a worker"),
    "running": lambda: _("at work"),
    "done": lambda: _("done"),
    "failed": lambda: _("failed"),
}
_PROBLEMS: dict[str, Callable[[], str]] = {
    "no_worker": lambda: _("No worker took it up. Start the workers, then try again."),
    "worker_died": lambda: _("Its worker ended several times. Ask the operator, then try again."),
    "too_slow": lambda: _("It took too long. Try it on fewer decisions."),
    "too_large": lambda: _("It needed too much memory. Try it on fewer decisions."),
    "not_made": lambda: _("Something went wrong on our side; the operator finds it in the worker's log."),
}


def state_words(state: str) -> str:
    """The state of a trial."""
    return _STATES[state]() if state in _STATES else plain(state)


def problem_words(problem: str) -> str:
    """Why a trial failed and what to do."""
    return _PROBLEMS[problem]() if problem in _PROBLEMS else problem


def group_heading(group: Group, stages: Mapping[str, str]) -> str:
    """What the group is about, and how it came out then and would now."""
    count, stage = int(group["count"]), stages.get(str(group["stage"]), plain(group["stage"] or ""))
    if group["what"] == "measure":
        if group["refused"]:
            return ngettext(
                "%(num)s open measure could not go on under it",
                "%(num)s open measures could not go on under it",
                count,
            )
        return ngettext(
            "%(num)s open measure finds another gate into %(stage)s ahead",
            "%(num)s open measures find another gate into %(stage)s ahead",
            count, stage=stage,
        )  # fmt: skip
    asked = (_ASKS[group["ask"]]() if group["ask"] in _ASKS else plain(group["ask"])) % {"stage": stage}
    return ngettext(
        "%(num)s decision %(asked)s: %(then)s then, %(now)s now",
        "%(num)s decisions %(asked)s: %(then)s then, %(now)s now",
        count, asked=asked, then=_outcome(group["outcome"][0]), now=_outcome(group["outcome"][1]),
    )  # fmt: skip


def _outcome(code: str) -> str:
    return _OUTCOMES[code]() if code in _OUTCOMES else plain(code)


def group_lines(group: Group) -> list[str]:
    """Why, line by line: criteria newly missing or met, steps more or less with the words of their rows."""
    wording, says = group["wording"], group["says"]
    lines = [refused_words(code) for code in group.get("refused", ())]
    lines += [
        _("Newly missing: %(what)s", what=_criterion(key, code, wording)) for key, code in group["unmet"]
    ]
    lines += [
        _("No longer missing: %(what)s", what=_criterion(key, code, wording)) for key, code in group["met"]
    ]
    for _key, name, _order, rows in group["added"]:
        why = " ".join(says[row] for row in rows if says.get(row))
        lines.append(_("One more step: %(step)s.", step=name) + (f" {why}" if why else ""))
    lines += [_("One step less: %(step)s.", step=name) for _key, name, _order in group["removed"]]
    lines += [
        _("%(step)s comes at place %(after)s instead of %(before)s.", step=name, before=before, after=after)
        for _key, name, before, after in group["moved"]
    ]
    return lines


def _criterion(key: str, code: str, wording: Mapping[str, str]) -> str:
    """A criterion by its wording, or a rule of the board by its code."""
    return wording.get(key) or plain(code.removeprefix("rule_")).capitalize() + "."


def fault_sentence(fault: Mapping[str, Any]) -> str:
    """A record that the rules of then do not answer as they did: what differs."""
    kept, again = fault["kept"], fault["again"]
    differing = [
        plain(name) for name in ("outcome", "to", "findings", "steps") if kept.get(name) != again.get(name)
    ]
    return _(
        "%(key)s, record %(record)s of %(day)s: kept as %(kept)s, answered now as %(again)s (%(what)s differ).",
        key=fault["key"], record=fault["record"], day=fault["day"], kept=_outcome(str(kept.get("outcome"))),
        again=_outcome(str(again.get("outcome"))), what=", ".join(differing),
    )  # fmt: skip


def sorted_groups(groups: Sequence[Group]) -> list[Group]:
    """Decisions before measures, large groups first."""
    return sorted(
        groups, key=lambda group: (group["what"] != "decision", -int(group["count"]), group["sign"])
    )
