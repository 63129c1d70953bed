"""``manage.py export_attempts``: the history of everything that was tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from apps.core.exports.export_command import TableCommand
from apps.core.exports.tables import Cell, cells_of
from apps.mailings.models import Attempt, Recipient
from apps.mailings.models.trigger import Trigger
from apps.reports.selectors.attempts import COLUMNS, AttemptFilters, found_attempts
from apps.users.selectors import user_named


class Command(TableCommand):
    help = "Attempts as CSV or XLSX, with the filters of the page."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--address", help="of the recipient, or how it begins")
        parser.add_argument("--mailing", type=int, metavar="ID")
        parser.add_argument("--status", choices=Attempt.Status.values)
        parser.add_argument("--trigger", choices=Trigger.values)
        parser.add_argument("--owner", dest="user", metavar="EMAIL", help="only of this user")
        parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="2026-12-31")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="included")

    def table(self, options: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        if options["user"]:
            user_named(options["user"])
        asked = {name: str(options[name] or "") for name in AttemptFilters.base_fields}
        rows = Attempt.objects.select_related("mailing", "mailing__owner", "recipient")
        found = found_attempts(rows, AttemptFilters(asked), among=Recipient.objects.all())
        return list(COLUMNS), cells_of(found, COLUMNS)
