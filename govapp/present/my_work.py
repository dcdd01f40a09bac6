"""My work in words: what changed since somebody looked last."""

from collections.abc import Sequence
from datetime import datetime

from govapp.domain.differences import Change
from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.differences import difference_rows
from govapp.present.dossiers import Vocabulary
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

NAMED = 2


def changed_words(changes: Sequence[Change] | None, rules: Rules, *, amounts: bool) -> str:
    """`New`, `Nothing changed`, or what changed: the first by name, with the difference where amounts may be seen."""
    if changes is None:
        return _("New")
    rows = difference_rows(changes, Vocabulary(rules, ""))
    if not rows:
        return _("Nothing changed")
    names = [
        " ".join(part for part in (row.what, row.difference if amounts else "") if part)
        for row in rows[:NAMED]
    ]
    rest = len(rows) - len(names)
    said = ", ".join(names)
    return (
        ngettext("%(said)s and %(num)s more", "%(said)s and %(num)s more", rest, said=said) if rest else said
    )


def since_words(seen: datetime | None, zone: str) -> str:
    """Since when that is: the day of the dossier the person voted on."""
    return _("since %(day)s", day=dates.day(seen, zone)) if seen else ""
