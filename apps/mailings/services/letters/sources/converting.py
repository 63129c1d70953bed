"""A message in another form: a text or HTML becomes blocks, blocks become HTML.

What it was stays a version, so nothing is lost by trying.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.converting.from_html import blocks_of_html
from apps.core.content.blocks.converting.from_text import blocks_of_text
from apps.core.content.blocks.converting.gathering import Report
from apps.core.content.blocks.converting.to_html import source_of
from apps.core.errors import Refused
from apps.core.http.costly import Busy
from apps.core.site import site_url
from apps.mailings.importing.letters.errors import LetterRefused
from apps.mailings.importing.letters.reading import read_letter
from apps.mailings.models import Message, MessageDraft
from apps.mailings.models.content import CONTENT_FIELDS, Form, content_of
from apps.mailings.services.letters.bodies import surroundings_of
from apps.mailings.services.letters.whole import whole_of
from apps.mailings.services.media.renditions import PictureAddresses
from apps.mailings.services.media.uses import library_of
from apps.mailings.services.messages import MessageService, discard_draft
from apps.users.models import User

log = structlog.get_logger(__name__)

#: What an unsaved draft of a text or of HTML is looked at for.
_WRITTEN: Final = ("subject", "text", "html", "document")


class DraftUnsaved(Refused):
    """The author has typed what is not saved: a conversion or an import would drop it."""

    code = "draft_unsaved"


@dataclass(frozen=True, slots=True)
class Conversion:
    """The message as it would be: ``content`` by field, and what is said of the way there."""

    form: Form
    content: dict[str, Any]
    report: Report | None = None

    def applied_to(self, message: Message) -> Message:
        """The message with this content; it is not saved."""
        for name, value in self.content.items():
            setattr(message, name, value)
        return message


def other_form(message: Message) -> Form:
    """What the message can be made into."""
    return Form.HTML if message.document is not None else Form.BLOCKS


def conversion_of(message: Message, *, make: bool = False) -> Conversion:
    """The saved message in its other form; nothing is changed. Raises ContentRefused.

    ``make``: pictures get files of the widths that are asked for; a look takes the next wider ones.
    """
    if message.document is not None:
        return _as_html(message, make=make)
    return _as_blocks(message)


@transaction.atomic
def convert(*, message: Message, author: User, base_revision: int | None = None) -> Conversion:
    """Make the message's other form its newest version.

    Raises ContentRefused, ValidationError, MessageChanged, and DraftUnsaved when the author has
    typed what is not saved yet.
    """
    if has_unsaved(message, author):
        raise DraftUnsaved(_("Save or discard your draft of this message first."))
    found = conversion_of(message, make=True)
    found.applied_to(message).full_clean(exclude=["owner"])
    discard_draft(message=message, author=author)
    MessageService(author).save(message, base_revision=base_revision)
    return found


def writers_language() -> str:
    """The language of a letter that does not say its own: its writer's."""
    return (get_language() or "").partition("-")[0]


def has_unsaved(message: Message, author: User) -> bool:
    """True if the author's draft of it says something else than the message."""
    draft = MessageDraft.objects.filter(owner=author, message=message).first()
    if draft is None:
        return False
    names = CONTENT_FIELDS if draft.document is not None else _WRITTEN
    return any(getattr(draft, name) != getattr(message, name) for name in names)


def _as_html(message: Message, *, make: bool) -> Conversion:
    made = whole_of(message)
    pictures = PictureAddresses(message.owner_id, made.media, make=make)
    around = surroundings_of(message, made.document, picture=pictures, site=site_url())
    # HTML carries no pictures, and its preheader is put into it when it is sent.
    compiled = compile_letter(made.document, replace(around, embed=False), title=message.subject)
    content = {**content_of(message), "document": None, "html": source_of(compiled.html)}
    return Conversion(Form.HTML, {**content, "form": Form.HTML})


def _with_styles(html: str) -> str:
    """The HTML with the rules of its style sheet at their elements: a block has no sheet.

    As it is where that cannot be done now.
    """
    if "<style" not in html.lower():
        return html
    try:
        return read_letter(html.encode("utf-8", "replace")).found.html
    except (LetterRefused, Busy) as refusal:
        log.warning("styles_not_inlined", code=refusal.code)
        return html


def _as_blocks(message: Message) -> Conversion:
    if message.html.strip():
        library = library_of(message.owner_id, message.html)
        found, text = blocks_of_html(_with_styles(message.html), library), message.text
    else:
        found, text = blocks_of_text(message.text), ""
    content = content_of(message) | {
        "form": Form.BLOCKS,
        "document": found.document,
        "preheader": message.preheader or found.preheader,
        "language": message.language or writers_language(),
        "html": "",
        "text": text,
    }
    return Conversion(Form.BLOCKS, content, found.report)
