"""Parts, roles and stages by name, and names in a row: what other sentences are made of."""

from collections.abc import Callable, Sequence

from govapp.domain.permissions import PARTS
from govapp.domain.rules import Rules
from govapp.present.language import gettext as _

PART_WORDS: dict[str, Callable[[], str]] = {
    "owner": lambda: _("owner"),
    "sponsor": lambda: _("sponsor"),
    "controller": lambda: _("controller"),
    "reporting_owner": lambda: _("reporting owner"),
    "service_owner": lambda: _("service owner"),
    "process_owner": lambda: _("process owner"),
    "finance_contact": lambda: _("finance contact"),
    "escalation_contact": lambda: _("escalation contact"),
    "condition_owner": lambda: _("whoever owns the condition"),
    "submitter": lambda: _("whoever proposed it"),
    "member": lambda: _("a team member"),
    "program_lead": lambda: _("a program lead"),
    "approver": lambda: _("an approver"),
    "leader": lambda: _("a leader"),
    "administrator": lambda: _("an administrator"),
}


def part_words(key: str) -> str:
    """A part or role in words: `process owner`, `a program lead`."""
    known = PART_WORDS.get(key)
    return known() if known else key.replace("_", " ").replace("-", " ")


def stage_name(rules: Rules, key: str | None) -> str:
    """The name of a stage; a proposal has none."""
    if key is None:
        return _("Proposed")
    return rules.stage(key).name if key in rules.order else key.replace("_", " ").capitalize()


def holder_words(key: str) -> str:
    """Whoever will hold a part nobody holds yet, with its article; roles have one already."""
    words = part_words(key)
    return _("the %(part)s", part=words) if key in PARTS else words


def group_words(key: str) -> str:
    """A group with its article: `the steering committee`."""
    return _("the %(group)s", group=part_words(key))


def joined(words: Sequence[str]) -> str:
    """Names in a row, one of whom will do: `Ann, Bert or Carl`."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s or %(last)s", first=", ".join(words[:-1]), last=words[-1])
