"""What columns are called when something is said of them: by name, by ``Name#2`` or by ``#3``.

Two columns may have one name, and a column may have none. A position is never ambiguous, so what is
kept of a person's choice is ``#N``, counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.mailings.importing.errors import UnknownColumn

_POSITION = re.compile(r"#([1-9][0-9]{0,5})")
_NTH = re.compile(r"(.+)#([1-9][0-9]{0,5})", re.DOTALL)


def key_of(at: int) -> str:
    """The key of a column by its position, counted from 0."""
    return f"#{at + 1}"


def labels_of(header: Sequence[str]) -> list[str]:
    """A label for every column that names no other: ``Email``, ``Email#2``, ``#3``."""
    seen: dict[str, int] = {}
    labels = []
    for at, name in enumerate(header):
        number = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        labels.append(key_of(at) if not name else name if number == 1 else f"{name}#{number}")
    return labels


class ColumnFinder:
    """Finds the column that a key means, in time that does not grow with the number of columns.

    ``names`` are other names of the same columns, for those who write them in another way.
    """

    def __init__(self, header: Sequence[str], names: Sequence[str]) -> None:
        self._header = header
        self._places: list[dict[str, list[int]]] = [_places(header), _places(names)]

    def find(self, key: str) -> int:
        """The position, from 0. Raises UnknownColumn for none, and for one of several."""
        wanted = key.strip().lower()
        if position := _POSITION.fullmatch(wanted):
            at = int(position[1]) - 1
            return at if at < len(self._header) else self._unknown(key)
        places = self._named(wanted)
        if len(places) > 1:
            raise UnknownColumn(
                _("There are %(count)d columns “%(column)s”: write %(example)s for the second.")
                % {"count": len(places), "column": key, "example": f"{key}#2"}
            )
        if places:
            return places[0]
        nth = _NTH.fullmatch(wanted)
        places = self._named(nth[1].strip()) if nth else []
        if nth is None or len(places) < int(nth[2]):
            return self._unknown(key)
        return places[int(nth[2]) - 1]

    def _named(self, name: str) -> list[int]:
        return next((found[name] for found in self._places if name in found), [])

    def _unknown(self, key: str) -> int:
        raise UnknownColumn(
            _("There is no column “%(column)s” among: %(names)s.")
            % {"column": key, "names": ", ".join(self._header)}
        )


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        if name:
            places.setdefault(name.lower(), []).append(at)
    return places
