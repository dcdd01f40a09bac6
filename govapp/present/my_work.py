"""My work in words: what changed since somebody looked last."""

from collections.abc import Sequence
from datetime import datetime

from govapp.domain.differences import Change
from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.differences import difference_rows
from govapp.present.dossiers import HIDDEN, Vocabulary
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

NAMED = 2


def changed_words(changes: Sequence[Change] | None, rules: Rules, *, amounts: bool) -> str:
    """`New`, `Nothing changed`, or what changed: the first by name, with the difference where amounts may be seen."""
    if changes is None:
        return _("New")
    shown = [change for change in changes if not (change.part == "field" and change.key in HIDDEN)]
    if not shown:
        return _("Nothing changed")
    rows = difference_rows(shown[:NAMED], Vocabulary(rules, ""))
    names = [" ".join(part for part in (row.what, row.difference if amounts else "") if part) for row in rows]
    rest = len(shown) - len(names)
    said = ", ".join(names)
    return (
        ngettext("%(said)s and %(num)s more", "%(said)s and %(num)s more", rest, said=said) if rest else said
    )


def since_words(seen: datetime | None, zone: str) -> str:
    """Since when that is: the day of the dossier the person voted on."""
    return _("since %(day)s", day=dates.day(seen, zone)) if seen else ""
