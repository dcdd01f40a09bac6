"""Notices in sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.present.dates import day, month
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

    def count(self, name: str) -> int:
        """A number among the values; 0 where there is none."""
        said = self.text(name)
        return int(said) if said.isdigit() else 0

    @property
    def evidence(self) -> str:
        """The piece where its number is known, else all evidence of the measure."""
        number = str(self.more.get("evidence", ""))
        return f"{self.measure}/evidence/{number}" if number.isdigit() else f"{self.measure}/evidence"

    @property
    def owed(self) -> str:
        """The conditions and look-backs of the measure, at the condition where its number is known."""
        number = str(self.more.get("condition", ""))
        return f"{self.measure}/conditions" + (f"#condition-{number}" if number.isdigit() else "")

    def month(self, name: str) -> str:
        """A month among the values (YYYY-MM) in words; '' where there is none."""
        try:
            return month(date.fromisoformat(f"{self.text(name)}-01"))
        except ValueError:
            return ""

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


def _kind(about: _About) -> str:
    """The kind of evidence a notice is about."""
    return about.text("kind").replace("-", " ")


def _revise(about: _About) -> str:
    """Where a new revision is handed in."""
    return f"{about.measure}/evidence/new?kind={about.text('kind')}&piece={about.text('evidence')}"


def _due(about: _About) -> str:
    found = about.day("due")
    return (
        _("%(wording)s Due %(day)s.", wording=about.text("wording"), day=found)
        if found
        else about.text("wording")
    )


def _days(about: _About) -> str:
    first, last = about.day("from"), about.day("until")
    return first if first == last else _("%(first)s to %(last)s", first=first, last=last)


def _waiting(about: _About) -> str:
    count = int(about.more.get("waiting") or 0)
    return ngettext("%(num)s decision waits already.", "%(num)s decisions wait already.", count)


def _target(about: _About) -> str:
    """The step and how much of its target is used, where the clock reminds or escalates."""
    if not about.more.get("percent"):
        return ""
    return _(
        "%(step)s: %(percent)s%% of the target time is used.",
        step=about.text("name"),
        percent=about.text("percent"),
    )


def _bulk(about: _About) -> str:
    done, refused = int(about.more.get("done") or 0), int(about.more.get("refused") or 0)
    first = ngettext("%(num)s measure is done", "%(num)s measures are done", done)
    return _("%(done)s, %(refused)s refused.", done=first, refused=refused)


_KINDS: dict[str, Callable[[_About], Told]] = {
    "decision_waits": lambda a: Told(
        _("%(who)s asks you to decide on %(key)s.", who=a.who, key=a.key), a.review
    ),
    "decision_reminder": lambda a: Told(
        _("%(who)s reminds you: %(key)s waits for your decision.", who=a.who, key=a.key), a.review, _target(a)
    ),
    "escalated": lambda a: Told(
        _("%(key)s waits for a decision longer than it should. You are told because it escalates to you.", key=a.key),
        a.review, _target(a),
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
    "plan_change_waits": lambda a: Told(
        _("%(who)s asks to change the plan of %(key)s.", who=a.who, key=a.key), f"{a.measure}/finance#plan-change",
        a.text("reason"),
    ),
    "plan_change_refused": lambda a: Told(
        _("%(who)s refused the change of the plan of %(key)s.", who=a.who, key=a.key), f"{a.measure}/finance#plan",
        a.text("reason"),
    ),
    "plan_change_done": lambda a: Told(
        _("The change of the plan of %(key)s is in force as version %(n)s.", key=a.key, n=a.text("number")),
        f"{a.measure}/finance#plan",
    ),
    "supply_asked": lambda a: Told(
        _("%(who)s asks you for %(what)s of %(key)s.", who=a.who, key=a.key, what=_criterion(a.text("finding"))),
        _supply(a),
    ),
    "judgement_waits": lambda a: Told(
        _("%(who)s handed in evidence of %(key)s that waits for your judgement: %(kind)s.",
          who=a.who, key=a.key, kind=_kind(a)),
        a.evidence,
    ),
    "evidence_accepted": lambda a: Told(
        _("%(who)s accepted your evidence of %(key)s: %(kind)s.", who=a.who, key=a.key, kind=_kind(a)),
        a.evidence, a.text("reason"),
    ),
    "evidence_returned": lambda a: Told(
        _("%(who)s returned your evidence of %(key)s: %(kind)s. Hand in a new revision.",
          who=a.who, key=a.key, kind=_kind(a)),
        _revise(a), a.text("reason"),
    ),
    "evidence_expiring": lambda a: Told(
        _("Evidence of %(key)s counts until %(day)s only: %(kind)s. Renew it before then.",
          key=a.key, day=a.day("until"), kind=_kind(a)),
        _revise(a),
    ),
    "evidence_expired": lambda a: Told(
        _("Evidence of %(key)s has expired on %(day)s: %(kind)s. Hand in a new revision; a gate passed stays passed.",
          key=a.key, day=a.day("until"), kind=_kind(a)),
        _revise(a),
    ),
    "sustain_due": lambda a: Told(
        ngettext("%(key)s was closed about %(num)s month ago: is its effect still there?",
                 "%(key)s was closed about %(num)s months ago: is its effect still there?", a.count("months"),
                 key=a.key),
        f"{a.measure}/evidence/new?kind=sustain-check", _("Due %(day)s", day=a.day("due")) if a.day("due") else "",
    ),
    "sustain_lost": lambda a: Told(
        ngettext("The check of %(key)s after %(num)s month found that its effect has shrunk. Please book what is lost.",
                 "The check of %(key)s after %(num)s months found that its effect has shrunk. Please book what is "
                 "lost.", a.count("months"), key=a.key),
        f"{a.measure}/kpi#sustain",
    ),
    "condition_set": lambda a: Told(
        _("%(who)s passed a gate of %(key)s on a condition that you owe.", who=a.who, key=a.key), a.owed, _due(a)
    ),
    "condition_due": lambda a: Told(
        _("A condition of %(key)s that you owe is due soon.", key=a.key), a.owed, _due(a)
    ),
    "condition_overdue": lambda a: Told(
        _("A condition of %(key)s is overdue, so the measure is on hold.", key=a.key), a.owed, _due(a)
    ),
    "condition_fulfilled": lambda a: Told(
        _("%(who)s says a condition of %(key)s is fulfilled. Please confirm it.", who=a.who, key=a.key),
        a.owed, a.text("wording"),
    ),
    "condition_not_met": lambda a: Told(
        _("%(who)s does not take a condition of %(key)s as fulfilled.", who=a.who, key=a.key),
        a.owed, " ".join(part for part in (a.text("wording"), a.text("reason")) if part),
    ),
    "condition_extended": lambda a: Told(
        _("%(who)s gave a condition of %(key)s more time.", who=a.who, key=a.key), a.owed, _due(a)
    ),
    "emergency_advance": lambda a: Told(
        _("%(who)s advanced %(key)s in an emergency, past its gate.", who=a.who, key=a.key), a.owed,
        _("A look-back is due by %(day)s.", day=a.day("due")) if a.day("due") else "",
    ),
    "lookback_due": lambda a: Told(
        _("The look-back on the emergency advance of %(key)s is due.", key=a.key), a.owed, a.day("due")
    ),
    "lookback_overdue": lambda a: Told(
        _("The look-back on the emergency advance of %(key)s is overdue. Its next gates stay shut.", key=a.key),
        a.owed, a.day("due"),
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
    "amount_asked": lambda a: Told(
        _("%(who)s asks you for the actual amount of %(line)s, %(month)s, on %(key)s.", who=a.who, line=a.text("line"),
          month=a.month("month"), key=a.key),
        f"{a.measure}/finance",
        _("Its confirmation was taken back and the month is closed, so a controller enters it."),
    ),
    "amounts_returned": lambda a: Told(
        {
            "refuse": _("%(who)s refused amounts of %(line)s on %(key)s that you entered."),
            "part": _("%(who)s confirmed only a part of amounts of %(line)s on %(key)s that you entered."),
            "reverse": _("%(who)s took a confirmation of %(line)s on %(key)s back; its month is open again."),
        }.get(a.text("what"), "%(line)s, %(key)s")
        % {"who": a.who, "line": a.text("line"), "key": a.key},
        f"{a.measure}/finance/ledger", a.text("reason"),
    ),
    "deputy_set": lambda a: Told(
        _("%(deputy)s stands in for %(person)s, %(days)s.", deputy=a.text("deputy_name"), person=a.text("person_name"),
          days=_days(a)),
        "/account/deputies",
    ),
    "deputy_begins": lambda a: Told(
        _("From today you stand in for %(person)s, until %(day)s.", person=a.text("person_name"), day=a.day("until")),
        "/", _waiting(a),
    ),
    "deputy_ended": lambda a: Told(
        _("%(deputy)s stands in for %(person)s no longer.", deputy=a.text("deputy_name"), person=a.text("person_name")),
        "/account/deputies",
    ),
    "bulk_done": lambda a: Told(_bulk(a), f"/bulk/{a.text('batch')}"),
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
