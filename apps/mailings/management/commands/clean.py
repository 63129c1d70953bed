"""``manage.py clean``: remove what has been kept for long enough, now."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.text.formatting import grouped
from apps.mailings.services.privacy.retention import KEPT, Kept, count_old, remove_old


class Command(BaseCommand):
    help = (
        "Remove what has been kept for as long as .env says, in short transactions, a line for "
        "each kind; the scheduler does it once a day. Exit: 0."
    )
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count it, and remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now, act = timezone.now(), count_old if options["dry_run"] else remove_old
        for name, kept in KEPT.items():
            self.stdout.write(f"{grouped(act(name, now=now)):>9}  {kept.label} ({_days(kept)})")


def _days(kept: Kept) -> str:
    """For how long it is kept, with the key that says so."""
    if kept.is_for_ever:
        return f"{kept.key}: " + _("for ever")
    text = ngettext("%(count)d day", "%(count)d days", kept.days) % {"count": kept.days}
    return f"{kept.key}: {text}" if kept.key else text
