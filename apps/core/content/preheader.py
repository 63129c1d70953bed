"""The preheader: hidden words that a list of emails shows behind the subject."""

from __future__ import annotations

import html
import re
from typing import Final

from apps.core.content.html_contexts import PlaceFinder

OPENING: Final = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">'
#: Keeps the first words of the email itself out of the list.
CLOSING: Final = f"{'&#8199;&#847; ' * 40}</div>"
_CODE: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
#: What stands before the words of a page that does not name its body.
_HEAD: Final = re.compile(
    r"\s*(?:<!doctype\b[^>]*>\s*)?(?:<html\b[^>]*>\s*)?(?:<head\b.*?</head\s*>)?",
    re.IGNORECASE | re.DOTALL,
)


def with_preheader(source: str, preheader: str) -> str:
    """The HTML source with the preheader as the first thing in its body."""
    if not preheader.strip() or not source.strip():
        return source
    finder = _BodyFinder()
    finder.go_on(source)
    found = _HEAD.match(source)
    at = finder.at if finder.at >= 0 or found is None else found.end()
    return f"{source[:at]}{OPENING}{_escaped(preheader)}{CLOSING}{source[at:]}"


def _escaped(preheader: str) -> str:
    """Its words escaped, its placeholders as they are."""
    pieces = enumerate(_CODE.split(preheader))
    return "".join(piece if at % 2 else html.escape(piece) for at, piece in pieces)


class _BodyFinder(PlaceFinder):
    """Finds where the body begins, if the source says so."""

    def __init__(self) -> None:
        super().__init__()
        self.at = -1

    def _tag(self, literal: str, position: int) -> int:
        end = super()._tag(literal, position)
        if self.at < 0 and self._element == "body" and self.is_between_tags:
            self.at = end
        return end
