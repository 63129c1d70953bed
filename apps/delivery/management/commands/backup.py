"""``manage.py backup``: the whole installation as one archive, while it works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.core.text.formatting import grouped, refusal_text
from apps.delivery.backup.archive import Manifest
from apps.delivery.backup.taking import take

REFUSED: Final = 2


class Command(BaseCommand):
    help = (
        "Write all rows, and the files that belong to them, into one archive. The site may go on "
        "working; .env is not in it. Exit: 0; 2 refused, with the reason."
    )
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file, such as x.zip")
        parser.add_argument("--without-files", action="store_true", help="the rows alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = take(options["file"], with_files=not options["without_files"])
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            sys.exit(REFUSED)
        record(Act.BACKED_UP, Object(name=options["file"].name))
        self.stdout.write(f"{options['file']}: {content_of(manifest)}")
        if manifest.sums.uneven:
            self.stderr.write(uneven_words(manifest.sums.uneven))


def content_of(manifest: Manifest) -> str:
    """How much is in it, in words."""
    text = _("%(rows)s rows of %(tables)s tables, %(files)s files, of %(when)s")
    return text % {
        "rows": grouped(sum(one.rows for one in manifest.tables)),
        "tables": len(manifest.tables),
        "files": grouped(len(manifest.files)),
        "when": manifest.made_at[:19].replace("T", " ") + " UTC",
    }


def uneven_words(count: int) -> str:
    """Of runs whose counters were not right before."""
    text = ngettext(
        "The counters of %(count)s run are not what its rows say.",
        "The counters of %(count)s runs are not what their rows say.",
        count,
    )
    return text % {"count": count}
