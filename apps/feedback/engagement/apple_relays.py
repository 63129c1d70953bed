"""The addresses from which Apple's relays load images for Mail, as a file lists them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton

from django.conf import settings

#: A file with more lines is none of Apple's, which has some 300 000.
_MOST = 2_000_000


@dataclass(frozen=True, slots=True)
class Relays:
    """Ranges that do not overlap, in order: their first and last addresses by IP version."""

    first: dict[int, list[int]]
    last: dict[int, list[int]]

    def has(self, address: str) -> bool:
        """True if this IP address is in one of the ranges."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        place = bisect_right(self.first[found.version], int(found)) - 1
        return place >= 0 and int(found) <= self.last[found.version][place]


NO_RELAYS = Relays({4: [], 6: []}, {4: [], 6: []})


def read_relays(path: Path) -> Relays:
    """The ranges of a file as Apple publishes it: one a line, more columns after a comma.

    Raises ValueError with the line that is no range, OSError for what cannot be read.
    """
    found: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(islice(lines, _MOST), 1):
            text = line.partition(",")[0].strip()
            if not text or text.startswith("#"):
                continue
            version, first, last = _range(text, number)
            found[version].append((first, last))
    merged = {version: _merged(ranges) for version, ranges in found.items()}
    return Relays(
        {version: [first for first, _last in ranges] for version, ranges in merged.items()},
        {version: [last for _first, last in ranges] for version, ranges in merged.items()},
    )


def _range(text: str, number: int) -> tuple[int, int, int]:
    """IP version, first and last address; ``ipaddress`` would take seconds for the whole file."""
    address, _slash, length = text.partition("/")
    version, family = (6, AF_INET6) if ":" in address else (4, AF_INET)
    try:
        packed = inet_pton(family, address)
        bits = 8 * len(packed) - int(length or 8 * len(packed))
        if not 0 <= bits <= 8 * len(packed):
            raise ValueError
    except (OSError, ValueError):
        raise ValueError(f"line {number} begins with no range of addresses") from None
    first = int.from_bytes(packed) >> bits << bits
    return version, first, first + (1 << bits) - 1


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


@lru_cache(maxsize=2)
def _read_once(path: str) -> Relays:
    return read_relays(Path(path))


def configured_relays() -> Relays:
    """Those of TRACKING_APPLE_RELAYS, read once by each process."""
    path = settings.TRACKING_APPLE_RELAYS
    return _read_once(path) if path else NO_RELAYS
