"""Reading a mapping's keys: every fault names the key it was found at and says what is expected there."""

import difflib
from collections.abc import Mapping as MappingLike
from datetime import date

from govapp.domain.patterns import pattern_fault


class MappingError(ValueError):
    """A mapping cannot be used; `key` is where (`amounts[2].scale`), the text is a sentence for a person."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        sentence = f"The key “{key}” {reason}" if key else f"The mapping {reason}"
        super().__init__(sentence if sentence.endswith("?") else f"{sentence}.")


class Section:
    """One mapping of keys to values inside a mapping file; counts which keys were asked for."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, MappingLike):
            raise MappingError(path, "must hold keys with values")
        self.path = path
        self._values: MappingLike[object, object] = value
        self._known: set[str] = set()

    def at(self, key: str) -> str:
        """The full path of a key of this section, as errors name it."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """True when the key is there and not empty."""
        self._known.add(key)
        return self._values.get(key) is not None

    def raw(self, key: str) -> object:
        """The value as it stands, None when absent."""
        self._known.add(key)
        return self._values.get(key)

    def fail(self, key: str, reason: str) -> MappingError:
        """The error to raise for a key of this section."""
        return MappingError(self.at(key), reason)

    def text(self, key: str, default: str | None = None) -> str:
        """One text; raises MappingError when it is absent and there is no default."""
        value = self.raw(key)
        if value is None:
            if default is None:
                near = difflib.get_close_matches(key, [str(name) for name in self._values], n=1)
                raise self.fail(key, f"is missing; is “{near[0]}” meant for it?" if near else "is missing")
            return default
        return as_text(value, self.at(key))

    def optional_text(self, key: str) -> str | None:
        """One text, or None when the key is absent."""
        return self.text(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list of one."""
        value = self.raw(key)
        if value is None:
            return ()
        items = value if isinstance(value, list | tuple) else [value]
        return tuple(
            as_text(item, f"{self.at(key)}[{n}]" if len(items) > 1 else self.at(key))
            for n, item in enumerate(items, 1)
        )

    def flag(self, key: str, default: bool = False) -> bool:
        """Yes or no."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def number(self, key: str, default: int, least: int = 0, most: int = 10**15) -> int:
        """A whole number within limits."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.fail(key, f"must be a whole number from {least} to {most}")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """One of some words; raises MappingError listing them."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.fail(key, f"is “{value}”, which is none of: {', '.join(allowed)}")
        return value

    def section(self, key: str) -> "Section":
        """The keys below a key; an absent one is an empty section."""
        value = self.raw(key)
        return Section({} if value is None else value, self.at(key))

    def sections(self, key: str) -> tuple["Section", ...]:
        """A list of sections below a key."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise self.fail(key, "must be a list")
        return tuple(Section(item, f"{self.at(key)}[{n}]") for n, item in enumerate(value, 1))

    def words(self, key: str) -> dict[str, str]:
        """Texts by text, such as a value map; the order of the file is kept."""
        value = self.raw(key)
        if value is None:
            return {}
        if not isinstance(value, MappingLike):
            raise self.fail(key, "must hold keys with values")
        found: dict[str, str] = {}
        for name, word in value.items():
            where = f"{self.at(key)}.{name}"
            found[as_text(name, where)] = as_text(word, where)
        return found

    def names(self) -> tuple[str, ...]:
        """The keys of this section in the order of the file, for sections whose keys are free."""
        found = tuple(as_text(name, self.at(str(name))) for name in self._values)
        self._known.update(found)
        return found

    def done(self) -> None:
        """Refuse keys nobody asked for, with the nearest known one: a misspelt key is never passed over."""
        for name in self._values:
            if name not in self._known:
                near = difflib.get_close_matches(str(name), sorted(self._known), n=1)
                hint = (
                    f"; did you mean “{near[0]}”?"
                    if near
                    else f"; known are: {', '.join(sorted(self._known))}"
                )
                raise self.fail(str(name), f"is not known here{hint}")


def as_text(value: object, path: str) -> str:
    """A text or a whole number as text; everything YAML may have turned a bare word into is refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, bool | float | date):
        raise MappingError(path, f"was read as {value!r}; put it in quotes to make it a text")
    raise MappingError(path, "must be a text")


def checked_pattern(pattern: str, path: str) -> str:
    """The pattern itself when it is safe to run on every cell; raises MappingError otherwise."""
    fault = pattern_fault(pattern)
    if fault:
        raise MappingError(path, fault)
    return pattern
