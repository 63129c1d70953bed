"""``manage.py restore``: an empty installation becomes what the archive was made of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.core.text.formatting import refusal_text
from apps.delivery.backup.restoring import restore
from apps.delivery.engine.runs.queue import due_mailings
from apps.delivery.management.commands.backup import content_of, uneven_words
from apps.mailings.models import Run

REFUSED: Final = 2


class Command(BaseCommand):
    help = (
        "Fill an empty, migrated database and the empty folders from an archive of `backup`: all "
        "of it, or nothing. Runs that were going are paused. Exit: 0; 2 refused, with the reason."
    )
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` has written")
        parser.add_argument(
            "--without-files", action="store_true", help="leave the files of VAR_DIR as they are"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore(options["file"], with_files=not options["without_files"])
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            sys.exit(REFUSED)
        except OSError as error:
            raise CommandError(str(error)) from error
        record(Act.RESTORED, Object(name=options["file"].name), details={"of": manifest.made_at})
        self.stdout.write(f"{options['file']}: {content_of(manifest)}")
        if manifest.sums.uneven:
            self.stderr.write(uneven_words(manifest.sums.uneven))
        paused = Run.objects.filter(state=Run.State.PAUSED, reason=Run.Reason.RESTORED).count()
        self.stdout.write(
            _("Runs that were going and are paused now: %(count)s") % {"count": paused}
        )
        if due := due_mailings():
            text = _("These mailings start as soon as the scheduler runs: %(ids)s")
            self.stdout.write(text % {"ids": ", ".join(f"(id:{one})" for one in due)})
