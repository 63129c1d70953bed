"""Whether the letter can be sent, left, read without pictures, and shown whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.hints import CLIPPED
from apps.core.errors import ContentRefused
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import (
    Finding,
    Place,
    failure,
    passed,
    refused_by,
    warning,
)
from apps.delivery.preflight.letter import Letter, Written
from apps.mailings.models import Mailing
from apps.mailings.services.letters.bodies import check_message

#: Beside each picture at least so many characters.
_TEXT_PER_PICTURE: Final = 100
_HEAVY: Final = 90_000
_UNSUBSCRIBE: Final = "unsubscribe_url"


class ContentCheck(Check):
    """All that a start refuses about the message itself."""

    name = "content"
    title = _("Content")
    reads = ("message", "head")

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        message = letter.mailing.message
        try:
            check_message(message)
            letter.check_readable()
        except ContentRefused as refusal:
            yield refused_by(refusal, Place.MESSAGE)
        else:
            yield passed(_("The message can be sent."))


class UnsubscribeCheck(Check):
    """A link to unsubscribe, for everybody who gets the letter."""

    name = "unsubscribe"
    title = _("Unsubscribe link")
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        found = [one for body in _bodies(letter) for one in body if _UNSUBSCRIBE in one.names]
        if letter.mailing.purpose != Mailing.Purpose.MARKETING:
            yield passed(_("A service message needs none."))
        elif not found:
            text = _("There is no link to unsubscribe.")
            yield failure(text, _("Put {{ unsubscribe_url }} into the message."), Place.MESSAGE)
        elif _lacking(letter.html) or _lacking(letter.text):
            text = _("The link to unsubscribe stands in a condition: not everybody gets it.")
            yield failure(text, _("Move it out of the condition."), Place.MESSAGE)
        else:
            yield passed(_("Everybody gets a link to unsubscribe."))


def _bodies(letter: Letter) -> list[list[Written]]:
    return [letter.html, letter.text]


def _lacking(body: list[Written]) -> bool:
    """True for a body whose every link to unsubscribe is for some only."""
    found = [one for one in body if _UNSUBSCRIBE in one.names]
    return bool(found) and all(one.sometimes for one in found)


class PostalAddressCheck(Check):
    """Who sends, by a postal address: many countries' law on newsletters asks for it."""

    name = "postal_address"
    title = _("Postal address")
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        if letter.mailing.purpose != Mailing.Purpose.MARKETING:
            yield passed(_("A service message needs none."))
            return
        if letter.mailing.message.document is not None:  # ContentCheck asks for both in its footer
            yield passed(_("The footer names the company and its address."))
            return
        text = _("Whether a text or HTML message names a postal address cannot be known.")
        fix = _("Check that the footer says who sends it, and from where.")
        yield warning(text, fix, Place.MESSAGE)


class TextPartCheck(Check):
    """A text for readers without HTML or pictures."""

    name = "text"
    title = _("Text")
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        shown = len("".join(letter.readable.split()))
        pictures = len(letter.markup.pictures)
        if not shown:
            text = _("There is no text: with pictures blocked the message is empty.")
            yield failure(text, _("Write what it says as text, too."), Place.MESSAGE)
        elif pictures and shown < _TEXT_PER_PICTURE * pictures:
            text = _(
                "Characters of text: %(count)s, pictures: %(pictures)s. Filters distrust that."
            )
            fix = _("Write at least 100 characters for each picture.")
            yield warning(text, fix, Place.MESSAGE, count=shown, pictures=pictures)
        elif letter.html and not letter.mailing.message.text.strip():
            yield passed(_("The text version is made from the HTML."))
        else:
            yield passed(_("There is a text version."))


class WeightCheck(Check):
    """What Gmail hides of a long letter."""

    name = "weight"
    title = _("Size")
    reads = ("message", "head")

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        size = len(letter.filled_html.encode())
        kilobytes = -(-size // 1000)
        fix = _("Shorten the message.")
        if size > CLIPPED:
            text = _("The HTML has %(size)s kB: Gmail hides the end, with the link to unsubscribe.")
            yield failure(text, fix, Place.MESSAGE, size=kilobytes)
        elif size > _HEAVY:
            text = _("The HTML has %(size)s kB; from 102 kB on Gmail hides the end.")
            yield warning(text, fix, Place.MESSAGE, size=kilobytes)
        else:
            yield passed(_("The HTML has %(size)s kB."), size=kilobytes)


__all__ = [
    "ContentCheck",
    "PostalAddressCheck",
    "TextPartCheck",
    "UnsubscribeCheck",
    "WeightCheck",
]
