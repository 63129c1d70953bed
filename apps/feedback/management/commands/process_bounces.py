"""``manage.py process_bounces``: delivery reports and complaints, from files or a mailbox."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.delivery.channels.email.imap import MOST, MailboxConfig, MailboxFailed, read_unseen
from apps.feedback.mail.files import mails_in
from apps.feedback.services.bounces import OTHER, process
from apps.feedback.services.events import Received

REFUSED = 2


class Command(BaseCommand):
    help = (
        "Read bounces and complaints from files, mbox, Maildirs, - (stdin), or the mailbox of .env."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            metavar="FILE",
            help="a mail, an mbox, a folder of them, a Maildir, or -",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._counts: Counter[str] = Counter()
        try:
            if options["files"]:
                for raw in _contents(options["files"]):
                    self._take(raw)
            else:
                read_unseen(self._mailbox(), self._take)
        except (MailboxFailed, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        finally:
            self._report()

    def _mailbox(self) -> MailboxConfig:
        if not settings.BOUNCE_MAILBOX["host"]:
            text = _("Name a file, or give BOUNCE_IMAP_HOST in .env.")
            raise CommandError(text, returncode=REFUSED)
        return MailboxConfig(**settings.BOUNCE_MAILBOX)

    def _take(self, raw: bytes) -> None:
        self._counts["mails"] += 1
        self._counts += process(raw, now=timezone.now())

    def _report(self) -> None:
        counts = [f"{self._counts[word]} {word}" for word in ("mails", *Received, OTHER)]
        self.stdout.write(", ".join(counts))


def _contents(names: list[str]) -> Iterator[bytes]:
    """Every mail in these files, as far as a report reaches."""
    for name in names:
        if name == "-":
            yield from mails_in(sys.stdin.buffer, MOST)
            continue
        for path in _files(Path(name)):
            with path.open("rb") as file:
                yield from mails_in(file, MOST)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    maildir = [path / "new", path / "cur"]
    folders = maildir if all(one.is_dir() for one in maildir) else [path]
    return sorted(file for folder in folders for file in folder.iterdir() if file.is_file())
