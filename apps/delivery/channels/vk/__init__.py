"""Messages of a community of VK."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="vk",
    serves=frozenset({"vk"}),
    required={"token": ""},
    optional=("username", "url", "confirmation"),
    patterns={
        "username": ("[1-9][0-9]{0,17}", "is the community's number (example: 123456789)"),
        "confirmation": (
            "[A-Za-z0-9]{1,64}",
            "is the string that the server has to return, from the community's settings",
        ),
    },
    compile=".compile:compile_vk",
    open=".channel:open_channel",
    check=".community:check",
    over_http=True,
    url="https://api.vk.com",
    path="/method/messages.send",
    # Of two calls with the same random_id the second sends nothing.
    idempotent=True,
    # VK takes twenty calls of a community in a second.
    per_second=18,
)
