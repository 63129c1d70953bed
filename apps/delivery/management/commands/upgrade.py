"""``manage.py upgrade``: from the tables of the last version to those of this one."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal_text
from apps.delivery.backup import schema
from apps.delivery.backup.taking import take
from apps.delivery.backup.versions import check_workers
from apps.delivery.management.commands.backup import content_of

REFUSED: Final = 2


class Command(BaseCommand):
    help = (
        "Check the settings, make a backup, migrate, and run doctor. Refused while workers of "
        "another version are running. Exit: 0; 1 something is wrong; 2 refused, with the reason."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--backup",
            type=Path,
            metavar="FILE",
            help="where the backup goes (VAR_DIR/backups/TIME.zip); its files are not in it",
        )
        parser.add_argument("--no-backup", action="store_true", help="there is one already")
        parser.add_argument(
            "--workers-stopped",
            action="store_true",
            help="those of other machines that seem to run have died",
        )
        parser.add_argument("--offline", action="store_true", help="doctor asks no server, no DNS")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["workers_stopped"]:
                check_workers()
            call_command("check", stdout=self.stdout, stderr=self.stderr)
            if not options["no_backup"] and schema.has_tables(schema.current()):
                self._back_up(options["backup"] or _new_file())
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            sys.exit(REFUSED)
        call_command(
            "migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout
        )
        call_command("doctor", offline=options["offline"], stdout=self.stdout)

    def _back_up(self, file: Path) -> None:
        """Of the rows alone: no migration changes a file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.stdout.write(f"{_('Backup')}: {file}: {content_of(take(file, with_files=False))}")


def _new_file() -> Path:
    return Path(settings.VAR_DIR) / "backups" / f"{datetime.now():%Y-%m-%d-%H%M%S}.zip"
