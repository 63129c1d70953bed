"""Mails in a file: one, or as many as a mailbox in one file holds (RFC 4155)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

_FROM: Final = b"From "
#: ``From sender Thu Nov 26 10:00:00 2026``; some writers add a zone.
_SEPARATOR = re.compile(rb"From \S{0,320} .{0,60}\d\d:\d\d.{0,20}\d{4}\b")
#: A line of a text that began like a separator: its writer has put a ``>`` before it.
_ESCAPED = re.compile(rb">+From ")
#: The longest piece of a line that is held.
_LONGEST: Final = 65_536


def mails_in(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Every mail, the first ``most`` bytes of each; a report stands at its beginning."""
    first = file.readline(_LONGEST)
    if not first.startswith(_FROM):
        yield (first + file.read(max(most - len(first), 0)))[:most]
        return
    yield from _of_mailbox(file, most)


def _of_mailbox(file: BinaryIO, most: int) -> Iterator[bytes]:
    lines: list[bytes] = []
    size, after_blank = 0, False
    while line := file.readline(_LONGEST):
        if after_blank and _SEPARATOR.match(line):
            yield b"".join(lines)
            lines, size, after_blank = [], 0, False
            continue
        after_blank = not line.strip()
        if size < most:
            lines.append(line[1:] if _ESCAPED.match(line) else line)
            size += len(line)
    yield b"".join(lines)
