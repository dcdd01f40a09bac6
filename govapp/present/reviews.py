"""Reviews in words: what is asked, who decides, votes, and why somebody may not vote."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from govapp.present import dates, errors
from govapp.present.findings import part_words, who_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word

_WHY_NOT: dict[str, Callable[[], str]] = {
    "not_a_decider": lambda: _(
        "No step of this review names you, so you do not decide here. You can follow it."
    ),
    "step_decided": lambda: _(
        "Your step is decided already. A decided step stays decided, whatever a later vote says."
    ),
    "step_not_open": lambda: _("Your step opens once the steps before it are decided."),
    "barred_owner_votes": lambda: _(
        "You are the owner of this measure. Owners never decide about their own measure."
    ),
    "barred_submitter_votes": lambda: _(
        "You handed in evidence that counts for this gate. Whoever supplies the proof does not decide about it."
    ),
    "barred_administrator_votes": lambda: _(
        "You hold the role administrator here. Administrators keep the system and never vote."
    ),
    "barred_voted_elsewhere": lambda: _(
        "You have decided another step of this review. Each step needs another person."
    ),
    "barred_role_ended": lambda: _(
        "Your part on this measure needs a role that you hold no longer. An administrator can grant it again, or a "
        "program lead names somebody else."
    ),
    "barred_excluded": lambda: _("The rules leave out of this step whoever holds your part on this measure."),
    "barred_conflicting_part": lambda: _(
        "You hold two parts that must be two people. A program lead has to name somebody else for one of them."
    ),
    "barred_role_votes": lambda: _("You hold a role that decides nothing about a measure."),
    "barred_apart": lambda: _(
        "You hold a part on this measure that must not meet the part of the person for whom you stand in. "
        "Somebody else has to decide for them."
    ),
    "barred_absent_voted": lambda: _("The person for whom you stand in has decided this step themselves."),
    "review_ended": lambda: _("This review has ended. Its dossier and votes stay on record."),
    "review_paused": lambda: _(
        "The measure is on hold or cancelled, so nobody can vote until it is released."
    ),
}
_ENDED: dict[str, Callable[[], str]] = {
    "passed": lambda: _("Passed"),
    "sent_back": lambda: _("Sent back"),
    "withdrawn": lambda: _("Withdrawn"),
    "overtaken": lambda: _("Overtaken by another decision"),
    "open": lambda: _("Open"),
}
_VERDICTS: dict[str, Callable[[], str]] = {
    "approve": lambda: _("Approved"),
    "approve_with_conditions": lambda: _("Approved with conditions"),
    "close_ballot": lambda: _("Closed the ballot"),
    "send_back": lambda: _("Sent back"),
    "comment": lambda: _("Commented"),
}
_FIELD_ERRORS: dict[str, Callable[[], str]] = {
    "verdict_unknown": lambda: _("Choose what you decide."),
    "reason_needed": lambda: _("Say why you send it back, so that the team knows what to change."),
    "comment_needed": lambda: _("Write your comment."),
    "attestation_invalid": lambda: _("What you sign needs another look."),
    "required": lambda: _("Please fill this in."),
    "person_unknown": lambda: _("Choose who sees to it."),
    "condition_owner_sets": lambda: _("Choose somebody else: who sets a condition confirms it."),
    "date_invalid": lambda: _("Give the day by which it is to be fulfilled."),
    "date_past": lambda: _("This day is past."),
    "date_too_late": lambda: _("This day is later than the rules allow for a condition."),
    "text_too_long": lambda: _("At most 500 characters."),
    "reason_too_long": lambda: _("At most 4,000 characters."),
}


def why_not(code: str) -> str:
    """Why a person may not vote."""
    if code.startswith("barred_absent_") and code not in _WHY_NOT:
        return _(
            "The person for whom you stand in may not decide here themselves, and a deputy is bound by what binds both."
        )
    return _WHY_NOT[code]() if code in _WHY_NOT else errors.sentence_of(code)


def state_word(state: str) -> str:
    """The state of a review."""
    return _ENDED[state]() if state in _ENDED else state


def state_class(state: str) -> str:
    """The class of its sign."""
    return {"passed": "ok", "sent_back": "off", "open": "risk"}.get(state, "none")


def verdict_word(verdict: str) -> str:
    """What somebody decided."""
    return _VERDICTS[verdict]() if verdict in _VERDICTS else verdict


def field_errors(
    found: Mapping[str, list[str]], values: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """Errors of the decision form by field."""
    return {
        name: [
            _FIELD_ERRORS[code]() if code in _FIELD_ERRORS else errors.sentence_of(code, dict(values or {}))
            for code in codes
        ]
        for name, codes in found.items()
    }


def barred_words(code: str) -> str:
    """Why somebody whom a step names may not decide it, beside their name."""
    known: dict[str, Callable[[], str]] = {
        "owner_votes": lambda: _("owner of the measure"),
        "submitter_votes": lambda: _("handed in evidence that counts here"),
        "conflicting_part": lambda: _("holds two parts that must be two people"),
        "voted_elsewhere": lambda: _("has decided another step"),
        "excluded": lambda: _("left out by the rules"),
        "role_votes": lambda: _("holds a role that decides nothing about a measure"),
        "administrator_votes": lambda: _("holds the role administrator"),
        "apart": lambda: _("holds a part that must not meet the one they would decide for"),
    }
    return known[code]() if code in known else why_not(f"barred_{code}")


def defect_words(code: str, have: int, need: int) -> str:
    """Why a step cannot be decided as things stand, and who can mend it."""
    if code == "nobody":
        return _(
            "Nobody is left who may decide this step. A program lead names somebody on the measure, or an "
            "administrator adds members to the group or grants the role."
        )
    if code == "member_barred":
        return _(
            "Every member must decide, and one of them may not. An administrator replaces that member in the group, or "
            "somebody else hands the proof in."
        )
    return _(
        "Only %(have)s can decide where %(need)s are needed. An administrator adds members to the group.",
        have=have, need=need,
    )  # fmt: skip


def tally_words(approvals: int, refusals: int, needed: int, quorum: int) -> str:
    """How a step is being decided: `1 of 2 approvals, 1 refusal`."""
    said = ngettext(
        "%(have)s of %(num)s approval needed", "%(have)s of %(num)s approvals needed", needed, have=approvals
    )
    if refusals:
        said += ", " + ngettext("%(num)s refusal", "%(num)s refusals", refusals)
    if quorum:
        said += ", " + _(
            "%(cast)s of %(quorum)s votes for the quorum", cast=approvals + refusals, quorum=quorum
        )
    return said


def signed_words(name: str, at: datetime, verdict: str, step: str) -> str:
    """A signature as R27 asks for it: printed name, UTC time, meaning."""
    return _(
        "Signed: %(name)s, %(at)s, meaning: %(verdict)s, %(step)s",
        name=name, at=dates.exact(at), verdict=verdict_word(verdict).lower(), step=step,
    )  # fmt: skip


def decider_words(deciders: Mapping[str, Any], held: Mapping[str, str]) -> str:
    """Who decides a step: holders of parts by name, roles and groups in words."""
    names = [
        f"{held[part]} ({part_words(part)})" if part in held else who_words(f"part:{part}")
        for part in deciders.get("parts", ())
    ]
    names += [part_words(role) for role in deciders.get("roles", ())]
    names += [who_words(f"group:{group}") for group in deciders.get("groups", ())]
    return ", ".join(names)


def rule_words(
    rule: Mapping[str, Any], quorum: int | None = None, *, veto: bool = False, of: int | None = None
) -> str:
    """A step's rule in words: `2 of 3 members`, `60 % of the votes cast, quorum 3`. `of`: how many may decide."""
    kind, n = str(rule.get("type", "any")), rule.get("n") or rule.get("percent") or 1
    if kind == "percent":
        said = _("%(n)s %% of the votes cast", n=n)
    elif kind == "all":
        said = _("each member") if of is None or of > 1 else _("one person decides")
    elif kind == "at_least":
        said = _("at least %(n)s members", n=n) if of is None else _("%(n)s of %(all)s members", n=n, all=of)
    elif of is None or of < 2:
        said = _("one person decides")
    else:
        said = _("one of %(all)s members", all=of)
    if quorum:
        said += _(", quorum %(n)s", n=quorum)
    if rule.get("excludes"):
        said += _(", without the %(parts)s", parts=", ".join(part_words(part) for part in rule["excludes"]))
    return said + (_("; one refusal is a veto") if veto else "")


