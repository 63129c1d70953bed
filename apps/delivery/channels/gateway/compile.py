"""A text for a phone: the message's plain text, or that of its HTML."""

from __future__ import annotations

from apps.core.contracts import Claimed, Letter
from apps.core.errors import ContentRefused
from apps.core.errors import gettext_noop as _
from apps.delivery.channels.content import Content, filled
from apps.delivery.channels.plain_text import plain_text


class PhoneAttachments(ContentRefused):
    """A text for a phone cannot carry files."""

    code = "phone_attachments"


class CompiledText:
    """Fills in the text for one recipient after the other."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._text = plain_text(content.text, content.html)

    def fill(self, claimed: Claimed) -> Letter:
        """The letter: its body is the text. Raises RenderRefused when there can be none."""
        body = filled(self._text.fill, self._content.values_for(claimed))
        return Letter(claimed.delivery_id, "", claimed.address, body)


def compile_text(content: Content) -> CompiledText:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    if content.attachments:
        raise PhoneAttachments(_("A message for phones cannot have attachments."))
    return CompiledText(content)
