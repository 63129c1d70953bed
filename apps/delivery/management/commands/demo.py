"""``manage.py demo``: load the demo data."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.mailings.services.demo import MANAGER, RECIPIENTS, USER, Demo, DemoRefused, load_demo


class Command(BaseCommand):
    help = "Load the demo data into an empty database. Sends nothing; twice is as good as once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing, without complaint, in a database that is in use",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = load_demo(now=timezone.now())
        except DemoRefused as refusal:
            if not options["if_empty"]:
                raise CommandError(f"{refusal} ({refusal.code})", returncode=2) from refusal
            return
        for line in _lines(demo):
            self.stdout.write(line)


def _lines(demo: Demo) -> list[str]:
    if not demo.passwords:
        return [f"The demo data is there. A new password: manage.py changepassword {USER}"]
    return [
        f"The demo data is loaded: {RECIPIENTS} recipients, 3 messages, 3 mailings.",
        f"Its first mailing is due: manage.py send_mailing {demo.due_mailing_id}",
        "Sign in as (the passwords are shown only this once):",
        f"  user     {USER:20}  {demo.passwords[USER]}",
        f"  manager  {MANAGER:20}  {demo.passwords[MANAGER]}",
    ]
