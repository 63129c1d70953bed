"""A message's text and HTML as strings, compiled once per run; for what is no MIME."""

from __future__ import annotations

from apps.core.content.program import (
    Pieces,
    Program,
    Text,
    html_steps,
    pieces_of,
    readable_steps,
)


def plain_text(text: Program, html: Program) -> Pieces[str]:
    """The message's text, or the text of its HTML where there is none. Raises TemplateRefused."""
    return pieces_of(readable_steps(text, html), Text())


def html_text(html: Program) -> Pieces[str]:
    """The message's HTML, each value escaped for its place. Raises TemplateRefused."""
    return pieces_of(html_steps(html), Text())
