"""A browser's long name of itself in short words, for lists of sessions."""

from govapp.present.language import gettext as _

_NAMES = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser(agent: str) -> str:
    """`Firefox on Linux`; an unknown one by the beginning of its own name."""
    name = next(
        (word for mark, word in _NAMES if mark in agent),
        agent.split("/", maxsplit=1)[0][:40] or _("Unknown browser"),
    )
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    return _("%(name)s on %(system)s", name=name, system=system) if system else name
