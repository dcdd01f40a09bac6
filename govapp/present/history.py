"""A sentence for every event of the history, from its codes and values. Who and when stand beside the sentence."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import (
    dates,
    deputies,
    history_decisions,
    history_evidence,
    history_grid,
    history_kpi,
    history_ledger,
    history_plans,
    history_rules,
    history_time,
)
from govapp.present.findings import ask_words, part_words
from govapp.present.language import gettext as _
from govapp.present.measures import word

Payload = Mapping[str, Any]
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CODES = {"risk_rating": "rating", "rating": "rating", "change_type": "change_type", "kind": "effect_kind"}
NO_NAMES: Mapping[Any, str] = {}


@dataclass(frozen=True, slots=True)
class Names:
    """Names for the codes in payloads: people by id; stages, evidence kinds and approval steps by key."""

    people: Mapping[int, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)

    def person(self, number: Any) -> str:
        """A person by id."""
        if number is None or number == "":
            return _("nobody")
        return (
            self.people.get(int(number), _("person %(id)s", id=number))
            if str(number).isdigit()
            else str(number)
        )

    def stage(self, key: Any) -> str:
        """A stage by key; a proposal has none."""
        return self.stages.get(key, _plain(key)) if key else _("Proposed")

    def kind(self, key: Any) -> str:
        """An evidence kind by key."""
        return self.kinds.get(key, _plain(key))

    def step(self, key: Any) -> str:
        """An approval step by key."""
        return self.steps.get(key, _plain(key))


def people_in(event: str, payload: Payload | None) -> set[int]:
    """Ids of the people a payload names, so that their names can be read in one query."""
    return set(_ids(event, payload or {}))


def _ids(event: str, payload: Payload) -> Iterator[int]:
    lists = [payload.get(name) for name in ("people", "members", "added", "ended", "informed")]
    single = [payload.get("person"), payload.get("by"), payload.get("owner"), payload.get("deputy")]
    if event == Event.PARTS_ASSIGNED:
        lists += list(dict(payload.get("changes", {})).values())
    for value in [*single, *(each for found in lists if isinstance(found, list) for each in found)]:
        if isinstance(value, int) and not isinstance(value, bool):
            yield value


def sentence(event: str, payload: Payload | None, names: Names, about: str = "") -> str:
    """What happened, in one sentence. `about` is the object's id as the row has it (an e-mail, a key, an address)."""
    if payload is None:
        return _("%(event)s; its content was removed by a logged act", event=event_name(event))
    say = _SAID.get(event)
    if say is None:
        return event_name(event)
    try:
        return say(payload, names, about)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return event_name(event)  # an older or foreign shape of a payload must not hide the row


def event_name(event: str) -> str:
    """An event without its payload, for filters: `measure: move refused`."""
    subject, _colon, act = event.partition(":")
    return f"{subject}: {act.replace('-', ' ')}" if act else event


def _plain(key: Any) -> str:
    return str(key).replace("-", " ").replace("_", " ").capitalize()


def _day(value: Any) -> str:
    """A day of a payload, which holds it as `2026-12-18`."""
    return dates.day(date.fromisoformat(value)) if value else _("nothing")


def _reason(payload: Payload) -> str:
    reason = str(payload.get("reason") or "").strip()
    return f": {reason}" if reason else ""


def _changes(payload: Payload) -> str:
    return ", ".join(
        f"{word('field', name)} {_from_to(name, pair)}" for name, pair in dict(payload["changes"]).items()
    )


def _from_to(name: str, pair: Any) -> str:
    if name.endswith("_id"):
        return _("changed")
    before, after = (word(_CODES[name], code) if name in _CODES and code else _short(code) for code in pair)
    if pair[0] is None or pair[0] == "":
        return _("set to %(after)s", after=after)
    return _("from %(before)s to %(after)s", before=before, after=after)


def _short(value: Any) -> str:
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    if _ISO_DAY.fullmatch(text):
        return _day(text)
    return f"“{text if len(text) <= 60 else text[:57] + '...'}”"


def _what(payload: Payload) -> str:
    return {"added": _("added"), "removed": _("removed"), "months": _("entered by month")}.get(
        str(payload.get("what")), _("changed")
    )


def _parts(p: Payload, n: Names, about: str) -> str:
    named = (f"{part_words(part)}: {n.person(pair[1])}" for part, pair in dict(p["changes"]).items())
    return _("People named: %(who)s", who=", ".join(named))


def _declared(p: Payload, n: Names, about: str) -> str:
    kind = word("status_kind", str(p["kind"]))
    colour = word("colour", p["to"]).lower()
    if not p["until"]:
        return _("%(kind)s %(colour)s by import", kind=kind, colour=colour) + _reason(p)
    day = _day(p["until"])
    said = _("%(kind)s declared %(colour)s until %(day)s", kind=kind, colour=colour, day=day)
    return said + _reason(p)


