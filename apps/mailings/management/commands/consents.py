"""``manage.py consents export``: what proves by what right people are written to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from apps.core.exports.export_command import TableCommand
from apps.core.exports.tables import Cell, cells_of
from apps.mailings.models import Consent
from apps.mailings.selectors.permission.consents import EXPORT, consents_to_export
from apps.mailings.services.importing.permission import list_named
from apps.users.selectors import user_named


class Command(TableCommand):
    help = "Exports the consents of a user's recipients, each act with what proves it."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        exporting = actions.add_parser("export", help="as CSV or XLSX, the oldest first")
        exporting.add_argument("--owner", required=True, metavar="EMAIL", help="whose recipients")
        exporting.add_argument("--list", default="", metavar="TITLE", help="only of this list")
        super().add_arguments(exporting)

    def table(self, options: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        owner = user_named(options["owner"])
        list_id = list_named(owner, options["list"]) if options["list"] else None
        rows = consents_to_export(Consent.objects.editable_by(owner), list_id)
        return list(EXPORT), cells_of(rows, EXPORT)
