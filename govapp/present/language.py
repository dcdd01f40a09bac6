"""The language in use: `gettext` for sentences made outside templates, the same one templates see as `_`."""

from contextvars import ContextVar
from gettext import NullTranslations
from typing import Any

_UNTRANSLATED = NullTranslations()
_translations: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)
_locale: ContextVar[str] = ContextVar("locale", default="en")


def use(locale: str, translations: NullTranslations | None = None) -> None:
    """Set language and catalogue for what follows in this request or job."""
    _locale.set(locale)
    _translations.set(translations)


def locale() -> str:
    """The language in use, as written into `<html lang>`."""
    return _locale.get()


def gettext(message: str, **values: Any) -> str:
    """A translated message; `%(name)s` takes its value from the keywords."""
    text = (_translations.get() or _UNTRANSLATED).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """The form of a message for `n` things; `%(num)s` is the number."""
    return ngettext_raw(one, many, n) % {"num": n, **values}


def ngettext_raw(one: str, many: str, n: int) -> str:
    """The form of a message for `n` things, its places not yet filled."""
    return (_translations.get() or _UNTRANSLATED).ngettext(one, many, n)
