"""A message for Telegram: the HTML it knows, its limits kept, one file at most."""

from __future__ import annotations

from typing import Any, Final

from apps.core.content.template_language import RenderRefused
from apps.core.errors import ContentRefused
from apps.core.errors import gettext_noop as _
from apps.delivery.channels.content import Content
from apps.delivery.channels.messengers.compile import CompiledChat, Limits, compile_chat
from apps.delivery.channels.messengers.markup import Dialect, Marked, chat_html

MAX_TEXT = 4096
MAX_CAPTION = 1024  # of a photo or a file
DIALECT: Final = Dialect(
    frozenset({"b", "i", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}),
    ("https", "http", "tg", "mailto"),
)


class TelegramTooLong(RenderRefused):
    """For this recipient the text becomes longer than Telegram takes."""

    code = "telegram_too_long"


class TelegramMessage(ContentRefused):
    """The message is too long for Telegram, or has more than one attachment."""

    code = "telegram_message"


def _refused(wrong: str, **params: Any) -> ContentRefused:
    if wrong == "files":
        return TelegramMessage(_("A message for Telegram can have one attachment."))
    text = _(
        "The message has %(length)d characters; Telegram takes %(most)d, beside a file or a"
        " picture %(caption)d."
    )
    return TelegramMessage(text, **params)


LIMITS: Final = Limits(
    dialect=DIALECT,
    most=MAX_TEXT,
    caption=MAX_CAPTION,
    measure=lambda marked: marked.length,
    too_long=TelegramTooLong,
    refused=_refused,
)


def telegram_html(source: str) -> Marked:
    """The readable part of this HTML with the tags that Telegram knows."""
    return chat_html(source, DIALECT)


def compile_telegram(content: Content) -> CompiledChat:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    return compile_chat(content, LIMITS)
