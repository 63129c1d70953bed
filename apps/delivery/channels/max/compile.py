"""A message for MAX: the HTML it knows, its limit kept."""

from __future__ import annotations

from typing import Any, Final

from apps.core.content.template_language import RenderRefused
from apps.core.errors import ContentRefused
from apps.core.errors import gettext_noop as _
from apps.delivery.channels.content import Content
from apps.delivery.channels.messengers.compile import CompiledChat, Limits, compile_chat
from apps.delivery.channels.messengers.markup import Dialect, units

MAX_TEXT = 4000


class MaxTooLong(RenderRefused):
    """For this recipient the text becomes longer than MAX takes."""

    code = "max_too_long"


class MaxMessage(ContentRefused):
    """The message is too long for MAX, or has an attachment."""

    code = "max_message"


def _refused(wrong: str, **params: Any) -> ContentRefused:
    if wrong == "files":
        return MaxMessage(_("A message for MAX carries no attachment."))
    text = _("The message has %(length)d characters with its markup; MAX takes %(most)d.")
    return MaxMessage(text, **{name: params[name] for name in ("length", "most")})


#: The schema of MAX limits the text as it is sent, markup and all.
LIMITS: Final = Limits(
    dialect=Dialect(frozenset({"b", "i", "u", "s", "a", "code", "pre"})),
    most=MAX_TEXT,
    caption=0,
    measure=lambda marked: units(marked.html),
    too_long=MaxTooLong,
    refused=_refused,
)


def compile_max(content: Content) -> CompiledChat:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    return compile_chat(content, LIMITS)
