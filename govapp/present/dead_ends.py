"""Dead ends in words: what is stuck, why, how to mend it, and where."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from govapp.present.findings import part_words
from govapp.present.language import gettext as _

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeadEndWords:
    """A dead end in words, with the page on which somebody can mend it."""

    code: str
    measure: str
    title: str
    why: str
    mend: str
    address: str
    link: str


_WHY: dict[str, Callable[[Values], str]] = {
    "nobody": lambda v: _("%(step)s names nobody: its part, role or group has no active holder.", **v),
    "too_few": lambda v: _("%(step)s needs %(need)s deciders and has %(have)s.", **v),
    "member_barred": lambda v: _("%(step)s needs every member, and one of them may not decide here.", **v),
    "all_barred": lambda v: _("%(step)s: everybody it names may not decide here.", **v),
    "role_ended": lambda v: _("%(step)s: the holder of its part no longer has the role it needs.", **v),
    "absent": lambda v: _("%(step)s: whoever decides is away, and no deputy may act for them here.", **v),
    "vacant": lambda v: _(
        "Nobody is %(parts)s, and nobody in this branch may name people.",
        parts=", ".join(part_words(part) for part in v["parts"]),
    ),
    "predecessor_cancelled": lambda v: _("It depends on %(on)s, which was cancelled.", **v),
    "circle": lambda v: _("Its dependencies run in a circle: %(way)s.", way=" → ".join(v["way"])),
    "small_group": lambda v: _(
        "%(group)s of %(place)s has %(have)s active members and a quorum of %(need)s.", **v
    ),
}
_MEND: dict[str, Callable[[], str]] = {
    "nobody": lambda: _("Name somebody for the part, grant the role, or put people into the group."),
    "too_few": lambda: _("Put more people into the group or role, or name others for the parts."),
    "member_barred": lambda: _(
        "Let somebody else hand the proof in, name another owner, or change the group's members."
    ),
    "all_barred": lambda: _("Name other people, or let somebody else hand the proof in."),
    "role_ended": lambda: _("Grant the role again, or name somebody who holds it."),
    "absent": lambda: _("Name a deputy who holds no part against it, or end the absence."),
    "vacant": lambda: _("Grant somebody the role program lead on this branch or above it."),
    "predecessor_cancelled": lambda: _("Remove the dependency, or reopen what was cancelled."),
    "circle": lambda: _("Remove one of the dependencies."),
    "small_group": lambda: _("Put more people into the group, or lower its quorum."),
}


def dead_end_words(row: Any) -> DeadEndWords:
    """A `DeadEnd` in words."""
    address, link = _where(row)
    return DeadEndWords(
        row.code, row.measure, row.title, _WHY[row.code](row.values), _MEND[row.code](), address, link
    )


def _where(row: Any) -> tuple[str, str]:
    if row.code in {"predecessor_cancelled", "circle"}:
        return f"/measures/{row.measure}/plan", _("To the plan")
    if row.code == "absent":
        return "/admin/deputies", _("To the deputies")
    if row.code in {"vacant", "small_group", "nobody", "too_few"} and not row.measure:
        return "/admin/people", _("To the people")
    if row.code == "vacant":
        return "/admin/people", _("To the people")
    return f"/measures/{row.measure}/parts", _("Name people")
