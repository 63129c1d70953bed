"""What a run keeps of a message's bodies: as they are written, or what its blocks become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import Document, read, walk
from apps.core.content.blocks.letter.compilation import Scheme, Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.core.content.blocks.schema import Code
from apps.core.content.rules import check_content, check_head
from apps.core.errors import ContentRefused
from apps.core.site import site_url
from apps.mailings.models import Message, MessageDraft, MessageVersion
from apps.mailings.services.letters.hints import GAPS
from apps.mailings.services.media.renditions import PictureAddresses
from apps.mailings.services.media.uses import media_ids_in

Written = Message | MessageVersion | MessageDraft


class LetterIncomplete(ContentRefused):
    """A block lacks something without which the letter cannot be sent. ``gap``: its code."""

    code = "letter_incomplete"

    def __init__(self, gap: str) -> None:
        self.gap = gap
        super().__init__(str(GAPS[gap]))


def kept_bodies(message: Message) -> dict[str, Any]:
    """Text and HTML: sources, or the parts of a letter of blocks with their conditions.

    Raises ContentRefused for blocks that cannot be compiled.
    """
    if message.document is None:
        return {"text": message.text, "html": message.html}
    document = read(message.document)
    pictures = PictureAddresses(message.owner_id, media_ids_in(message.document))
    compiled = compiled_letter(message, document, picture=pictures, site=site_url())
    return {**parts_of(message, compiled), "view_page": not has_code(document)}


def compiled_letter(
    written: Written,
    document: Document,
    *,
    picture: Callable[[int, int], str],
    site: str = "",
    marks: bool = False,
    scheme: Scheme = "reader",
) -> CompiledLetter:
    """The document as its letter, by the words around it. Raises ContentRefused.

    ``picture``: as ``Surroundings`` ask for it, and so ``marks`` and ``scheme``. ``site``: the
    address of the site, where its own pages are not all that shows the letter.
    """
    surroundings = Surroundings(
        phrases=phrases_of(written.language or settings.LANGUAGE_CODE),
        picture=picture,
        icons=f"{site}{settings.STATIC_URL}letters/networks/",
        embed=False,
        view_page=not has_code(document),
        marks=marks,
        scheme=scheme,
    )
    return compile_letter(
        document, surroundings, title=written.subject, preheader=written.preheader
    )


def parts_of(written: Written, compiled: CompiledLetter) -> dict[str, Any]:
    """Text, HTML and conditions as a run keeps them; a text of its own goes first."""
    return {
        "text": written.text if written.text.strip() else compiled.text,
        "html": compiled.html,
        "conditions": compiled.conditions,
    }


def has_code(document: Document) -> bool:
    """True if it holds a coupon or a one-time code: who is forwarded the link could use it."""
    return any(isinstance(node, Code) for node in walk(document))


def check_message(message: Message) -> None:
    """Raises ContentRefused for what could not be sent as it is: LetterIncomplete for blocks."""
    if message.document is None:
        check_content(message.subject, message.text, message.html)
        return
    check_head(message.subject, message.preheader)
    for gap in complete(read(message.document)):
        raise LetterIncomplete(gap.code)
    ids = media_ids_in(message.document)
    pictures = PictureAddresses(message.owner_id, ids, make=False)
    if any(pictures.media(one) is None for one in ids):  # removed since, or somebody else's
        raise LetterIncomplete("picture_missing")
