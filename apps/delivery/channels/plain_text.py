"""A message's text and HTML as strings, compiled once per run; for what is no MIME."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from apps.core.content.html_contexts import (
    HTML_ESCAPES,
    TEXT_ESCAPES,
    escape_parts,
    places,
    raw_text,
)
from apps.core.content.html_text import html_to_text, literals_to_text
from apps.core.content.template_language import Template, parse

Fields = Mapping[str, str]


class PlainText:
    """The message's text, or the text of its HTML where there is none."""

    def __init__(self, text: str, html: str) -> None:
        """Raises TemplateRefused."""
        self._fill = _of_text(parse(text)) if text.strip() else _of_html(parse(html))

    def fill(self, fields: Fields) -> str:
        """For one recipient. Raises RenderRefused or TemplateRefused."""
        return self._fill(fields)


class Html:
    """The message's HTML, each value escaped for its place."""

    def __init__(self, html: str) -> None:
        """Raises TemplateRefused."""
        template = parse(html)
        if template.is_plain:
            escapes = [HTML_ESCAPES[place] for place in places(template.literals)]
            self._fill = _slots(template.literals, template.slots, escapes)
        else:
            self._fill = lambda fields: escape_parts(template.parts(fields))

    def fill(self, fields: Fields) -> str:
        """For one recipient. Raises RenderRefused or TemplateRefused."""
        return self._fill(fields)


def _of_text(template: Template) -> Callable[[Fields], str]:
    if template.is_plain:
        return _slots(template.literals, template.slots, [raw_text] * len(template.slots))
    return lambda fields: raw_text(template.render(fields))


def _of_html(template: Template) -> Callable[[Fields], str]:
    if not template.is_plain:
        return lambda fields: html_to_text(escape_parts(template.parts(fields)))
    found = places(template.literals)
    literals, numbers = literals_to_text(template.literals)
    names = [template.slots[number] for number in numbers]
    return _slots(literals, names, [TEXT_ESCAPES[found[number]] for number in numbers])


def _slots(
    literals: Sequence[str], names: Sequence[str], escapes: Sequence[Callable[[str], str]]
) -> Callable[[Fields], str]:
    slots = tuple(zip(names, escapes, literals[1:], strict=True))

    def fill(fields: Fields) -> str:
        parts = [literals[0]]
        for name, escape, literal in slots:
            parts += (escape(fields.get(name, "")), literal)
        return "".join(parts)

    return fill