def _effect(p: Payload, n: Names, about: str) -> str:
    name, series = _short(p.get("name")), p.get("series")
    if p.get("what") == "months" and series:
        return _("%(series)s of %(name)s entered by month", series=word("field", str(series)), name=name)
    return _("Effect line %(name)s %(what)s", name=name, what=_what(p))


def _ended(p: Payload, n: Names, about: str) -> str:
    state = word("review_state", p["state"]).lower()
    return _("Review into %(b)s %(state)s", b=n.stage(p.get("into")), state=state) + _reason(p)


def _granted(p: Payload, n: Names, about: str) -> str:
    said = _(
        "%(who)s is %(role)s on %(branch)s",
        who=n.person(p["person"]),
        role=_plain(p["role"]),
        branch=p["branch"],
    )
    return said + (_(" until %(day)s", day=_day(p["until"])) if p.get("until") else "")


def _role_ended(p: Payload, n: Names, about: str) -> str:
    values = {"who": n.person(p["person"]), "role": _plain(p["role"]), "branch": p["branch"]}
    return _("%(who)s is no longer %(role)s on %(branch)s", **values) + _reason(p)


def _signed_in(p: Payload, n: Names, about: str) -> str:
    said = _("Signed in from %(address)s", address=p.get("address") or "?")
    return said + (_(" as a demonstration person") if p.get("how") == "demo" else "")


def _verified(p: Payload, n: Names, about: str) -> str:
    return _("The history was checked and is whole, %(rows)s rows", rows=p["rows"])


def _failed(p: Payload, n: Names, about: str) -> str:
    chain, sequence, _code = p["faults"][0]
    return _("The history was checked and is NOT whole: %(chain)s #%(number)s", chain=chain, number=sequence)


def _said(text: Callable[[], str], **fields: str) -> Callable[[Payload, Names, str], str]:
    """A sentence whose places are plain values of the payload; `about` is the object's id."""

    def say(p: Payload, n: Names, about: str) -> str:
        values = {name: about if key == "about" else p.get(key, "") for name, key in fields.items()}
        return text() % values + _reason(p)

    return say


