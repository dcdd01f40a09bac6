"""Judging evidence in words: what became of a revision, who may judge it, why not, and what to do when nobody can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from govapp.domain.evidence_judging import Judges, Named
from govapp.domain.evidence_kinds import Judge
from govapp.present import dates, errors
from govapp.present.findings import part_words
from govapp.present.language import gettext as _

MANY = 3


class Revision(Protocol):
    """What the words need of a revision."""

    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def judged(self) -> str: ...
    @property
    def judged_by(self) -> str: ...
    @property
    def judged_for(self) -> str: ...
    @property
    def judged_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Nobody can judge it: why, sentence by sentence, and how that is mended; `parts`: by naming somebody."""

    why: tuple[str, ...]
    mend: tuple[str, ...]
    parts: bool = False


def judge_words(by: str) -> str:
    """What a kind names as its judge: `controller`, `a program lead`, `the group risk reviewers`."""
    kind, _colon, key = by.partition(":")
    return _("the group %(name)s", name=part_words(key)) if kind == "group" else part_words(key)


def _listed(names: Sequence[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return last % {"first": ", ".join(names[:-1]), "last": names[-1]}


def judged_by_words(judge: Judge | None, held: Mapping[str, str]) -> str:
    """Who judges a kind: names of the holders of parts, else parts, roles and groups in words."""
    if judge is None:
        return ""
    found = [held.get(part) or part_words(part) for part in judge.parts]
    found += [judge_words(f"role:{role}") for role in judge.roles]
    found += [judge_words(f"group:{group}") for group in judge.groups]
    return _("Judged by: %(who)s.", who=_listed(found, _("%(first)s or %(last)s")))


def who_may(judges: Judges) -> str:
    """Whom it waits for: names, or the group or role where there are many."""
    if len(judges.may) > MANY:
        return _listed(
            list(dict.fromkeys(judge_words(one.by) for one in judges.may)), _("%(first)s or %(last)s")
        )
    return _listed([one.name for one in judges.may], _("%(first)s or %(last)s"))


def waits_words(judges: Judges) -> str:
    """Whom a revision waits for, or that nobody can judge it."""
    if judges.dead_end:
        return _("Nobody has been able to judge it")
    return _("Waits for %(who)s", who=who_may(judges))


def reason_sentence(code: str) -> str:
    """Why the reader may not judge."""
    known = {
        "judge_not_named": _("This kind of evidence names others as its judge."),
        "judge_submitted": _("You handed it in yourself, and nobody judges their own evidence."),
        "judge_submitted_for": _("It was handed in on your behalf, and nobody judges their own evidence."),
        "judge_owner": _("You own the measure, and an owner does not judge its evidence."),
        "judge_emergency": _(
            "You used the emergency path, and whoever did does not judge whether it was justified."
        ),
        "judge_role_ended": _(
            "The role that your part on this measure needs has ended, so it judges nothing."
        ),
        "judge_no_right": _("Your roles and parts do not let you judge evidence here."),
    }
    return known.get(code, code)


def _barred_sentence(one: Named, reasons: Sequence[str]) -> str:
    if "judge_submitted" in reasons or "judge_submitted_for" in reasons:
        return _("%(name)s handed it in and may not judge it.", name=one.name)
    if "judge_owner" in reasons:
        return _("%(name)s owns the measure and may not judge its evidence.", name=one.name)
    if "judge_emergency" in reasons:
        return _("%(name)s used the emergency path and may not judge its look-back.", name=one.name)
    return _("%(name)s is named, but lacks the right to judge evidence here.", name=one.name)


def _vacant_sentence(by: str) -> str:
    kind, _colon, key = by.partition(":")
    if kind == "part":
        return _("Nobody holds the part %(part)s.", part=part_words(key))
    if kind == "role":
        return _("Nobody holds the role %(role)s here.", role=key.replace("_", " "))
    return _("The group %(name)s has no members.", name=part_words(key))


def dead_end(judges: Judges) -> DeadEnd | None:
    """The defect that nobody can judge it, with how to mend it; None when somebody can."""
    if not judges.dead_end:
        return None
    why = [_vacant_sentence(by) for by in judges.vacant]
    why += [_barred_sentence(one, reasons) for one, reasons in judges.barred]
    parts = any(by.startswith("part:") for by in judges.vacant) or any(
        one.by.startswith("part:") for one, _reasons in judges.barred
    )
    mend = [_("A program lead can name somebody for the part.")] if parts else []
    others = [*judges.vacant, *(one.by for one, _reasons in judges.barred)]
    if any(not by.startswith("part:") for by in others):
        mend.append(_("An administrator can add somebody to the group or grant the role to one more person."))
    if any({"judge_submitted", "judge_submitted_for"} & set(reasons) for _one, reasons in judges.barred):
        mend.append(_("Somebody else can hand in the next revision."))
    if any("judge_no_right" in reasons for _one, reasons in judges.barred):
        mend.append(_("An administrator can grant a role that judges evidence."))
    return DeadEnd(tuple(why), tuple(mend), parts)


def judgement_words(revision: Revision, newest: int, judges: Judges | None, zone: str) -> str:
    """What became of a revision: waits for whom since when, accepted or returned by whom, or that a newer one came."""
    if revision.judged:
        who = revision.judged_by
        if revision.judged_for:
            who = _("%(who)s for %(principal)s", who=who, principal=revision.judged_for)
        when = dates.moment(revision.judged_at, zone)
        if revision.judged == "accepted":
            return _("Accepted by %(who)s, %(when)s", who=who, when=when)
        return _("Returned by %(who)s, %(when)s", who=who, when=when)
    if revision.number != newest:
        return _("Not judged: revision %(n)s came after it", n=newest)
    if judges is None:
        return ""
    return _("%(waits)s since %(since)s", waits=waits_words(judges), since=dates.moment(revision.at, zone))


def end_words(until: date | None, state: str) -> str:
    """How long a piece counts."""
    if until is None:
        return _("Has no end")
    day = dates.day(until)
    if state == "expired":
        return _("Expired: it was valid until %(day)s", day=day)
    if state == "past":
        return _("Was valid until %(day)s, when it was needed; that matters no more", day=day)
    return _("Valid until %(day)s", day=day)


def field_errors(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Sentences by field of the judging form."""
    return {name: [errors.sentence_of(code) for code in codes] for name, codes in found.items()}


def done_sentence(state: str, kind: str, key: str) -> str:
    """What came of a judgement."""
    if state == "accepted":
        return _("%(kind)s of %(key)s is accepted.", kind=kind, key=key)
    return _("%(kind)s of %(key)s is returned; who handed it in is told why.", kind=kind, key=key)


def _may_not_judge(values: Mapping[str, Any]) -> str:
    reasons = " ".join(reason_sentence(code) for code in values["reasons"])
    names = list(values["judges"])
    if not names:
        return _("%(reasons)s Nobody else can judge it now; its page says how to mend that.", reasons=reasons)
    return _("%(reasons)s It may be judged by %(names)s.", reasons=reasons, names=", ".join(names))


errors.COMPOSED["may_not_judge"] = _may_not_judge
errors.SENTENCES.update(
    {
        "kind_not_judged": lambda: _(
            "This kind of evidence counts as soon as it is handed in; nobody judges it."
        ),
        "judgement_invalid": lambda: _("The judgement is not complete."),
        "judgement_unknown": lambda: _("Choose whether you accept it or return it."),
        "return_needs_reason": lambda: _(
            "Say what has to be different, so that the next revision can be right."
        ),
        "reason_too_long": lambda: _("At most 4000 characters."),
        "stale_judgement": lambda: _(
            "A newer revision was handed in since you opened this page. Look at it before you judge."
        ),
        "judged_already": lambda: _(
            "Somebody judged this revision before you. It stands as it is shown now."
        ),
        "attested_kind": lambda: _(
            "%(kind)s is signed as part of a vote and cannot be handed in by itself; who decides signs it there."
        ),
        "kind_not_attested": lambda: _("%(kind)s is handed in by itself; it is not signed with a vote."),
    }
)
