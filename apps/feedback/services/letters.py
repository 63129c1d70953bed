"""A letter for the browser: what one delivery brought, made again of what was kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from apps.core.content.preview import Preview, preview_program
from apps.core.content.program import Values
from apps.core.errors import DomainError
from apps.mailings.fields import values_for
from apps.mailings.links import preferences_url, view_url
from apps.mailings.models import Delivery, Mailing
from apps.mailings.models.audience import ADDRESS
from apps.mailings.run_content import bodies_of, content_for, has_page

#: Where a page says its language, within so many characters.
_HEAD: Final = 2_000
_LANGUAGE: Final = re.compile(r"<html\b[^<>]*?\blang=[\"']?([a-z]{2,3}(?:-[a-z0-9]{2,8})?)\b", re.I)

#: An address in a text, without what ends the sentence around it.
_ADDRESS: Final = re.compile(r"(https?://[^\s<>\"]{0,2000}[^\s<>\".,;:!?)\]»”'])")


class LetterGone(Exception):
    """Nothing of it can be shown: its person or its run is gone, or it cannot be filled in."""


class LetterHidden(Exception):
    """There is no such page, for the letter holds a code or a link that its recipient alone has."""


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter, cleaned, with the language that it is written in.

    ``fills_page``: it has margins of its own, as those made of blocks do.
    """

    content: Preview
    language: str
    fills_page: bool

    @property
    def linked_text(self) -> SafeString:
        """The text, with its addresses as links."""
        pieces = enumerate(_ADDRESS.split(self.content.text))
        return mark_safe("".join(_link(piece) if at % 2 else escape(piece) for at, piece in pieces))


def letter_of(delivery_id: int) -> ShownLetter:
    """The letter as its recipient got it, filled with what is known of the person today.

    Its content is that of the delivery's version, its conditions are those of the freeze. Only
    rows are read. Raises LetterGone, LetterHidden.
    """
    rows = Delivery.objects.select_related("run__mailing__owner", "recipient")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None or not _is_theirs(delivery):
        raise LetterGone
    content = content_for(delivery)
    if content is None:
        raise LetterGone
    if not has_page(content) or delivery.run.mailing.purpose == Mailing.Purpose.CONFIRMATION:
        raise LetterHidden
    try:
        bodies = bodies_of(content)
        values = _values_of(delivery, content)
        shown = preview_program(content["subject"], bodies.text, bodies.html, values)
    except DomainError as refusal:
        raise LetterGone from refusal
    language = language_in(content) or delivery.recipient.language or settings.LANGUAGE_CODE
    return ShownLetter(shown, language, bodies.of_blocks)


def _link(address: str) -> str:
    return format_html('<a href="{0}">{0}</a>', address)


def _is_theirs(delivery: Delivery) -> bool:
    """False where the person is gone, the owner is blocked, or the mailbox may be another's now.

    Today's data would be shown to the reader of the old address.
    """
    person = delivery.recipient
    if person.archived_at is not None or not delivery.run.mailing.owner.is_active:
        return False
    present = getattr(person, ADDRESS[delivery.channel])
    return bool(delivery.address) and str(present or "").lower() == delivery.address.lower()


def _values_of(delivery: Delivery, content: dict[str, Any]) -> Values:
    """What is filled in, with no link by which anybody could act in the person's name.

    People pass the address of this page on. Unsubscribing leads to the page that asks for an
    address and sends a fresh link there: the reader gets it, nobody else does.
    """
    given = content.get("fields", {})
    values = values_for(delivery.recipient, given, bits=delivery.condition_bits)
    asking = preferences_url(delivery.run.mailing.owner_id)
    values["unsubscribe_url"] = values["preferences_url"] = asking
    values["view_url"] = view_url(delivery.pk, delivery.run_id, delivery.content_version)
    return values


def language_in(content: dict[str, Any]) -> str:
    """The language that the letter says it is written in; empty where it says none."""
    html = content["html"]
    first = html if isinstance(html, str) else next(iter(html), "")
    found = _LANGUAGE.search(first[:_HEAD]) if isinstance(first, str) else None
    return found[1] if found else str(content.get("language") or "")
