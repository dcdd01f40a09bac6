"""The templates of reports, and the small filters only they use."""

from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from govapp.present import language, report_words
from govapp.present.environment import make_environment

PRINT_CSS = "bundled:print.css"


def page_marks_html(sizes: Sequence[bool]) -> str:
    """Empty pages that hold nothing but `Page x of y`; True stands for a wide page."""
    return (
        environment()
        .get_template("pdf/page_marks.html")
        .render(sizes=sizes, stylesheet=PRINT_CSS, language=language.locale())
    )


@lru_cache(1)
def environment() -> Environment:
    """Jinja with the shared filters and the words of reports."""
    env = make_environment()
    env.filters.update(report_words.FILTERS)
    env.globals["wbr"] = Markup("<wbr>")
    env.filters["seq"] = lambda seq: f"{seq:,}"
    env.filters["halves"] = lambda text: (text[: len(text) // 2], text[len(text) // 2 :])
    env.filters["tight"] = lambda text: text.replace(" ", "\N{NO-BREAK SPACE}")
    env.filters["size"] = _size
    env.filters["dict_of"] = dict
    env.tests["longer_than"] = lambda text, most: len(text) > most
    return env


def _size(count: int) -> str:
    for unit, scale in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= scale:
            return f"{count / scale:,.1f} {unit}"
    return f"{count} B"
