"""A message of blocks compiled to be looked at: by its writer, and as a recipient sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.core.content.blocks.document import Document, read
from apps.core.content.blocks.letter.compilation import Scheme
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.showing import written_html
from apps.core.content.preview import preview_program
from apps.core.content.program import values_of
from apps.core.site import site_url
from apps.mailings.attribute_values import lists_in
from apps.mailings.models import MessageVersion, Recipient
from apps.mailings.rules import bits_of_one
from apps.mailings.run_content import bodies_of
from apps.mailings.selectors.messages import fields_shown
from apps.mailings.services.letters.bodies import Written, compiled_letter, parts_of
from apps.mailings.services.media.renditions import PictureAddresses
from apps.mailings.services.media.uses import media_ids_in

_IMAGE: Final = re.compile(r'(<img\b[^>]*?) src="[^"]*"')


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
    compiled = _compiled(written, document, "light", marks=True)
    return Shown(html=written_html(compiled.html), ground=document.theme.light.page)


def shown_to(written: Written, recipient: Recipient, view: str, *, now: datetime) -> Shown:
    """The message as this recipient would get it now. Raises ContentRefused, RenderRefused.

    ``view``: ``dark``, ``images_off``, ``text``; anything else is the light one.
    """
    document = read(written.document or {})
    dark = document.theme.dark if view == "dark" else None
    compiled = _compiled(written, document, "light" if dark is None else "dark")
    content = parts_of(written, compiled)
    bodies = bodies_of(content)
    values = values_of(
        fields_shown(recipient),
        bits_of_one(recipient, content, now),
        lists_in(recipient.attributes or {}),
    )
    found = preview_program(written.subject, bodies.text, bodies.html, values)
    if view == "text":
        return Shown(text=found.text)
    html = _IMAGE.sub(r"\1", found.html) if view == "images_off" else found.html
    return Shown(html=html, ground=(dark or document.theme.light).page)


def _compiled(
    written: Written, document: Document, scheme: Scheme, *, marks: bool = False
) -> CompiledLetter:
    ids = media_ids_in(written.document)
    pictures = _OwnPictures(_owner_of(written), ids, make=False)
    return compiled_letter(written, document, picture=pictures, marks=marks, scheme=scheme)


def _owner_of(written: Written) -> int:
    owner_id: int = (
        written.message.owner_id if isinstance(written, MessageVersion) else written.owner_id
    )
    return owner_id


class _OwnPictures(PictureAddresses):
    """Addresses on this site without its name: a page may be asked for by another one."""

    def __call__(self, media_id: int, width: int) -> str:
        return super().__call__(media_id, width).removeprefix(site_url())
