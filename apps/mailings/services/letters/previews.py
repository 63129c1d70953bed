"""A message of blocks compiled to be looked at: by its writer, and as a recipient sees it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.core.content.blocks.document import SCHEMA, read
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import new_node
from apps.core.content.blocks.letter.compilation import Scheme
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.showing import written_html
from apps.core.content.blocks.reuse.brand import BrandLook, with_brand
from apps.core.content.preview import preview, preview_program
from apps.core.content.program import values_of
from apps.core.content.template_language import RenderRefused
from apps.core.errors import ContentRefused
from apps.core.site import site_url
from apps.mailings.attribute_values import lists_in
from apps.mailings.models import Message, MessageDraft, MessageTemplate, Recipient
from apps.mailings.rules import ConditionGone, bits_of_one
from apps.mailings.run_content import asked_of, bodies_of
from apps.mailings.selectors.letters.saved_blocks import with_blocks_of
from apps.mailings.selectors.letters.writing import segments_of, tags_of
from apps.mailings.selectors.messages import fields_shown
from apps.mailings.services.languages.translations import Written, owner_of
from apps.mailings.services.letters.bodies import compiled_letter, parts_of
from apps.mailings.services.letters.whole import (
    Whole,
    whole,
    whole_of,
    with_waiting,
)
from apps.mailings.services.media.renditions import PictureAddresses

_IMAGE: Final = re.compile(r'(<img\b[^<>]*?) src="[^"]*"')


@dataclass(frozen=True, slots=True)
class Shown:
    """A message to be shown: safe HTML on the ground of its page, or its text.

    ``inverted``: with the colours that a mail program makes of it that knows no dark messages.
    """

    html: str = ""
    text: str = ""
    ground: str = ""
    inverted: bool = False
    is_source: bool = False


def shown_to(
    written: Written,
    recipient: Recipient,
    view: str,
    *,
    now: datetime,
    holds: Collection[str] | None = None,
) -> Shown:
    """The message as this recipient would get it now. Raises ContentRefused, RenderRefused.

    ``view``: ``dark``, ``dark_forced``, ``images_off``, ``text``, ``source``; anything else is the
    light one. ``holds``: the tags and segments that are taken to be the recipient's, as keys of
    Term; None for those that are.
    """
    made = with_waiting(whole_of(written), written)
    theme = made.document.theme
    dark = theme.dark if view == "dark" else None
    compiled = _compiled(written, made, "light" if dark is None else "dark")
    content = parts_of(written, compiled)
    bodies = bodies_of(content)
    bits = bits_of_one(recipient, content, now) if holds is None else _bits(content, holds)
    values = values_of(fields_shown(recipient), bits, lists_in(recipient.attributes or {}))
    found = preview_program(written.subject, bodies.text, bodies.html, values)
    if view == "text":
        return Shown(text=found.text)
    if view == "source":
        return Shown(text=found.source, is_source=True)
    html = _IMAGE.sub(r"\1", found.html) if view == "images_off" else found.html
    ground = (dark or theme.light).page
    return Shown(html=html, ground=ground, inverted=view == "dark_forced")


def _bits(content: Mapping[str, Any], holds: Collection[str]) -> int:
    """The bits of somebody who has these tags and segments, and no others."""
    asked = enumerate(asked_of(content))
    return sum(1 << at for at, (kind, number) in asked if f"{kind}:{number}" in holds)


@dataclass(frozen=True, slots=True)
class Term:
    """A tag or segment that a part of the message is shown by. ``key``: ``tag:3``."""

    key: str
    name: str
    holds: bool


def terms_of(
    draft: MessageDraft, recipient: Recipient, holds: Collection[str] | None, now: datetime
) -> list[Term]:
    """The tags and segments that the conditions of the message ask about, and who holds them."""
    rules = [
        one.node["visibility"]
        for one in places.each(draft.document or {"body": []})
        if one.node.get("visibility")
    ]
    asked = asked_of({"conditions": rules})
    named = {f"tag:{pk}": name for pk, name in tags_of(draft.owner)}
    named |= {f"segment:{pk}": name for pk, name in segments_of(draft.owner)}
    try:
        bits = bits_of_one(recipient, {"conditions": rules}, now)
    except ConditionGone:  # the preview itself says so
        bits = 0
    keys = [f"{kind}:{number}" for kind, number in asked]
    own = {key for at, key in enumerate(keys) if bits >> at & 1}
    return [
        Term(key, named[key], key in (own if holds is None else holds))
        for key in keys
        if key in named
    ]


@dataclass(frozen=True, slots=True)
class InboxLine:
    """What a list of messages shows of one."""

    subject: str
    preheader: str


def inbox_line(written: Written, recipient: Recipient) -> InboxLine:
    """Subject and preheader, filled in; as they are written where that cannot be done."""
    found = []
    for source in (written.subject, written.preheader):
        try:
            text = preview(source, "", "", fields_shown(recipient)).subject
        except (ContentRefused, RenderRefused):
            text = source
        found.append(text)
    return InboxLine(*found)


def brand_sample(owner_id: int, brand: BrandLook, language: str, scheme: Scheme) -> Shown:
    """A message in the look of a brand, which need not be saved."""
    made = Whole(with_brand(read(_sample()), brand))
    written = Message(owner_id=owner_id, subject=_("Your brand"), language=language)
    return _as_written(written, made, scheme)


def template_sample(template: MessageTemplate, viewer_id: int) -> Shown:
    """What a message of the viewer's would begin as. Raises ContentRefused."""
    author_id, language = template.author_id or viewer_id, template.language
    blocks = with_blocks_of(read(template.document), author_id, language)
    head = {name: getattr(template, name) for name in ("subject", "preheader", "language")}
    written = Message(owner_id=author_id, **head)
    return _as_written(written, whole(blocks, viewer_id, language), "light")


def _as_written(written: Message, made: Whole, scheme: Scheme) -> Shown:
    """With its placeholders as they are written."""
    theme = made.document.theme
    html = written_html(_compiled(written, made, scheme).html)
    dark = theme.dark if scheme == "dark" else None
    return Shown(html=html, ground=(dark or theme.light).page)


def _sample() -> dict[str, Any]:
    """A short message of everything that a brand changes."""
    link = '<a href="https://example.com/">%s</a>' % _("a link")
    said = _("A text with %(link)s in it.") % {"link": link}
    says: dict[str, dict[str, Any]] = {
        "header": {"view_link": False},
        "heading": {"text": _("A heading"), "level": 1},
        "text": {"html": f"<p>{said}</p>"},
        "button": {"label": _("A button"), "link": "https://example.com/"},
        "social": {},
        "footer": {"view_link": False, "preferences": False},
    }
    blocks = [new_node(kind) | values for kind, values in says.items()]
    section = new_node("section")
    section["columns"][0]["blocks"] = blocks
    return {"schema": SCHEMA, "theme": {"follows_brand": True}, "body": [section]}


def own_pictures(owner_id: int, ids: Iterable[int]) -> PictureAddresses:
    """The addresses of these pictures for a page of this site."""
    return _OwnPictures(owner_id, ids, make=False)


def _compiled(written: Written, made: Whole, scheme: Scheme) -> CompiledLetter:
    pictures = own_pictures(owner_of(written), made.media)
    return compiled_letter(written, made.document, picture=pictures, scheme=scheme)


class _OwnPictures(PictureAddresses):
    """Addresses on this site without its name: a page may be asked for by another one."""

    def __call__(self, media_id: int, width: int) -> str:
        return super().__call__(media_id, width).removeprefix(site_url())
