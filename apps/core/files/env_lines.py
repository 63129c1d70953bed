"""The text of a ``.env`` file, to be changed line by line: what nobody touches stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Final

from dotenv.parser import parse_stream

_PLAIN: Final = re.compile(r"[A-Za-z0-9_@.:/+,%=*~^-]+")
_BEFORE: Final = re.compile(r"\s*(?:export[^\S\r\n]+)?")
_NOTE: Final = re.compile(
    r"""=[^\S\r\n]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)(\s+#[^\r\n]*)?\s*$"""
)


class Unwritable(ValueError):
    """A value that no line of the file can hold, such as one of two lines."""


@dataclass(slots=True)
class _Line:
    """A key with its line; or, without a key, a comment or blank lines."""

    key: str
    value: str
    text: str


class EnvLines:
    """The lines of a file. Keys are compared without regard to case; the last of a name holds."""

    def __init__(self, text: str) -> None:
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        self._lines = [
            _Line((line.key or "").upper(), line.value or "", line.original.string)
            for line in parse_stream(StringIO(text, newline=""))
        ]

    @property
    def text(self) -> str:
        """The whole file."""
        return self._mark + "".join(line.text for line in self._lines)

    def values(self, prefix: str) -> dict[str, str]:
        """What the keys that begin so are set to, by the rest of their names in lower case."""
        return {
            line.key.removeprefix(prefix).lower(): line.value
            for line in self._lines
            if line.key.startswith(prefix) and line.value
        }

    def put(self, prefix: str, values: Mapping[str, str]) -> None:
        """Set these keys: in their own lines, or behind the others that begin so.

        An empty value empties the line that there is. Raises Unwritable.
        """
        for name, value in values.items():
            self._put(prefix, f"{prefix}{name.upper()}", value)

    def drop(self, prefix: str) -> None:
        """Remove all keys that begin so. Lines under a comment are emptied: it explains them."""
        kept: list[_Line] = []
        for line in self._lines:
            above = kept[-1] if kept else line
            explained = above.key.startswith(prefix) or (not above.key and "#" in above.text)
            if not line.key.startswith(prefix):
                kept.append(line)
            elif kept and explained and not line.text.startswith(("\n", "\r")):
                kept.append(self._written(line.key, "", line))
        self._lines = kept

    def _put(self, prefix: str, key: str, value: str) -> None:
        same = [at for at, line in enumerate(self._lines) if line.key == key]
        if same:
            if self._lines[same[-1]].value != value:
                self._lines[same[-1]] = self._written(key, value, self._lines[same[-1]])
        elif value:
            self._insert(prefix, _Line(key, value, f"{key}={_quoted(value)}{self._newline}"))

    def _insert(self, prefix: str, line: _Line) -> None:
        others = [at for at, one in enumerate(self._lines) if one.key.startswith(prefix)]
        at = others[-1] + 1 if others else len(self._lines)
        if at and not self._lines[at - 1].text.endswith(("\n", "\r")):
            self._lines[at - 1].text += self._newline
        if not others and self._lines:
            line.text = self._newline + line.text
        self._lines.insert(at, line)

    def _written(self, key: str, value: str, line: _Line) -> _Line:
        before = _BEFORE.match(line.text)
        note = _NOTE.search(line.text.rstrip("\r\n"))
        end = line.text[len(line.text.rstrip("\r\n")) :]
        head = before[0] if before else ""
        tail = note[1] or "" if note else ""
        return _Line(key, value, f"{head}{key}={_quoted(value)}{tail}{end}")


def _quoted(value: str) -> str:
    """The value as a line holds it; it is read back as it was."""
    if not value or _PLAIN.fullmatch(value):
        return value
    text = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    (read,) = parse_stream(StringIO(f"KEY={text}"))
    if not value.isprintable() or read.value != value:
        raise Unwritable("is not one line of text")
    return text
