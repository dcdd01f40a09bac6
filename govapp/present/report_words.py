"""Codes of states, statuses, verdicts and parts in the words of reports.

An unknown code is shown as it stands.
"""

from collections.abc import Callable

from govapp.present.language import gettext as _

_MARKS = {"green": ("ok", "●"), "amber": ("risk", "▲"), "red": ("off", "■"), "none": ("none", "○")}


def _colours() -> dict[str, str]:
    return {
        "green": _("on track"),
        "amber": _("at risk"),
        "red": _("off track"),
        "none": _("not rated"),
        "": _("not rated"),
    }


def _states() -> dict[str, str]:
    return {
        "proposed": _("proposed"),
        "active": _("active"),
        "on_hold": _("on hold"),
        "cancelled": _("cancelled"),
        "archived": _("archived"),
        "open": _("open"),
        "passed": _("passed"),
        "sent_back": _("sent back"),
        "withdrawn": _("withdrawn"),
        "overtaken": _("overtaken"),
        "waiting": _("waits for an earlier step"),
        "dropped": _("no longer asked"),
        "fulfilled": _("reported as fulfilled"),
        "confirmed": _("fulfilled and confirmed"),
        "lifted": _("lifted"),
        "granted": _("granted"),
        "refused": _("refused"),
        "ended": _("ended"),
        "closed": _("closed"),
        "met": _("met"),
        "lapsed": _("lapsed"),
        "valid": _("valid"),
        "expired": _("expired"),
        "returned": _("returned"),
        "accepted": _("accepted"),
    }


def _verdicts() -> dict[str, str]:
    return {
        "approve": _("approved"),
        "approve_with_conditions": _("approved with conditions"),
        "send_back": _("sent back"),
        "comment": _("commented"),
        "close_ballot": _("closed the ballot"),
    }


def _parts() -> dict[str, str]:
    return {
        "owner": _("Owner"),
        "sponsor": _("Sponsor"),
        "controller": _("Controller"),
        "reporting_owner": _("Reporting owner"),
        "service_owner": _("Service owner"),
        "process_owner": _("Process owner"),
        "finance_contact": _("Finance contact"),
        "escalation_contact": _("Escalation contact"),
    }


def _sections() -> dict[str, str]:
    return {"evidence": _("evidence"), "finance": _("money"), "reviews": _("approvals")}


def status_class(colour: str) -> str:
    """The class of a status colour: ok, risk, off, none."""
    return _MARKS.get(colour, _MARKS["none"])[0]


def status_mark(colour: str) -> str:
    """The shape of a status colour, so that colour is never the only sign."""
    return _MARKS.get(colour, _MARKS["none"])[1]


def _looked_up(words: Callable[[], dict[str, str]]) -> Callable[[str], str]:
    def word(code: str) -> str:
        return words().get(code) or code.replace("_", " ").replace("-", " ")

    return word


part_word = _looked_up(_parts)

FILTERS: dict[str, Callable[[str], str]] = {
    "colour_word": _looked_up(_colours),
    "colour_class": status_class,
    "colour_mark": status_mark,
    "state_word": _looked_up(_states),
    "verdict_word": _looked_up(_verdicts),
    "part_word": part_word,
    "section_word": _looked_up(_sections),
}
