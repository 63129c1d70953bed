"""Messages of a bot, through the Bot API."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="telegram",
    serves=frozenset({"telegram"}),
    required={"token": "123456:ABC-def"},
    optional=("username", "url"),
    patterns={
        "username": (
            "[A-Za-z][A-Za-z0-9_]{3,31}",
            "is the bot's name without @ (example: vestnik_news_bot)",
        ),
        "token": (
            "[0-9]+:[A-Za-z0-9_-]+",
            "is not of the form 123456:ABC-def, as @BotFather gives it",
        ),
    },
    compile=".compile:compile_telegram",
    open=".channel:open_channel",
    check=".bot:check",
    over_http=True,
    url="https://api.telegram.org",
    path="/sendMessage",
    # Telegram lets a bot send about thirty messages in a second.
    per_second=25,
)
