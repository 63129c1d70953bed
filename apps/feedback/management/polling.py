"""What the commands that ask a messenger for updates have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Final, Protocol

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.responses.stored import Response
from apps.core.text.formatting import in_words
from apps.core.values.backoff import Backoff
from apps.delivery.channels.http.client import CallFailed
from apps.delivery.management.signals import stop_on_signals
from apps.feedback.services.messengers.kinds import accounts_of
from apps.feedback.services.messengers.secrets import call_secret, path_secret
from apps.feedback.services.messengers.updates import take_update

#: Seconds for which a messenger holds a question open when it has no update.
HOLD: Final = 25
#: Before the next question when the last one failed.
BACKOFF: Final = Backoff(first=5.0, longest=60.0)
REFUSED: Final = 2


class BotRefusal(Protocol):
    """A messenger said no."""

    code: int
    response: Response


class PollingCommand(BaseCommand):
    """One bot of one messenger; ``refusal`` is what its calls raise when it says no."""

    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]
    kind: ClassVar[str]
    title: ClassVar[str]
    refusal: ClassVar[type[Exception]]
    #: Refusals that no waiting helps against.
    final: ClassVar[tuple[int, ...]] = (401, 404, 409)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", nargs="?", help="the bot's account, if there are several")
        parser.add_argument("--once", action="store_true", help="what is waiting now, then leave")
        parser.add_argument(
            "--webhook",
            choices=["on", "off"],
            help=f"have {self.title} call SITE_URL, or no more",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        account = self._account(options["account"])
        bot = self.opened(settings.ACCOUNTS[account], 0 if options["once"] else HOLD)
        try:
            if options["webhook"]:
                self._webhook(bot, account, on=options["webhook"] == "on")
            else:
                self._poll(bot, account, once=options["once"])
        except (self.refusal, CallFailed) as error:
            text = in_words(getattr(error, "response"))  # noqa: B009 - both have one
            raise CommandError(f"{account}: {text}", returncode=REFUSED) from error
        finally:
            bot.close()

    # --- of the messenger ---

    @abstractmethod
    def opened(self, declared: Any, hold: int) -> Any:
        """The bot of this account; a question is held open for so many seconds."""

    @abstractmethod
    def is_called(self, bot: Any) -> bool:
        """True while a webhook is set: questions are not answered then."""

    @abstractmethod
    def call_here(self, bot: Any, url: str, secret: str) -> None:
        """Have the messenger call this address."""

    @abstractmethod
    def call_no_more(self, bot: Any, url: str) -> None:
        """Have it call no more."""

    @abstractmethod
    def ask(self, bot: Any, place: Any, *, hold: int) -> tuple[list[Any], Any]:
        """What waits since ``place`` (None: all), and the place to go on from."""

    @abstractmethod
    def say(self, bot: Any, person: int, text: str) -> None:
        """A few words to one person."""

    def confirm(self, bot: Any, place: Any) -> None:
        """Say how far it was read, where the next question would have said so."""

    # --- of all ---

    def _account(self, name: str | None) -> str:
        known = accounts_of(self.kind)
        if name is None and len(known) == 1:
            return known[0]
        if name not in known:
            text = _("Name one of the bots in .env: %(names)s.")
            if not known:
                text = _("There is no bot in .env: declare ACCOUNTS__BOT__KIND=%(kind)s.")
            facts = {"names": ", ".join(known), "kind": self.kind}
            raise CommandError(text % facts, returncode=REFUSED)
        return str(name)

    def _webhook(self, bot: Any, account: str, *, on: bool) -> None:
        url = f"{settings.SITE_URL}/hooks/{self.kind}/{path_secret(self.kind, account)}/"
        if not on:
            self.call_no_more(bot, url)
            text = _("%(messenger)s calls no more; use %(command)s.")
            command = f"poll_{self.kind}"
            self.stdout.write(text % {"messenger": self.title, "command": command})
            return
        if not settings.SITE_URL.startswith("https://"):
            raise CommandError(_("SITE_URL must begin with https://"), returncode=REFUSED)
        self.call_here(bot, url, call_secret(self.kind, account))
        text = _("%(messenger)s calls this installation now.")
        self.stdout.write(text % {"messenger": self.title})

    def _poll(self, bot: Any, account: str, *, once: bool) -> None:
        if self.is_called(bot):
            text = _("A webhook is set, so no questions are answered: --webhook off ends it.")
            raise CommandError(text, returncode=REFUSED)
        stop = stop_on_signals()
        place = self._round(bot, account, None, hold=0)
        failures = 0
        while not once and not stop.is_set():
            try:
                place, failures = self._round(bot, account, place, hold=HOLD), 0
            except (self.refusal, CallFailed) as error:
                self._report(account, error)
                failures += 1
                stop.wait(BACKOFF.after(failures).total_seconds())
        if place is not None:
            self.confirm(bot, place)

    def _report(self, account: str, error: Any) -> None:
        """A line that breaks, or a busy service, is waited for; a second poller is not."""
        if isinstance(error, self.refusal) and getattr(error, "code", 0) in self.final:
            raise error
        self.stderr.write(f"{account}: {in_words(error.response)}")

    def _round(self, bot: Any, account: str, place: Any, *, hold: int) -> Any:
        """Take what waits into account. Returns the place to go on from."""
        found, after = self.ask(bot, place, hold=hold)
        for update in found:
            answer = take_update(account=account, update=update, now=timezone.now())
            if answer is not None:
                self._answer(bot, *answer)
        return after

    def _answer(self, bot: Any, person: int, text: str) -> None:
        try:
            self.say(bot, person, text)
        except (self.refusal, CallFailed) as error:
            text = _("No answer could be given: %(error)s")
            self.stderr.write(text % {"error": in_words(getattr(error, "response"))})  # noqa: B009
