"""What a run sends, as its snapshot keeps it: sources, or parts with the conditions they ask.

``content["html"]`` and ``content["text"]`` are each a source or a list of parts;
``content["conditions"]`` are what the parts ask, and ``content["asked"]`` which bit of a delivery
stands for which tag or segment, these with their conditions as they were. ``content["view_page"]``:
whether a page shows the letter to anybody who has its link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.content.program import (
    Asked,
    Condition,
    Program,
    asked_by,
    from_html,
    from_text,
)


@dataclass(frozen=True, slots=True)
class Bodies:
    """A letter's bodies, and whether they were made of blocks."""

    text: Program
    html: Program
    of_blocks: bool


def bodies_of(content: Mapping[str, Any]) -> Bodies:
    """The bodies of a snapshot. Raises TemplateRefused."""
    text, html = content["text"], content["html"]
    conditions = conditions_of(content)
    asked = asked_of(content)
    return Bodies(
        from_text(text) if isinstance(text, str) else Program.from_json(text, conditions, asked),
        from_html(html) if isinstance(html, str) else Program.from_json(html, conditions, asked),
        of_blocks=not isinstance(html, str),
    )


def conditions_of(content: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a snapshot, in the order in which its parts count them."""
    return [Condition.from_json(one) for one in content.get("conditions", ())]


def asked_of(content: Mapping[str, Any]) -> tuple[Asked, ...]:
    """Which tags and segments its deliveries have bits for; of one not launched, would have."""
    if "asked" in content:
        return tuple((one["kind"], one["id"]) for one in content["asked"])
    return asked_by(conditions_of(content))


def has_page(content: Mapping[str, Any]) -> bool:
    """True if a page shows the letter to anybody who has its link.

    Not a letter of blocks of before there was such a page: it may hold a code.
    """
    return bool(content.get("view_page", isinstance(content["html"], str)))


def links_to_page(content: Mapping[str, Any]) -> bool:
    """True if the letter leads to its page: only then a link is made for every recipient."""
    parts = (content["subject"], content["text"], content["html"])
    return has_page(content) and any("view_url" in str(part) for part in parts)
