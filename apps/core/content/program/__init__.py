"""A body as a program: text, placeholders, links, conditions, repeats and fragments of Liquid.

Compiled once per run. For a recipient nothing is parsed, and no literal is searched, escaped or
encoded again. ``parts`` is what a run keeps, ``sources`` makes parts of what people write as
templates, ``steps`` knows the place of every value, ``pieces`` is what a channel fills in.
"""

from apps.core.content.program.conditions import (
    Asked,
    Condition,
    ConditionsTooMany,
    asked_by,
)
from apps.core.content.program.parts import Program
from apps.core.content.program.pieces import Ink, Pieces, Text, pieces_of
from apps.core.content.program.sources import from_html, from_text, readable_steps
from apps.core.content.program.steps import Step, html_steps, literals_in, text_steps
from apps.core.content.program.values import Items, Values, values_of

__all__ = [
    "Asked",
    "Condition",
    "ConditionsTooMany",
    "Ink",
    "Items",
    "Pieces",
    "Program",
    "Step",
    "Text",
    "Values",
    "asked_by",
    "from_html",
    "from_text",
    "html_steps",
    "literals_in",
    "pieces_of",
    "readable_steps",
    "text_steps",
    "values_of",
]
