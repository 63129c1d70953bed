"""A message of blocks compiled to be looked at: by its writer, and as a recipient sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import Document, read
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.core.content.blocks.letter.showing import filled_text, safe_html, within_budget
from apps.mailings.models import Message, MessageDraft, MessageVersion

#: The ways to look at a message.
VIEWS: Final = ("desktop", "phone", "dark", "images_off", "text")

Written = Message | MessageVersion | MessageDraft


@dataclass(frozen=True, slots=True)
class Shown:
    """A message to be shown: safe HTML on the ground of its page, or its text."""

    html: str = ""
    text: str = ""
    ground: str = ""


def canvas_of(written: Written) -> Shown:
    """The message with its placeholders as they are written, and the id of each part at it.

    Raises ContentRefused where a part of it cannot be compiled.
    """
    document = read(written.document or {})
    compiled = _compiled(written, document, marks=True, scheme="light")
    html = safe_html(within_budget(compiled.html, None))
    return Shown(html=html, ground=document.theme.light.page)


def shown_to(written: Written, fields: Mapping[str, Any], view: str) -> Shown:
    """The message filled in for a recipient. Raises ContentRefused."""
    document = read(written.document or {})
    dark = document.theme.dark if view == "dark" else None
    compiled = _compiled(written, document, scheme="dark" if view == "dark" else "light")
    if view == "text":
        return Shown(text=written.text or filled_text(compiled.text, fields))
    html = within_budget(compiled.html, fields)
    ground = (dark or document.theme.light).page
    return Shown(html=safe_html(html, images=view != "images_off"), ground=ground)


def _compiled(
    written: Written, document: Document, *, marks: bool = False, scheme: Any
) -> CompiledLetter:
    surroundings = Surroundings(
        phrases=phrases_of(written.language or get_language() or settings.LANGUAGE_CODE),
        picture=lambda media, width: "",
        embed=False,
        marks=marks,
        scheme=scheme,
    )
    return compile_letter(
        document, surroundings, title=written.subject, preheader=written.preheader
    )
