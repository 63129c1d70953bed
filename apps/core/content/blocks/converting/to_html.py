"""A compiled letter as a source in the template language, as somebody goes on to write it."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.content.blocks.letter.parts import Part
from apps.core.errors import ContentRefused, gettext_noop


class HtmlCannot(ContentRefused):
    """The letter shows parts to some recipients alone, or repeats them: HTML knows neither."""

    code = "html_cannot"


def source_of(parts: Iterable[Part]) -> str:
    """The HTML with its placeholders and its Liquid. Raises HtmlCannot."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif "placeholder" in part:
            found.append(part["placeholder"])
        elif "liquid" in part:
            found.append(part["liquid"])
        elif "href" in part:
            found.append(source_of(part["parts"]))
        else:
            text = gettext_noop(
                "HTML can’t keep who sees a block, or repeat blocks for a list. Take the conditions"
                " and repeats out of the message first."
            )
            raise HtmlCannot(text)
    return "".join(found)
