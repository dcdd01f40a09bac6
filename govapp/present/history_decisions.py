"""Sentences of the history about decisions: moves, holds, votes, conditions, look-backs."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import dates
from govapp.present.decision_words import OVERDUE, choice_word
from govapp.present.finding_decisions import ask_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

Payload = Mapping[str, Any]
Say = Callable[[Payload, Any, str], str]


def _reason(p: Payload) -> str:
    reason = str(p.get("reason") or p.get("note") or "").strip()
    return f": {reason}" if reason else ""


def _day(value: Any) -> str:
    return dates.day(date.fromisoformat(str(value)))


def _moved(p: Payload, n: Any, about: str) -> str:
    way = {"a": n.stage(p["from"]), "b": n.stage(p["to"])}
    if p["how"] == "recycle":
        return _("Sent back from %(a)s to %(b)s", **way) + _reason(p)
    if p["how"] == "emergency":
        said = _("Emergency advance from %(a)s to %(b)s", **way)
        owed = len(p.get("debts") or ())
        if owed:
            said += ngettext(", %(num)s criterion skipped", ", %(num)s criteria skipped", owed)
        return said + _reason(p)
    said = _("Moved from %(a)s to %(b)s", **way)
    if p.get("conditions"):
        said += ngettext(" with %(num)s condition", " with %(num)s conditions", p["conditions"])
    return said


def _refused(p: Payload, n: Any, about: str) -> str:
    unmet = len(p["findings"])
    if p["ask"] == "advance":
        missing = ngettext("%(num)s criterion unmet", "%(num)s criteria unmet", unmet)
        return _("Move to %(b)s refused, %(missing)s", b=n.stage(p["to"]), missing=missing)
    words = ask_words(p["ask"])
    asked = words[:1].upper() + words[1:]
    why = ngettext("%(num)s rule against it", "%(num)s rules against it", unmet)
    return _("%(ask)s refused, %(why)s", ask=asked, why=why)


def _held(p: Payload, n: Any, about: str) -> str:
    if p.get("reason") == OVERDUE and p.get("condition"):
        return _(
            "Put on hold by the program: condition %(n)s was due on %(day)s and is not fulfilled",
            n=p["condition"],
            day=_day(p["due"]),
        )
    said = _("Put on hold")
    if p.get("hold_cause"):
        said += _(", waits for %(cause)s", cause=choice_word("hold_cause", p["hold_cause"]))
    if p.get("review_date"):
        said += _(", look again on %(day)s", day=_day(p["review_date"]))
    return said + _value(p) + _reason(p)


def _cancelled(p: Payload, n: Any, about: str) -> str:
    said = _("Cancelled")
    if p.get("cancel_cause"):
        said += f", {choice_word('cancel_cause', p['cancel_cause'])}"
    said += _value(p)
    if p.get("sunk_cost") not in (None, ""):
        said += _(", sunk cost %(amount)s", amount=p["sunk_cost"])
    return said + _reason(p)


def _value(p: Payload) -> str:
    treatment = p.get("value_treatment")
    return _(", value %(what)s", what=choice_word("value_treatment", treatment)) if treatment else ""


def _voted(p: Payload, n: Any, about: str) -> str:
    verdicts = {
        "approve": _("Approved"), "approve_with_conditions": _("Approved with conditions"),
        "send_back": _("Sent back"), "comment": _("Commented"), "close_ballot": _("Ballot closed"),
    }  # fmt: skip
    verdict = verdicts.get(p["verdict"], str(p["verdict"]).replace("_", " ").capitalize())
    said = _("%(verdict)s at %(step)s, dossier %(number)s", verdict=verdict, step=n.step(p["step"]),
             number=p["dossier"])  # fmt: skip
    return said + _reason(p)


def _path(p: Payload, n: Any, about: str) -> str:
    said = [_("%(step)s is added", step=n.step(key)) for key in p.get("added") or ()]
    said += [_("%(step)s is no longer asked for", step=n.step(key)) for key in p.get("dropped") or ()]
    return _("The approval path follows what changed: %(what)s", what=", ".join(said) or _("no other steps"))


def _condition_set(p: Payload, n: Any, about: str) -> str:
    said = _(
        "Condition %(n)s set: “%(wording)s”, %(owner)s by %(day)s",
        n=p["condition"],
        wording=p["wording"],
        owner=n.person(p["owner"]),
        day=_day(p["due"]),
    )
    if p.get("voted_due"):
        said += _(", moved from %(day)s, which had passed at the last vote", day=_day(p["voted_due"]))
    return said + (_(", closes the next gate until then") if p.get("blocking") else "")


def _condition(text: Callable[[], str]) -> Say:
    def say(p: Payload, n: Any, about: str) -> str:
        return text() % {"n": p["condition"], "day": _day(p["due"]) if p.get("due") else ""} + _reason(p)

    return say


def _lookback_set(p: Payload, n: Any, about: str) -> str:
    said = _(
        "Look-back on the emergency advance into %(b)s due on %(day)s",
        b=n.stage(p["into"]),
        day=_day(p["due"]),
    )
    owed = len(p["debts"])
    if owed:
        said += ngettext(", %(num)s criterion owed", ", %(num)s criteria owed", owed)
    if p.get("incident"):
        said += _(", incident %(number)s", number=p["incident"])
    if p.get("informed"):
        said += _(", informed: %(who)s", who=", ".join(n.person(each) for each in p["informed"]))
    return said


SAID: dict[str, Say] = {
    Event.MEASURE_MOVED: _moved,
    Event.MOVE_REFUSED: _refused,
    Event.MEASURE_HELD: _held,
    Event.MEASURE_RELEASED: lambda p, n, a: _("Released from hold") + _reason(p),
    Event.MEASURE_CANCELLED: _cancelled,
    Event.MEASURE_REOPENED: lambda p, n, a: _("Reopened at %(b)s", b=n.stage(p["to"])) + _reason(p),
    Event.VOTE_CAST: _voted,
    Event.REVIEW_PATH: _path,
    Event.CONDITION_SET: _condition_set,
    Event.CONDITION_FULFILLED: _condition(lambda: _("Condition %(n)s reported as fulfilled")),
    Event.CONDITION_CONFIRMED: _condition(lambda: _("Condition %(n)s confirmed as fulfilled")),
    Event.CONDITION_NOT_MET: _condition(lambda: _("Condition %(n)s given back as not met")),
    Event.CONDITION_EXTENDED: _condition(lambda: _("Condition %(n)s extended to %(day)s")),
    Event.CONDITION_LIFTED: _condition(lambda: _("Condition %(n)s lifted")),
    Event.LOOKBACK_SET: _lookback_set,
    Event.LOOKBACK_ACCEPTED: lambda p, n, a: _(
        "Look-back accepted: what the emergency advance owed is settled"
    ),
}
