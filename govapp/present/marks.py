"""The sides of duty rules in words."""

from collections.abc import Callable

from govapp.present.findings import part_words
from govapp.present.language import gettext as _

_ACTS: dict[str, Callable[[], str]] = {
    "vote": lambda: _("voting"),
    "committee-vote": lambda: _("voting in the committee"),
    "submit-evidence": lambda: _("handing in evidence"),
    "judge-evidence": lambda: _("judging evidence"),
    "fulfil-condition": lambda: _("reporting a condition as fulfilled"),
    "confirm-condition": lambda: _("confirming a condition"),
    "emergency-advance": lambda: _("an emergency advance"),
    "judge-lookback": lambda: _("judging the look-back"),
    "enter-actual": lambda: _("entering an actual amount"),
    "confirm-actual": lambda: _("confirming an actual amount"),
    "grant-role": lambda: _("granting a role"),
    "receive-role": lambda: _("receiving it"),
}


def mark_words(mark: str) -> str:
    """A side of a rule: `part:owner` as "owner", `role:controller` as "role controller", `act:vote` as "voting"."""
    kind, _colon, key = mark.partition(":")
    if kind == "part":
        return part_words(key)
    if kind == "act":
        return _ACTS[key]() if key in _ACTS else key.replace("-", " ")
    return _("role %(role)s", role=key.replace("_", " "))
