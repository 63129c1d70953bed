"""A template of Liquid, cut at its outermost blocks: what is plain need not be rendered with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from apps.core.content.program.parts import Fragment, Part, Placeholder
from apps.core.content.template_language import OUTPUT, TAG, TEXT, tokens_of

BEGINNINGS: Final = frozenset("if unless case for".split())
ENDS: Final = frozenset("endif endunless endcase endfor".split())
COMMENT: Final = "comment"
_RAW: Final = re.compile(r"\{%\s*raw\s*%\}(.*)\{%\s*endraw\s*%\}", re.DOTALL)
#: Each has a budget of its own: more than so many are rendered as one.
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the source: text, an output, a tag, or a comment with all that is in it.

    ``text``: of TEXT, what comes out; it differs from the ``source`` between ``raw`` tags.
    """

    kind: str
    source: str
    line: int
    name: str = ""
    text: str = ""

    @property
    def trims(self) -> bool:
        """True when it takes blanks away from what stands beside it."""
        return self.kind != TEXT and "-" in (self.source[2:3], self.source[-3:-2])


def stretches(source: str) -> Iterator[Stretch]:
    """The whole source in its order. Raises TemplateRefused."""
    tokens = [*tokens_of(source)]
    ends = [token.start for token in tokens[1:]] + [len(source)]
    comments, begun, line = 0, 0, 1
    for token, end in zip(tokens, ends, strict=True):
        comments += (token.name == COMMENT) - (token.name == "endcomment")
        if comments:
            continue
        text = source[begun:end]
        if token.name == "endcomment" or token.name == "#":
            yield Stretch(COMMENT, text, line)
        elif token.name == "raw" and (raw := _RAW.fullmatch(text)):
            yield Stretch(TEXT, text, line, text=raw[1])
        else:
            yield Stretch(token.kind, text, line, token.name, text)
        line += text.count("\n")
        begun = end


def cut(source: str) -> tuple[Part, ...] | None:
    """The parts of a parsed template; None when it only makes sense as a whole.

    Blocks and filtered values become parts of their own where nothing of them is felt outside: no
    variable, no blank taken away, no end of everything.
    """
    cutting = _Cutting()
    if not all(cutting.take(stretch) for stretch in stretches(source)):
        return None
    fragments = sum(isinstance(part, Fragment) for part in cutting.parts)
    return tuple(cutting.parts) if fragments <= _MOST else None


class _Cutting:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._block: list[Stretch] = []
        self._depth = self._loops = 0

    def take(self, stretch: Stretch) -> bool:
        """Take the next stretch. False: the source cannot be cut."""
        outside = not self._depth
        if stretch.kind == TAG and not self._counted(stretch):
            return False
        if stretch.trims and (outside or not self._depth):
            return False
        if not outside or self._depth:
            self._block.append(stretch)
            if not self._depth:
                self._close()
        elif stretch.kind == TEXT:
            self.parts += [stretch.text] if stretch.text else []
        elif stretch.kind == OUTPUT:
            self.parts.append(Placeholder(stretch.source))
        elif stretch.kind == TAG:
            self.parts.append(Fragment(stretch.source, stretch.line))
        return True

    def _counted(self, stretch: Stretch) -> bool:
        name = stretch.name
        if name in ("assign", "raw") or (name == "for" and "continue" in stretch.text):
            return False
        if name in ("break", "continue") and not self._loops:
            return False
        self._depth += (name in BEGINNINGS) - (name in ENDS)
        self._loops += (name == "for") - (name == "endfor")
        return self._depth >= 0

    def _close(self) -> None:
        source = "".join(stretch.source for stretch in self._block)
        self.parts.append(Fragment(source, self._block[0].line))
        self._block.clear()
