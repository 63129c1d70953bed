"""``manage.py daily_report``: the figures of one day, by mail, once."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.contracts import Verdict
from apps.reports.daily_report import letter_of, send

NOT_SENT, REFUSED = 1, 2
_UNKNOWN: Final = "unknown"


class Command(BaseCommand):
    help = (
        "Send the daily report to DAILY_REPORT_RECIPIENTS; a recipient who has it gets no second "
        "one. A running scheduler sends it daily. Exit: 0; 1 some have not got it; 2 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date", type=date.fromisoformat, metavar="DAY", help="2026-12-31; else yesterday"
        )
        parser.add_argument("--again", action="store_true", help="even to those who have it")
        parser.add_argument("--show", action="store_true", help="print it and send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        day = options["date"] or timezone.localdate(now) - timedelta(days=1)
        if day >= timezone.localdate(now):
            raise CommandError(_("This day hasn’t ended yet."), returncode=REFUSED)
        if options["show"]:
            self.stdout.write("\n\n".join(letter_of(day, now=now)))
            return
        if not settings.DAILY_REPORT_RECIPIENTS:
            text = _("No recipients: DAILY_REPORT_RECIPIENTS in .env is empty.")
            raise CommandError(text, returncode=REFUSED)
        mark = f":{now.isoformat()}" if options["again"] else ""
        verdicts = send(day, now=now, mark=mark)
        for address, verdict in verdicts.items():
            self.stdout.write(f"{address}: {verdict or _UNKNOWN}")
        if any(verdict != Verdict.SENT for verdict in verdicts.values()):
            sys.exit(NOT_SENT)
