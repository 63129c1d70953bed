"""``manage.py attributes``: indexes of custom fields, which pages never make."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.services.segmentation.attribute_indexes import drop_index, make_index

REFUSED = 2


class Command(BaseCommand):
    help = "Make or drop the index of a custom field, or of all at once (PostgreSQL)."
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["index"])
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="?", metavar="NAME", help="the name in templates")
        which.add_argument("--all", action="store_true", help="equality of any custom field")
        parser.add_argument("--drop", action="store_true", help="remove it")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            self.stdout.write(_("SQLite needs no such index."))
            return
        name = "" if options["all"] else options["name"]
        try:
            made = drop_index(name) if options["drop"] else make_index(name)
        except Refused as refusal:
            raise CommandError(f"{refusal} [{refusal.code}]", returncode=REFUSED) from refusal
        self.stdout.write(made)
