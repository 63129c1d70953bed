"""``manage.py poll_telegram``: ask Telegram for updates, where it cannot call this installation."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.text.formatting import in_words
from apps.core.values.backoff import Backoff
from apps.delivery.channels.http.client import CallFailed
from apps.delivery.channels.telegram.bot import Bot, BotRefused
from apps.delivery.channels.telegram.inbound import ALLOWED, number_of
from apps.delivery.management.signals import stop_on_signals
from apps.feedback.services import telegram

#: Seconds for which Telegram holds a question open when it has no update.
HOLD: Final = 25
#: Before the next question when the last one failed.
BACKOFF: Final = Backoff(first=5.0, longest=60.0)
REFUSED: Final = 2


class Command(BaseCommand):
    help = "Connect recipients who press Start at the bot, and see who has blocked it."
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", nargs="?", help="the bot's account, if there are several")
        parser.add_argument("--once", action="store_true", help="what is waiting now, then leave")
        parser.add_argument(
            "--webhook", choices=["on", "off"], help="have Telegram call SITE_URL, or no more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        account = self._account(options["account"])
        declared = settings.ACCOUNTS[account]
        bot = Bot(declared.url, declared.token, hold=0 if options["once"] else HOLD)
        try:
            if options["webhook"]:
                self._webhook(bot, account, on=options["webhook"] == "on")
            else:
                self._poll(bot, account, once=options["once"])
        except (BotRefused, CallFailed) as error:
            raise CommandError(
                f"{account}: {in_words(error.response)}", returncode=REFUSED
            ) from error
        finally:
            bot.close()

    def _account(self, name: str | None) -> str:
        known = sorted(n for n, one in settings.ACCOUNTS.items() if one.kind == "telegram")
        if name is None and len(known) == 1:
            return known[0]
        if name not in known:
            text = _("Name one of the bots in .env: %(names)s.")
            if not known:
                text = _("There is no bot in .env: declare ACCOUNTS__BOT__KIND=telegram.")
            raise CommandError(text % {"names": ", ".join(known)}, returncode=REFUSED)
        return str(name)

    def _webhook(self, bot: Bot, account: str, *, on: bool) -> None:
        if not on:
            bot.call("deleteWebhook")
            self.stdout.write(_("Telegram calls no more; use poll_telegram."))
            return
        if not settings.SITE_URL.startswith("https://"):
            raise CommandError(_("SITE_URL must begin with https://"), returncode=REFUSED)
        bot.call(
            "setWebhook",
            url=f"{settings.SITE_URL}/hooks/telegram/{telegram.path_secret(account)}/",
            secret_token=telegram.header_secret(account),
            allowed_updates=list(ALLOWED),
        )
        self.stdout.write(_("Telegram calls this installation now."))

    def _poll(self, bot: Bot, account: str, *, once: bool) -> None:
        if (bot.call("getWebhookInfo") or {}).get("url"):
            raise CommandError(
                _("A webhook is set, so Telegram answers no questions: --webhook off ends it."),
                returncode=REFUSED,
            )
        stop = stop_on_signals()
        offset = self._round(bot, account, 0, hold=0)
        failures = 0
        while not once and not stop.is_set():
            try:
                offset, failures = self._round(bot, account, offset, hold=HOLD), 0
            except (BotRefused, CallFailed) as error:
                self._report(account, error)
                failures += 1
                stop.wait(BACKOFF.after(failures).total_seconds())
        if offset:  # confirm to Telegram what has been read
            bot.call("getUpdates", offset=offset, limit=1, timeout=0)

    def _report(self, account: str, error: BotRefused | CallFailed) -> None:
        """A line that breaks, or a busy Telegram, is waited for; a second poller is not."""
        if isinstance(error, BotRefused) and error.code in (401, 404, 409):
            raise error
        self.stderr.write(f"{account}: {in_words(error.response)}")

    def _round(self, bot: Bot, account: str, offset: int, *, hold: int) -> int:
        """Take what waits into account. Returns the number to go on from."""
        found = bot.call(
            "getUpdates", offset=offset, limit=50, timeout=hold, allowed_updates=list(ALLOWED)
        )
        for update in found if isinstance(found, list) else []:
            answer = telegram.take_update(account=account, update=update, now=timezone.now())
            if answer is not None:
                self._answer(bot, *answer)
            offset = max(offset, (number_of(update) or 0) + 1)
        return offset

    def _answer(self, bot: Bot, chat: int, text: str) -> None:
        try:
            bot.call("sendMessage", chat_id=chat, text=text)
        except (BotRefused, CallFailed) as error:
            text = _("No answer could be given: %(error)s")
            self.stderr.write(text % {"error": in_words(error.response)})
