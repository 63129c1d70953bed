"""A message for files: compiled as for the channel whose addresses it is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from apps.delivery.channels.content import Compiled, Content
from apps.delivery.channels.email.letters import compile_letter
from apps.delivery.channels.gateway.compile import compile_text
from apps.delivery.channels.max.compile import compile_max
from apps.delivery.channels.telegram.compile import compile_telegram
from apps.delivery.channels.vk.compile import compile_vk

_COMPILERS: Final[Mapping[str, Callable[[Content], Compiled]]] = {
    "email": compile_letter,
    "phone": compile_text,
    "telegram": compile_telegram,
    "max": compile_max,
    "vk": compile_vk,
}


def compile_as_the_channel(content: Content) -> Compiled:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    return _COMPILERS[content.channel](content)
