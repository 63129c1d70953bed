"""Messages of a bot, through the Bot API of MAX."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="max",
    serves=frozenset({"max"}),
    required={"token": ""},
    optional=("username", "url"),
    patterns={
        "username": (
            "[A-Za-z0-9_]{2,64}",
            "is the bot's name in its link, without @ (example: vestnik_news_bot)",
        ),
    },
    compile=".compile:compile_max",
    open=".channel:open_channel",
    check=".bot:check",
    over_http=True,
    url="https://platform-api2.max.ru",
    path="/messages",
    # MAX takes thirty calls in a second; those of the webhook and of people need some.
    per_second=25,
)
