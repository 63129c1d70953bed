"""Messages as files, for a first look and for tests."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="outbox",
    serves=frozenset({"email", "phone", "telegram", "max", "vk"}),
    compile=".compile:compile_as_the_channel",
    open=".channel:open_channel",
    check=None,
    to_files=True,
)
