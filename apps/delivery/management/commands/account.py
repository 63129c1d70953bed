"""``manage.py account``: the sending accounts of ``.env``, listed, added, changed, removed."""

from __future__ import annotations

import getpass
import re
import sys
from argparse import ArgumentTypeError
from typing import Any, Final

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.text.formatting import in_words, refusal_text
from apps.delivery.account_editing import check_account, remove_account, save_account
from apps.delivery.account_settings.declarations import (
    SECRETS,
    AccountRefused,
    EnvironmentUnwritable,
    EnvironmentWrong,
    declarations,
    lines_of,
)
from apps.delivery.account_settings.presets import PRESETS
from apps.delivery.accounts import declared

DONE, FAILED, REFUSED = 0, 1, 2
_NAME: Final = re.compile(r"[a-z](?:_?[a-z0-9]){0,29}")


class Command(BaseCommand):
    help = (
        "List, add, edit or remove the sending accounts of .env. A new one is tested (connect, "
        "sign in) before it is saved; running processes take it over within 5 s."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="list|add|edit|remove")
        acts.add_parser("list", help="every account: kind, server, sender")
        for act in ("add", "edit"):
            one = acts.add_parser(act)
            one.add_argument("name", type=_name)
            one.add_argument(
                "--set",
                dest="keys",
                nargs="+",
                action="extend",
                default=[],
                type=_pair,
                metavar="KEY=VALUE",
                help="as in .env without ACCOUNTS__NAME__; KEY= takes a key out",
            )
            if act == "add":
                one.add_argument("--preset", choices=sorted(PRESETS), help="of a provider")
            one.add_argument(
                "--secret",
                action="append",
                default=[],
                choices=SECRETS,
                help="ask for it, or read a line of standard input: secrets are no arguments",
            )
            one.add_argument("--no-test", action="store_true", help="save without connecting")
        acts.add_parser("remove").add_argument("name", type=_name)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "list":
                self._list()
            elif options["act"] == "remove":
                self._remove(options["name"])
            else:
                sys.exit(self._save(options))
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            lines = refusal.lines if isinstance(refusal, EnvironmentWrong) else ()
            wrong = refusal.wrong if isinstance(refusal, AccountRefused) else ()
            for line in (*lines, *(key.upper() for key in wrong)):
                self.stderr.write(f"  {line}")
            sys.exit(REFUSED)

    def _list(self) -> None:
        for name in sorted(settings.ACCOUNTS):
            account = declared(name)
            place = account.server if account.host else account.url if account.url else "-"
            own = "" if name in declarations().names() else _(" (EMAIL_… in .env)")
            sender = account.from_email or "-"
            self.stdout.write(f"{name:20} {account.kind:10} {place:40} {sender}{own}")

    def _remove(self, name: str) -> None:
        if not declarations().keys_of(name):
            raise AccountRefused(_(".env declares no account “%(name)s”.") % {"name": name})
        remove_account(name)
        self.stdout.write(_("Account %(name)s removed.") % {"name": name})

    def _save(self, options: dict[str, Any]) -> int:
        name, adding = options["name"], options["act"] == "add"
        if bool(declarations().keys_of(name)) is adding:
            text = _(".env declares no account “%(name)s”.")
            if adding:
                text = _("There is an account “%(name)s” already.")
            raise AccountRefused(text % {"name": name})
        values = self._values(options)
        if not options["no_test"]:
            error = check_account(name, values)
            if error:
                text = _("The connection failed, and nothing was saved: %(error)s")
                self.stderr.write(text % {"error": in_words(error)})
                return FAILED
        try:
            save_account(name, values, works=not options["no_test"])
        except EnvironmentUnwritable:
            for line in lines_of(name, values):
                self.stdout.write(line)
            raise
        text = _("Account %(name)s saved. It is in use within 5 seconds, without a restart.")
        self.stdout.write(text % {"name": name})
        return DONE

    def _values(self, options: dict[str, Any]) -> dict[str, str]:
        values: dict[str, str] = {}
        if options.get("preset"):
            preset = PRESETS[options["preset"]]
            values = {"kind": preset.kind, **preset.keys}
        values.update(options["keys"])
        for key in options["secret"]:
            values[key] = _secret(key)
        return values


def _secret(key: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{key.upper()}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ArgumentTypeError("small Latin letters, digits and single underscores, at most 30")
    return text


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    key = key.strip().lower()
    if not equals or not key:
        raise ArgumentTypeError("is not KEY=VALUE")
    if key in SECRETS:
        raise ArgumentTypeError(f"a secret is no argument: use --secret {key}")
    return key, value
