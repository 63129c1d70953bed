"""Programs of what people write as templates: a text, or HTML with Liquid in it."""

from __future__ import annotations

from apps.core.content.html_contexts import TEXT_ESCAPES, Place
from apps.core.content.html_text import html_to_text, literals_to_text
from apps.core.content.program.liquid_blocks import cut
from apps.core.content.program.parts import Fragment, Program
from apps.core.content.program.pieces import Text, pieces_of
from apps.core.content.program.safe_places import NotClosed
from apps.core.content.program.steps import (
    Literal,
    Rendered,
    Step,
    Token,
    Value,
    html_steps,
    literals_in,
    text_steps,
)
from apps.core.content.program.values import Values
from apps.core.content.template_language import parse


def from_text(source: str) -> Program:
    """The program of a plain text. Raises TemplateRefused."""
    parse(source)  # as a whole, so that a refusal names its line
    parts = cut(source)
    return Program((Fragment(source),)) if parts is None else Program(parts)


def from_html(source: str) -> Program:
    """The program of an HTML source. Raises TemplateRefused, TemplatePlace.

    What stands between tags and closes what it opens is rendered alone; where something does not,
    the whole is rendered for each recipient.
    """
    parse(source)
    parts = cut(source)
    if parts is not None:
        program = Program(parts)
        try:
            html_steps(program)
            return program
        except NotClosed:
            pass
    return Program((Fragment(source),), whole=True)


def readable_steps(text: Program, html: Program) -> tuple[Step, ...]:
    """The steps of the plain text: its own, or what the HTML says. Raises TemplateRefused."""
    return text_of(html_steps(html)) if text.is_empty and not html.is_empty else text_steps(text)


def text_of(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The plain text of an HTML body.

    Made once where values, the token and unmarked fragments are all that differs; else for each
    recipient.
    """
    found = [step for step in steps if not isinstance(step, Literal)]
    if not all(isinstance(step, (Value, Token)) or _is_inline(step) for step in found):
        html = pieces_of(steps, Text())
        source = "".join(literals_in(steps))
        return (Rendered(lambda values: html_to_text(html.fill(values)), source),)
    literals, numbers = literals_to_text(_around(steps))
    made: list[Step] = [Literal(literals[0])] if literals[0] else []
    for number, literal in zip(numbers, literals[1:], strict=True):
        made.append(_inline(found[number]))
        made += [Literal(literal)] if literal else []
    return tuple(made)


def _around(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The literals with the other steps between them, one more than those."""
    literals = [""]
    for step in steps:
        if isinstance(step, Literal):
            literals[-1] = step.text
        else:
            literals.append("")
    return tuple(literals)


def _is_inline(step: Step) -> bool:
    """A fragment that writes words only, or an address: in the text it is the same."""
    if not isinstance(step, Rendered):
        return False
    if step.template is None:
        return step.text is not None
    return not any(mark in step.source for mark in "<>&\n\r")


def _inline(step: Step) -> Step:
    match step:
        case Token():
            return step
        case Value(name=name, fallback=fallback, place=place):
            return Value(name, fallback, TEXT_ESCAPES[place], place)
        case Rendered(text=write) if write is not None:
            return Rendered(write, step.source)
        case Rendered(template=template) if template is not None:
            escape = TEXT_ESCAPES[Place.TEXT]
            return Rendered(lambda values: escape(template.render(values)), step.source)
    raise TypeError(step)


def filled_html(program: Program, values: Values) -> str:
    """The HTML for one recipient, compiled for this once."""
    return pieces_of(html_steps(program), Text()).fill(values)
