"""Code of the template language, put aside while something that knows only HTML reads the source.

Between tags a ``{% … %}`` becomes a comment, which may stand anywhere, in a table as well; whatever
else is code becomes letters that nobody writes, and stands in an attribute as in a text.
"""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.html_contexts import PlaceFinder
from apps.core.content.template_language import MAX_TAG

_OPEN, _CLOSE = "\ue000", "\ue001"
_STRAY: Final = re.compile(f"[{_OPEN}{_CLOSE}]")
_OPENING: Final = re.compile(r"\{[{%]")
#: As a comment, as letters, and as letters that somebody has made an address of.
SEAL: Final = re.compile(f"(?:<!--)?(?:{_OPEN}|%EE%80%80)(\\d+)(?:{_CLOSE}|%EE%80%81)(?:-->)?")
#: What is left of a comment when it has been read.
SEALED_TAG: Final = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


class Sealed:
    """A source without its code. ``codes`` are what the numbers of the seals stand for."""

    def __init__(self, source: str) -> None:
        self.codes: list[str] = []
        self.source = self._without(_STRAY.sub("", source))

    def opened(self, sealed: str) -> str:
        """The same with the code in the places of its seals."""
        return SEAL.sub(lambda found: self._code(int(found[1])), sealed)

    def _code(self, number: int) -> str:
        return self.codes[number] if number < len(self.codes) else ""

    def _without(self, source: str) -> str:
        kept: list[str] = []
        position, finder = 0, PlaceFinder()
        while opening := _OPENING.search(source, position):
            start = opening.start()
            mark = "}}" if opening[0] == "{{" else "%}"
            end = source.find(mark, start + 2, start + MAX_TAG + 4)
            stop = start + 2 if end < 0 else end + 2
            literal = source[position:start]
            finder.go_on(literal)
            kept.append(literal)
            position = stop
            if end < 0:  # braces that are no code
                finder.go_on(opening[0])
                kept.append(opening[0])
                continue
            seal = f"{_OPEN}{len(self.codes)}{_CLOSE}"
            self.codes.append(source[start:stop])
            between = finder.is_between_tags and mark == "%}"
            finder.value()
            kept.append(f"<!--{seal}-->" if between else seal)
        return "".join((*kept, source[position:]))