def condition_words(condition: Mapping[str, Any], owner: str) -> str:
    """A condition set with a vote, in one sentence."""
    due = dates.day(date.fromisoformat(str(condition["due"])))
    said = _("%(wording)s (%(owner)s, by %(due)s)", wording=condition["wording"], owner=owner, due=due)
    return (
        _("%(said)s, closes the next gate until it is fulfilled", said=said)
        if condition.get("blocking")
        else said
    )


def stuck_words(names: str) -> str:
    """That a step waits for nobody who may decide, and who can mend it."""
    return _(
        "%(names)s may not decide here, so nobody can. A program lead names somebody else, or somebody else hands the "
        "proof in.",
        names=names,
    )


def right_words(right: str) -> str:
    """As what somebody voted: `part:sponsor` is "sponsor"."""
    return part_words(right.partition(":")[2] or right)


def rating_word(rating: str) -> str:
    """A risk rating."""
    return word("rating", rating)


def whom_words(codes: Sequence[str]) -> str:
    """Whom a review waits for."""
    return ", ".join(who_words(code) for code in codes)


def proposed() -> str:
    """Where a proposal comes from."""
    return _("Proposed")


def comment_sentence(key: str) -> str:
    """What a comment led to: nothing but itself."""
    return _("Your comment on %(key)s is on record. It decides nothing; the review goes on.", key=key)


def outcome_sentence(result: str, key: str, stage: str) -> str:
    """What a vote led to."""
    if result == "moved":
        return _("Recorded. %(key)s is now in %(stage)s.", key=key, stage=stage)
    if result == "sent_back":
        return _("Recorded. %(key)s stays where it is, and whoever asked has been told why.", key=key)
    if result == "granted":
        return _(
            "Recorded. Everybody has approved, but criteria of %(key)s are open again; it moves once they hold.",
            key=key,
        )
    return _("Recorded. Your vote on %(key)s counts; others still have to decide.", key=key)


def waiting_words(count: int) -> str:
    """The head of the inbox."""
    if not count:
        return _("Nothing waits for your decision.")
    return ngettext("%(num)s decision waits for you.", "%(num)s decisions wait for you.", count)


errors.SENTENCES.update(
    {
        **_WHY_NOT,
        "dossier_changed": lambda: _(
            "The dossier changed while you read: dossier %(dossier)s replaces %(seen)s. "
            "Your words are kept; look at what is new, then decide."
        ),
        "review_ended": lambda: _("This review has ended meanwhile, so the vote was not taken."),
        "vote_invalid": lambda: _("Your decision is not complete yet."),
        "nobody_to_ask": lambda: _(
            "There is nobody else to ask: nobody holds the part or role that could help."
        ),
        "asked_already": lambda: _(
            "Asked already, less than four hours ago: %(who)s. Nobody was asked again."
        ),
        "unknown_finding": lambda: _("The next gate of this measure does not ask for that any more."),
    }
)
