"""A message for VK: plain text, its limit kept."""

from __future__ import annotations

from apps.core.content.program import Values
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import Claimed, Letter
from apps.core.errors import ContentRefused
from apps.core.errors import gettext_noop as _
from apps.delivery.channels.content import Content, filled
from apps.delivery.channels.messengers.markup import units
from apps.delivery.channels.plain_text import plain_text

MAX_TEXT = 9000


class VkTooLong(RenderRefused):
    """For this recipient the text becomes longer than VK takes."""

    code = "vk_too_long"


class VkMessage(ContentRefused):
    """The message is too long for VK, or has an attachment."""

    code = "vk_message"


class CompiledVk:
    """Fills in the text for one recipient after the other."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._text = plain_text(content.text, content.html)

    def written(self, values: Values) -> str:
        """The message for these values, however long."""
        return self._text.fill(values).strip()

    def fill(self, claimed: Claimed) -> Letter:
        """The letter: its body is the text. Raises RenderRefused when there can be none."""
        body = filled(self._bounded, self._content.values_for(claimed))
        return Letter(claimed.delivery_id, "", claimed.address, body)

    def _bounded(self, values: Values) -> str:
        text = self.written(values)
        if (length := units(text)) > MAX_TEXT:
            raise VkTooLong(length, MAX_TEXT)
        return text


def compile_vk(content: Content) -> CompiledVk:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    if content.attachments:
        raise VkMessage(_("A message for VK carries no attachment."))
    compiled = CompiledVk(content)
    if (length := units(compiled.written(Values()))) > MAX_TEXT:
        text = _("The message has %(length)d characters; VK takes %(most)d.")
        raise VkMessage(text, length=length, most=MAX_TEXT)
    return compiled
