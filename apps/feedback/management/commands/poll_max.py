"""``manage.py poll_max``: ask MAX for updates, where it cannot call this installation."""

from __future__ import annotations

from typing import Any

from apps.delivery.channels.max.bot import MaxBot, MaxRefused
from apps.feedback.management.polling import PollingCommand


class Command(PollingCommand):
    help = "Connect recipients who start the bot at MAX, and see who has stopped it."
    kind, title, refusal = "max", "MAX", MaxRefused

    def opened(self, declared: Any, hold: int) -> MaxBot:
        return MaxBot(declared.url, declared.token, ca_file=declared.ca_file, hold=hold)

    def is_called(self, bot: MaxBot) -> bool:
        return bool(bot.webhooks())

    def call_here(self, bot: MaxBot, url: str, secret: str) -> None:
        bot.subscribe(url, secret)

    def call_no_more(self, bot: MaxBot, url: str) -> None:
        bot.unsubscribe(url)

    def ask(self, bot: MaxBot, place: int | None, *, hold: int) -> tuple[list[Any], int | None]:
        return bot.updates(place, hold=hold)

    def say(self, bot: MaxBot, person: int, text: str) -> None:
        bot.say(person, text)

    def confirm(self, bot: MaxBot, place: int) -> None:
        bot.updates(place, hold=0)
