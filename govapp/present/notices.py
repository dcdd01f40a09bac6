"""Notices in sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.present.dates import day
from govapp.present.findings import part_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words: what happened, what the person is asked to do, and the address for it."""

    sentence: str
    address: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _About:
    """What a sentence is made of: the measure's key, who caused it, the address of the review, codes and values."""

    key: str
    who: str
    review: str
    more: Mapping[str, Any]

    @property
    def measure(self) -> str:
        return f"/measures/{self.key}" if self.key else "/"

    def text(self, *names: str) -> str:
        """The first of these values that is there."""
        return next((str(self.more[name]) for name in names if self.more.get(name)), "")

    @property
    def evidence(self) -> str:
        """The piece where its number is known, else all evidence of the measure."""
        number = str(self.more.get("evidence", ""))
        return f"{self.measure}/evidence/{number}" if number.isdigit() else f"{self.measure}/evidence"

    def day(self, name: str) -> str:
        """A day among the values in words; '' where there is none."""
        try:
            return day(date.fromisoformat(self.text(name)))
        except ValueError:
            return ""


def _criterion(finding: str) -> str:
    subject, _colon, name = finding.partition(":")
    words = name.replace("-", " ").replace("_", " ")
    if subject == "evidence":
        return _("the evidence “%(name)s”", name=words)
    return _("“%(name)s”", name=words or finding)


def _supply(about: _About) -> str:
    kind, _colon, name = about.text("finding").partition(":")
    return f"{about.measure}/evidence/new?kind={name}" if kind == "evidence" else about.measure


def _what(about: _About) -> str:
    """The kind of evidence a notice is about."""
    return _("the evidence “%(name)s”", name=about.text("name", "kind").replace("-", " "))


def _due(about: _About) -> str:
    found = about.day("due")
    return (
        _("%(wording)s Due %(day)s.", wording=about.text("wording"), day=found)
        if found
        else about.text("wording")
    )


def _until(about: _About) -> str:
    first, last = about.day("from"), about.day("until")
    if first and last:
        return _("From %(first)s until %(last)s.", first=first, last=last)
    return _("Until %(last)s.", last=last) if last else ""


def _deputy(about: _About) -> str:
    person, deputy = about.text("person_name"), about.text("deputy_name")
    if person and deputy:
        return _("%(deputy)s stands in for %(person)s.", deputy=deputy, person=person)
    return _("%(who)s set a deputy.", who=about.who)


def _deputy_over(about: _About) -> str:
    person, deputy = about.text("person_name"), about.text("deputy_name")
    if person and deputy:
        return _("%(deputy)s no longer stands in for %(person)s.", deputy=deputy, person=person)
    return _("A deputy has ended.")


def _bulk(about: _About) -> str:
    done, refused = int(about.more.get("done") or 0), int(about.more.get("refused") or 0)
    first = ngettext("%(num)s measure is done", "%(num)s measures are done", done)
    return _("%(done)s, %(refused)s refused.", done=first, refused=refused)


