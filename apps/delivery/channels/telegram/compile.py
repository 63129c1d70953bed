"""A message for Telegram: the HTML it knows, its limits kept, one file at most."""

from __future__ import annotations

from apps.core.content.program import Text, Values, html_steps, pieces_of, text_steps
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import Claimed, Letter
from apps.core.errors import ContentRefused
from apps.core.errors import gettext_noop as _
from apps.delivery.channels.content import Content, filled
from apps.delivery.channels.telegram.markup import Marked, telegram_html, telegram_text

MAX_TEXT = 4096
MAX_CAPTION = 1024  # of a photo or a file


class TelegramTooLong(RenderRefused):
    """For this recipient the text becomes longer than Telegram takes."""

    code = "telegram_too_long"


class TelegramMessage(ContentRefused):
    """The message is too long for Telegram, or has more than one attachment."""

    code = "telegram_message"


class CompiledTelegram:
    """Fills in the message for one recipient after the other."""

    def __init__(self, content: Content) -> None:
        self._content = content
        html = content.html
        self._html = None if html.is_empty else pieces_of(html_steps(html), Text())
        self._text = pieces_of(text_steps(content.text), Text())
        self.most = MAX_CAPTION if content.attachments else MAX_TEXT

    def fill(self, claimed: Claimed) -> Letter:
        """The letter: its body is Telegram's HTML. Raises RenderRefused when there can be none."""
        body = filled(self._marked, self._content.values_for(claimed))
        files = self._content.attachments
        return Letter(claimed.delivery_id, "", claimed.address, body, files)

    def written(self, values: Values) -> Marked:
        """The message for these values, however long."""
        if self._html is not None:
            return telegram_html(self._html.fill(values))
        return telegram_text(self._text.fill(values))

    def _marked(self, values: Values) -> str:
        marked = self.written(values)
        if marked.length > self.most:
            raise TelegramTooLong(marked.length, self.most)
        return marked.html


def compile_telegram(content: Content) -> CompiledTelegram:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    if len(content.attachments) > 1:
        raise TelegramMessage(_("A message for Telegram can have one attachment."))
    compiled = CompiledTelegram(content)
    length = compiled.written(Values()).length
    if length > compiled.most:
        text = _(
            "The message has %(length)d characters; Telegram takes %(most)d, beside a file or a"
            " picture %(caption)d."
        )
        raise TelegramMessage(text, length=length, most=MAX_TEXT, caption=MAX_CAPTION)
    return compiled
