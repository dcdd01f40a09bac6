"""Evidence on its pages in words: states, groups, revisions side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govapp.domain.evidence_kinds import EvidenceKind
from govapp.present import errors
from govapp.present.evidence import ShownValue, describe
from govapp.present.findings import part_words
from govapp.present.language import gettext as _

_STATES: dict[str, tuple[str, Callable[[], str]]] = {
    "valid": ("ok", lambda: _("Valid")),
    "expiring": ("risk", lambda: _("Valid, ends soon")),
    "expired": ("risk", lambda: _("Expired")),
    "past": ("none", lambda: _("Ended, needed no more")),
    "returned": ("off", lambda: _("Returned")),
    "unjudged": ("none", lambda: _("Waits for its judge")),
    "earlier_passage": ("risk", lambda: _("From an earlier passage")),
    "few": ("risk", lambda: _("More needed")),
    "missing": ("off", lambda: _("Missing")),
    "later": ("none", lambda: _("Not needed yet")),
    "passed": ("none", lambda: _("Gate passed without it")),
    "unasked": ("none", lambda: _("Not asked for")),
}


def state_word(state: str) -> str:
    """The state of a kind or piece in a word or two."""
    return _STATES[state][1]()


def state_class(state: str) -> str:
    """The class of its sign: ok, risk, off or none."""
    return _STATES[state][0]


def group_words(group: str, stage: str) -> str:
    """The head of a group of kinds: the gate that asks for them."""
    if group == "next":
        return _("Next gate: %(stage)s", stage=stage)
    if group == "unasked":
        return _("Not asked for by any gate of this measure")
    return _("Gate into %(stage)s", stage=stage)


def group_note(group: str) -> str:
    """What the group means."""
    return {
        "next": _("Needed before the card can move."),
        "later": _("Needed later; it may be handed in at any time."),
        "passed": _("The gate is passed and stays passed."),
        "unasked": _("May be handed in where it helps."),
    }[group]


def serves_words(stages: Sequence[str]) -> str:
    """The gates that a kind serves, by their stages' names."""
    if not stages:
        return ""
    if len(stages) == 1:
        return _("Serves the gate into %(stage)s.", stage=stages[0])
    listed = _("%(first)s and %(last)s", first=", ".join(stages[:-1]), last=stages[-1])
    return _("One piece serves the gates into %(stages)s.", stages=listed)


def suppliers_words(keys: Sequence[str], held: Mapping[str, str]) -> str:
    """Who hands a kind in: names of the holders of parts, else parts and roles in words."""
    found: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        found.setdefault(held.get(key) or part_words(key), []).append(part_words(key) if key in held else "")
    return ", ".join(f"{name} ({', '.join(parts)})" if any(parts) else name for name, parts in found.items())


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of a piece over its revisions, newest first; a value is None where the revision had none."""

    label: str
    type: str
    values: tuple[ShownValue | None, ...]
    changed: tuple[bool, ...]


def compare(
    kinds: Sequence[EvidenceKind], revisions: Sequence[Mapping[str, Any]], people: Mapping[int, str]
) -> list[Compared]:
    """Revisions side by side, newest first: each field in the newest form's order, and where it differs from before."""
    shown = [
        {one.name: one for one in describe(kind, values, people)}
        for kind, values in zip(kinds, revisions, strict=True)
    ]
    labels: dict[str, tuple[str, str]] = {}
    for fields in shown:
        for name, one in fields.items():
            labels.setdefault(name, (one.label, one.type))
    rows = []
    for name, (label, type_) in labels.items():
        values = tuple(fields.get(name) for fields in shown)
        raw = [revision.get(name) for revision in revisions]
        changed = tuple(n + 1 < len(raw) and raw[n] != raw[n + 1] for n in range(len(raw)))
        rows.append(Compared(label, type_, values, changed))
    return rows


errors.SENTENCES.update(
    {
        "not_a_supplier": lambda: _(
            "Your parts and roles do not let you hand in this kind of evidence. The list of evidence says who can."
        ),
        "stale_evidence": lambda: _(
            "Somebody handed in this evidence since you opened the form. Look at theirs, then decide about yours."
        ),
        "evidence_invalid": lambda: _("Some answers need another look."),
        "file_unknown": lambda: _("A file of this form is not there any more. Please choose it again."),
        "file_lost": lambda: _(
            "%(name)s is on record, but the file store lacks it. Please tell an administrator."
        ),
        "not_shown_inline": lambda: _(
            "Files of this type are not shown in the browser. Download it instead."
        ),
        "quota": lambda: _(
            "You have handed in very much today. Go on tomorrow, or ask an administrator for room."
        ),
        "draft_too_long": lambda: _("This is too long to be kept as a draft. Shorten it, or hand it in."),
        "unknown_piece": lambda: _("There is no such piece of evidence."),
    }
)