_KINDS: dict[str, Callable[[_About], Told]] = {
    "decision_waits": lambda a: Told(
        _("%(who)s asks you to decide on %(key)s.", who=a.who, key=a.key), a.review
    ),
    "decision_reminder": lambda a: Told(
        _("%(who)s reminds you: %(key)s waits for your decision.", who=a.who, key=a.key), a.review
    ),
    "escalated": lambda a: Told(
        _("%(key)s waits longer than its target. You may decide as well.", key=a.key), a.review, a.text("step_name")
    ),
    "vote_stale": lambda a: Told(
        _("The dossier of %(key)s changed after your vote. Please look and decide again.", key=a.key), a.review
    ),
    "sent_back": lambda a: Told(
        _("%(who)s sent %(key)s back.", who=a.who, key=a.key), a.review, a.text("reason")
    ),
    "moved": lambda a: Told(
        _("%(key)s passed its gate: %(who)s gave the last approval.", who=a.who, key=a.key), a.measure
    ),
    "supply_asked": lambda a: Told(
        _("%(who)s asks you for %(what)s of %(key)s.", who=a.who, key=a.key, what=_criterion(a.text("finding"))),
        _supply(a),
    ),
    "evidence_to_judge": lambda a: Told(
        _("%(who)s handed in %(what)s of %(key)s. You judge it.", who=a.who, key=a.key, what=_what(a)), a.evidence
    ),
    "evidence_returned": lambda a: Told(
        _("%(who)s returned %(what)s of %(key)s.", who=a.who, key=a.key, what=_what(a)), a.evidence, a.text("reason")
    ),
    "evidence_accepted": lambda a: Told(
        _("%(who)s accepted %(what)s of %(key)s.", who=a.who, key=a.key, what=_what(a)), a.evidence
    ),
    "evidence_expires": lambda a: Told(
        _("On %(day)s %(what)s of %(key)s expires.", day=a.day("until") or "–", key=a.key, what=_what(a)), a.evidence
    ),
    "evidence_expired": lambda a: Told(
        _("Expired: %(what)s of %(key)s. Gates ahead ask for it again.", key=a.key, what=_what(a)), a.evidence
    ),
    "condition_set": lambda a: Told(
        _("%(who)s passed a gate of %(key)s on a condition that you owe.", who=a.who, key=a.key), a.measure, _due(a)
    ),
    "condition_due": lambda a: Told(
        _("A condition of %(key)s that you owe is due soon.", key=a.key), a.measure, _due(a)
    ),
    "condition_overdue": lambda a: Told(
        _("A condition of %(key)s is overdue, so the measure is on hold.", key=a.key), a.measure, _due(a)
    ),
    "condition_fulfilled": lambda a: Told(
        _("%(who)s says a condition of %(key)s is fulfilled. Please confirm it.", who=a.who, key=a.key),
        a.measure, a.text("wording"),
    ),
    "lookback_due": lambda a: Told(
        _("The look-back on the emergency advance of %(key)s is due.", key=a.key), a.measure, a.day("due")
    ),
    "lookback_overdue": lambda a: Told(
        _("The look-back on the emergency advance of %(key)s is overdue. Its next gates stay shut.", key=a.key),
        a.measure, a.day("due"),
    ),
    "put_on_hold": lambda a: Told(
        _("%(who)s put %(key)s on hold.", who=a.who, key=a.key), a.measure, a.text("reason")
    ),
    "released": lambda a: Told(
        _("%(who)s released %(key)s. It goes on.", who=a.who, key=a.key), a.measure, a.text("reason")
    ),
    "cancelled": lambda a: Told(
        _("%(who)s cancelled %(key)s.", who=a.who, key=a.key), a.measure, a.text("reason")
    ),
    "reopened": lambda a: Told(
        _("%(who)s reopened %(key)s.", who=a.who, key=a.key), a.measure, a.text("reason")
    ),
    "part_given": lambda a: Told(
        _(
            "%(who)s named you %(parts)s of %(key)s.",
            who=a.who, key=a.key, parts=", ".join(part_words(part) for part in a.more.get("parts", ())),
        ),
        a.measure,
    ),
    "comment": lambda a: Told(_("%(who)s commented on %(key)s.", who=a.who, key=a.key), a.measure),
    "deputy_set": lambda a: Told(_deputy(a), "/account", _until(a)),
    "deputy_ended": lambda a: Told(_deputy_over(a), "/account"),
    "bulk_done": lambda a: Told(_bulk(a), a.text("address") or "/measures"),
}  # fmt: skip


def told(
    kind: str, key: str, who: str, review_id: int | None, payload: Mapping[str, Any], stands_in_for: str = ""
) -> Told:
    """A notice in words; a kind nobody knows leads to its measure, so that nothing is lost.

    `stands_in_for`: whose notice it is, when it comes to a deputy.
    """
    about = _About(
        key, who or _("The system"), f"/reviews/{review_id}" if review_id else f"/measures/{key}", payload
    )
    maker = _KINDS.get(kind)
    found = maker(about) if maker else Told(_("Something new about %(key)s.", key=key), about.measure)
    if not stands_in_for:
        return found
    sentence = _("For %(name)s: %(sentence)s", name=stands_in_for, sentence=found.sentence)
    return Told(sentence, found.address, found.detail)


def known_kinds() -> frozenset[str]:
    """All kinds that have a sentence; a test holds them against the verbs."""
    return frozenset(_KINDS)