_SAID: dict[str, Callable[[Payload, Names, str], str]] = {
    Event.MEASURE_PROPOSED: _said(lambda: _("Proposed: %(title)s"), title="title"),
    Event.MEASURE_EDITED: lambda p, n, a: _("Edited: %(what)s", what=_changes(p)),
    Event.MEASURE_ARCHIVED: _said(lambda: _("Proposal archived")),
    Event.MEASURE_OPENED_AT: lambda p, n, a: _(
        "Opened at %(b)s by import, no gate record (%(file)s, row %(row)s)",
        b=n.stage(p["stage"]),
        file=p["file"],
        row=p["row"],
    ),
    Event.MEASURE_IMPORTED: _said(
        lambda: _("Changed by import from %(file)s, row %(row)s"), file="file", row="row"
    ),
    Event.PARTS_ASSIGNED: _parts,
    Event.MEASURE_COMMENTED: lambda p, n, a: _("Commented: %(text)s", text=_short(p.get("text"))),
    Event.MILESTONE_CHANGED: lambda p, n, a: (
        _("Milestone %(name)s %(what)s", name=_short(p.get("name")), what=_what(p))
        + (f": {_changes(p)}" if p.get("what") == "changed" and p.get("changes") else "")
    ),
    Event.RISK_CHANGED: lambda p, n, a: _(
        "Risk %(what)s: %(text)s", what=_what(p), text=_short(p.get("text"))
    ),
    Event.DEPENDENCY_CHANGED: lambda p, n, a: _(
        "Dependency on %(key)s reaching %(stage)s %(what)s",
        key=p["on"],
        stage=n.stage(p["stage"]),
        what=_what(p),
    ),
    Event.STATUS_DECLARED: _declared,
    Event.EFFECT_CHANGED: _effect,
    **history_grid.SAID,
    **history_kpi.SAID,
    **history_evidence.SAID,
    Event.REVIEW_OPENED: lambda p, n, a: _("Review into %(b)s opened", b=n.stage(p["into"])),
    Event.REVIEW_DOSSIER: _said(lambda: _("Dossier %(n)s written"), n="dossier"),
    Event.REVIEW_ENDED: _ended,
    **history_decisions.SAID,
    Event.VOTES_STALE: lambda p, n, a: _(
        "The basis changed, so votes went stale: %(who)s",
        who=", ".join(n.person(each) for each in p["people"]),
    ),
    Event.ASKED: lambda p, n, a: _("Asked %(who)s", who=", ".join(n.person(each) for each in p["people"])),
    Event.BRANCH_ADDED: lambda p, n, a: _(
        "%(kind)s %(name)s added under %(under)s",
        kind=_plain(p["kind"]),
        name=_short(p["name"]),
        under=p.get("under", ""),
    ),
    Event.BRANCH_EDITED: lambda p, n, a: _("Branch %(key)s: %(what)s", key=a, what=_changes(p)),
    Event.ORGANIZATION_ADDED: _said(
        lambda: _("Organization %(name)s added, currency %(currency)s"), name="name", currency="currency"
    ),
    Event.CHOICES_SET: lambda p, n, a: _(
        "List %(list)s: %(added)s added, %(changed)s changed, %(removed)s removed",
        list=_plain(p["list"]).lower(),
        added=len(p["added"]),
        changed=len(p["changed"]),
        removed=len(p["removed"]),
    ),
    **history_rules.SAID,
    Event.GROUP_SET: lambda p, n, a: _(
        "Group %(name)s set: %(who)s",
        name=p["name"],
        who=", ".join(n.person(each) for each in p["members"]) or _("nobody"),
    ),
    Event.PERSON_ADDED: _said(lambda: _("%(name)s added (%(email)s)"), name="name", email="email"),
    Event.PERSON_EDITED: lambda p, n, a: _("%(who)s: %(what)s", who=n.person(a), what=_changes(p)),
    Event.PERSON_DISABLED: _said(lambda: _("Account of %(name)s disabled"), name="name"),
    Event.PERSON_ENABLED: _said(lambda: _("Account of %(name)s enabled"), name="name"),
    Event.ROLE_GRANTED: _granted,
    Event.ROLE_ENDED: _role_ended,
    **deputies.HISTORY,
    Event.PASSWORD_CHANGED: lambda p, n, a: _("Password of %(who)s changed", who=n.person(a)),
    Event.REPORT_REQUESTED: _said(lambda: _("Report asked for: %(kind)s"), kind="kind"),
    Event.REPORT_MADE: _said(
        lambda: _("Report %(n)s made, content %(hash).12s"), n="report", hash="content_hash"
    ),
    Event.REPORT_FAILED: _said(lambda: _("Report %(n)s failed: %(problem)s"), n="report", problem="problem"),
    Event.BULK_ASKED: lambda p, n, a: (
        _("Asked %(ask)s for %(count)s measures", ask=ask_words(p["ask"]), count=p["count"]) + _reason(p)
    ),
    Event.BULK_DONE: _said(
        lambda: _("Decision for many done: %(done)s asked for, %(refused)s refused"),
        done="done",
        refused="refused",
    ),
    Event.IMPORT_STARTED: _said(lambda: _("Import of %(file)s begun"), file="file"),
    Event.IMPORT_ROW_REFUSED: _said(
        lambda: _("Import of %(file)s: row %(row)s refused"), file="file", row="row"
    ),
    Event.IMPORT_ENDED: _said(
        lambda: _("Import of %(file)s done: %(added)s added, %(changed)s changed, %(refused)s refused"),
        file="file",
        added="added",
        changed="changed",
        refused="refused",
    ),
    Event.ANCHORED: lambda p, n, a: _(
        "Heads anchored outside: %(heads)s", heads=", ".join(f"{head[0]} #{head[1]}" for head in p["heads"])
    ),
    Event.PAYLOAD_REDACTED: _said(
        lambda: _("Content of %(chain)s #%(n)s removed"), chain="chain", n="sequence"
    ),
    Event.SIGNED_IN: _signed_in,
    Event.SIGN_IN_FAILED: lambda p, n, a: _(
        "Sign-in failed for %(who)s from %(address)s",
        who=n.person(p["person"]) if p.get("person") else _("an unknown account"),
        address=p.get("address") or "?",
    ),
    Event.SIGNED_OUT: _said(lambda: _("Signed out")),
    Event.SESSION_ENDED: lambda p, n, a: _("Session of %(who)s ended", who=n.person(p.get("person", a))),
    Event.ACCESS_REFUSED: _said(lambda: _("Access refused: %(address)s"), address="about"),
    Event.ACCESS_REFUSALS_COUNTED: lambda p, n, a: _(
        "%(n)s further refusals, by %(who)s", n=p["count"], who=n.person(p["person"] or p["address"])
    ),
    Event.EVIDENCE_DOWNLOADED: _said(lambda: _("Evidence file downloaded: %(name)s"), name="name"),
    Event.REPORT_DOWNLOADED: _said(lambda: _("Report %(n)s downloaded"), n="report"),
    Event.LIST_EXPORTED: _said(lambda: _("List exported: %(list)s"), list="about"),
    Event.AUDIT_OPENED: _said(lambda: _("Audit log opened")),
    Event.AUDIT_EXPORTED: _said(lambda: _("Audit log exported as %(form)s"), form="form"),
    Event.AUDIT_VERIFIED: _verified,
    Event.INTEGRITY_FAILED: _failed,
    **history_time.SAID,
    **history_ledger.SAID,
    **history_plans.SAID,
}
