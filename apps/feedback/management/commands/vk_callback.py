"""``manage.py vk_callback``: what to enter in the settings of a community's Callback API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.feedback.services.messengers.kinds import accounts_of
from apps.feedback.services.messengers.secrets import call_secret, path_secret

REFUSED = 2


class Command(BaseCommand):
    help = "Show the address and the secret key for the Callback API of a VK community."
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", nargs="?", help="the account, if there are several")

    def handle(self, *args: Any, **options: Any) -> None:
        known = accounts_of("vk")
        name = options["account"] or (known[0] if len(known) == 1 else "")
        if name not in known:
            text = _("Name one of the communities in .env: %(names)s.")
            raise CommandError(text % {"names": ", ".join(known) or "—"}, returncode=REFUSED)
        if not settings.SITE_URL.startswith("https://"):
            raise CommandError(_("SITE_URL must begin with https://"), returncode=REFUSED)
        url = f"{settings.SITE_URL}/hooks/vk/{path_secret('vk', name)}/"
        self.stdout.write(f"{_('Address')}: {url}")
        self.stdout.write(f"{_('Secret key')}: {call_secret('vk', name)}")
        self.stdout.write(f"{_('Events')}: message_new, message_allow, message_deny")
