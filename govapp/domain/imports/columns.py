"""Finding columns by the addresses a mapping uses: a name, `name#2`, `beginning*`, or `#5` by position."""

import re

from govapp.domain.imports.mapping_values import folded
from govapp.domain.imports.results import FileRefused

_ORDINAL = re.compile(r"(?P<name>.*)#(?P<number>[1-9][0-9]{0,5})", re.DOTALL)
_MOST_SHOWN = 200


class Columns:
    """The named columns of a file (or its named rows, when records lie in columns)."""

    def __init__(self, names: list[str], positions: list[int] | None = None, named: bool = True) -> None:
        self.names = names
        self._positions = positions or list(range(len(names)))
        self._named = named
        self._places: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            self._places.setdefault(folded(name), []).append(index)

    def find(self, address: str) -> int | None:
        """The index of a column, or None; raises FileRefused ambiguous_column when several bear the name."""
        ordinal = _ORDINAL.fullmatch(address)
        if ordinal and not ordinal["name"] and folded(address) not in self._places:
            return self._at(int(ordinal["number"]) - 1)
        places = self._places.get(folded(address))
        if places is None and ordinal:
            same = self._places.get(folded(ordinal["name"]), [])
            number = int(ordinal["number"])
            return same[number - 1] if number <= len(same) else None
        if places is None and address.endswith("*"):
            beginning = folded(address[:-1])
            places = [
                index for name, found in self._places.items() if name.startswith(beginning) for index in found
            ]
        if places and len(places) > 1:
            raise FileRefused("ambiguous_column", address, tuple(self.names[index] for index in places))
        return places[0] if places else None

    def indexes(self, addresses: tuple[str, ...]) -> dict[str, int]:
        """The index of every address; raises FileRefused unknown_columns with the columns that are there."""
        found: dict[str, int] = {}
        unknown: list[str] = []
        for address in dict.fromkeys(addresses):
            index = self.find(address)
            if index is None:
                unknown.append(address)
            else:
                found[address] = index
        if unknown:
            shown = tuple(" ".join(name.split()) for name in self.names[:_MOST_SHOWN])
            raise FileRefused("unknown_columns", ", ".join(f"“{name}”" for name in unknown), shown)
        return found

    def shown(self, indexes: dict[str, int]) -> dict[str, str]:
        """The whole names of columns addressed by their beginning, for sentences and remarks."""
        return {
            address: " ".join(self.names[index].split())
            for address, index in indexes.items()
            if address.endswith("*") and index < len(self.names)
        }

    def _at(self, position: int) -> int | None:
        if not self._named:
            return position
        return self._positions.index(position) if position in self._positions else None


def may_mean(address: str, name: str, position: int) -> bool:
    """True when a column of this name and position (from 0) may be what an address means."""
    if folded(address) == folded(name):
        return True
    ordinal = _ORDINAL.fullmatch(address)
    if ordinal:
        return (
            int(ordinal["number"]) - 1 == position
            if not ordinal["name"]
            else folded(ordinal["name"]) == folded(name)
        )
    return address.endswith("*") and folded(name).startswith(folded(address[:-1]))
