"""Mail in words: subject and plain text of a notice or a digest, made of the codes and values that the outbox holds."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from govapp.present import dates, money
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.notice_kinds import mail_subject
from govapp.present.notices import told

LONGEST_LINE = 400
_Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject on one line, and plain text."""

    subject: str
    text: str


def mail_words(payload: _Payload, base: str, *, amounts: bool = True) -> Mail:
    """The mail of a parcel; `base` is the address people use. Without `amounts` for a reader other than the person.

    A link opens a page; nothing is decided by it.
    """
    if "text" in payload:
        return Mail(line(payload.get("subject", "")), str(payload["text"]))
    if payload.get("kind") == "digest":
        return _digest(payload, base)
    return _notice(payload, base, amounts)


def line(text: object, longest: int = LONGEST_LINE) -> str:
    """Text of people on one line: no control or direction signs, no breaks, at most so long."""
    kept = "".join(sign if unicodedata.category(sign)[0] not in "CZ" else " " for sign in str(text))
    words = " ".join(kept.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _notice(payload: _Payload, base: str, amounts: bool) -> Mail:
    key, zone = line(payload.get("key", "")), str(payload.get("zone", ""))
    said = told(
        payload["kind"], key, line(payload.get("who", "")), payload.get("review"), payload.get("about", {}),
        line(payload.get("stands_in_for", "")),
    )  # fmt: skip
    about = f"{key}: {mail_subject(payload['kind'])}" if key else mail_subject(payload["kind"])
    if payload.get("into") and payload["kind"].startswith("decision"):
        about = _("%(about)s, into %(stage)s", about=about, stage=line(payload["into"]))
    facts = _facts(payload, zone, amounts)
    parts = [
        line(said.sentence),
        line(said.detail),
        "\n".join(facts),
        _open(f"{base}{said.address}"),
        _foot(base),
    ]
    return Mail(f"[govapp] {about}", "\n\n".join(part for part in parts if part) + "\n")


def _facts(payload: _Payload, zone: str, amounts: bool) -> list[str]:
    """What changes, what money, since when, which target."""
    found: list[tuple[str, str]] = []
    if payload.get("title"):
        found.append((_("Measure"), line(f"{payload['key']} {payload['title']}")))
    if payload.get("into"):
        came_from = line(payload.get("came_from") or _("Proposed"))
        found.append((_("What changes"), _("%(old)s to %(new)s", old=came_from, new=line(payload["into"]))))
        found.append((_("Expected effect"), line(payload.get("effect", ""))))
        if amounts and payload.get("values"):
            found.append((_("Value a year"), money.minor_amounts(payload["values"])))
    for step in payload.get("steps", ()):
        found.append((_("Waits for"), line(step["name"])))
        found.append((_("Since"), _moment(step["since"], zone)))
        found.append((_("Target"), _target(step, zone)))
    return [f"{label}: {words}" for label, words in found if words]


def _target(step: _Payload, zone: str) -> str:
    if step.get("target"):
        return _("by %(moment)s", moment=_moment(step["target"], zone))
    hours = step.get("hours")
    return ngettext("%(num)s working hour", "%(num)s working hours", hours) if hours else ""


def _moment(at: str, zone: str) -> str:
    return dates.exact(datetime.fromisoformat(at), zone)


def _open(address: str) -> str:
    return f"{_('Open it:')} {address}"


def _foot(base: str) -> str:
    return "\n".join(
        (
            "-- ",
            _("The link opens the page; nothing is decided by opening it."),
            _("Which notices come by mail: %(address)s", address=f"{base}/account/notices"),
        )
    )


def _digest(payload: _Payload, base: str) -> Mail:
    day = dates.day(date.fromisoformat(payload["day"]))
    decisions, dues, notices = payload["decisions"], payload["dues"], payload["notices"]
    waiting = len(decisions) + payload["more_decisions"]
    subject = (
        ngettext("%(num)s decision waits for you", "%(num)s decisions wait for you", waiting)
        if waiting
        else _("what is new and what waits")
    )
    asked = [_decision(each, base, payload["zone"]) for each in decisions]
    parts = [
        _section(_("Decisions that wait for you, oldest first"), asked, payload["more_decisions"]),
        _section(_("What you owe and what ends"), [_owed(each, base) for each in dues], payload["more_dues"]),
        _section(_("What is new"), [_news(each, base) for each in notices], payload["more_notices"]),
        _("My work: %(address)s", address=f"{base}/"),
        _foot(base),
    ]  # fmt: skip
    return Mail(f"[govapp] {day}: {subject}", "\n\n".join(part for part in parts if part) + "\n")


def _section(title: str, entries: Sequence[str], more: int) -> str:
    if not entries:
        return ""
    rest = [ngettext("and %(num)s more", "and %(num)s more", more)] if more else []
    return "\n".join([title, "", *entries, *rest])


def _decision(row: _Payload, base: str, zone: str) -> str:
    since = _("since %(moment)s", moment=_moment(row["since"], zone))
    target = _target(row, zone)
    words = ", ".join(
        part for part in (line(row["step"]), since, target and _("target %(target)s", target=target)) if part
    )
    return f"* {line(row['key'])} {line(row['title'])}: {words}\n  {base}/reviews/{row['review']}"


def _owed(row: _Payload, base: str) -> str:
    due = date.fromisoformat(row["day"]) if row.get("day") else None
    words = due_sentence(
        row["what"], line(row["name"]), due, date.fromisoformat(row["today"]), line(row["whose"])
    )
    reason = f" {line(row['text'])}" if row.get("text") else ""
    if due is not None:
        reason += f" ({dates.days_until(due, date.fromisoformat(row['today']))})"
    address = due_address(row["what"], row["key"], row["id"])
    return f"* {line(row['key'])} {line(row['title'])}: {words}{reason}\n  {base}{address}"


def _news(row: _Payload, base: str) -> str:
    said = told(
        row["kind"], line(row["key"]), line(row.get("who", "")), row.get("review"), row.get("about", {}),
        line(row.get("stands_in_for", "")),
    )  # fmt: skip
    detail = f" {line(said.detail)}" if said.detail else ""
    return f"* {line(said.sentence)}{detail}\n  {base}{said.address}"


def due_sentence(what: str, name: str, due: date | None, today: date, whose: str) -> str:
    """What is owed, or what ends, with its day seen from today."""
    when = dates.day(due) if due else ""
    late = due is not None and due < today
    if what == "condition":
        return _("Condition: %(name)s Due %(when)s.", name=name, when=when)
    if what == "condition_to_confirm":
        return _("%(who)s fulfilled a condition: %(name)s You confirm it.", who=whose, name=name)
    if what == "lookback":
        return _("Look-back on the emergency advance into %(name)s, due %(when)s.", name=name, when=when)
    if what == "plan_change":
        return _("%(who)s asks to change the plan: %(name)s", who=whose or _("Somebody"), name=name)
    if what == "judgement":
        return _("%(name)s, handed in by %(who)s, waits for your judgement.", name=name, who=whose)
    if what == "evidence_returned":
        return _("%(name)s was returned by %(who)s.", name=name, who=whose or _("its judge"))
    if what == "evidence_expires":
        return (
            _("%(name)s has expired on %(when)s.", name=name, when=when)
            if late
            else _("%(name)s expires on %(when)s.", name=name, when=when)
        )
    if what == "sustain":
        return _("%(name)s: is the effect still there? Due %(when)s.", name=name, when=when)
    return _("Milestone: %(name)s, due %(when)s.", name=name, when=when)


def due_address(what: str, key: str, number: int) -> str:
    """Where a thing that is due is mended."""
    if what.startswith("evidence") or what == "judgement":
        return f"/measures/{key}/evidence/{number}"
    if what.startswith("condition") or what == "lookback":
        return f"/measures/{key}/conditions#{what.partition('_')[0]}-{number}"
    if what == "sustain":
        return f"/measures/{key}/kpi#sustain"
    if what == "plan_change":
        return f"/measures/{key}/finance#plan-change"
    return f"/measures/{key}/plan" if what == "milestone" else f"/measures/{key}"
