"""``manage.py poll_telegram``: ask Telegram for updates, where it cannot call this installation."""

from __future__ import annotations

from typing import Any

from apps.delivery.channels.telegram.bot import Bot, BotRefused
from apps.delivery.channels.telegram.inbound import ALLOWED, number_of
from apps.feedback.management.polling import PollingCommand


class Command(PollingCommand):
    help = "Connect recipients who press Start at the bot, and see who has blocked it."
    kind, title, refusal = "telegram", "Telegram", BotRefused

    def opened(self, declared: Any, hold: int) -> Bot:
        return Bot(declared.url, declared.token, hold=hold)

    def is_called(self, bot: Bot) -> bool:
        return bool((bot.call("getWebhookInfo") or {}).get("url"))

    def call_here(self, bot: Bot, url: str, secret: str) -> None:
        bot.call("setWebhook", url=url, secret_token=secret, allowed_updates=list(ALLOWED))

    def call_no_more(self, bot: Bot, url: str) -> None:
        bot.call("deleteWebhook")

    def ask(self, bot: Bot, place: int | None, *, hold: int) -> tuple[list[Any], int | None]:
        found = bot.call(
            "getUpdates", offset=place or 0, limit=50, timeout=hold, allowed_updates=list(ALLOWED)
        )
        rows = found if isinstance(found, list) else []
        numbers = [number + 1 for one in rows if (number := number_of(one)) is not None]
        return rows, max([place or 0, *numbers]) or None

    def say(self, bot: Bot, person: int, text: str) -> None:
        bot.call("sendMessage", chat_id=person, text=text)

    def confirm(self, bot: Bot, place: int) -> None:
        bot.call("getUpdates", offset=place, limit=1, timeout=0)
