"""``manage.py preflight ID``: looks at a mailing now and says what would go wrong."""

from __future__ import annotations

import sys
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.delivery.models import Preflight
from apps.delivery.preflight.check import Tools
from apps.delivery.preflight.report import lines_of
from apps.delivery.preflight.running import ask, carry_out
from apps.mailings.models import Mailing
from apps.mailings.selectors.mailings import listed

DONE, FAILS, REFUSED = 0, 1, 2


class Command(BaseCommand):
    help = "Look at a mailing before its start: exit code 1 when something fails."
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, help="the mailing's id")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = listed(Mailing.objects.filter(archived_at=None))
        mailing = rows.filter(pk=options["id"]).first()
        if mailing is None:
            text = _("There is no mailing (id:%(id)s).") % {"id": options["id"]}
            self.stderr.write(f"{text} [mailing_unknown]")
            sys.exit(REFUSED)
        made = ask(mailing, asked_by=None)
        if not carry_out(made.pk, Tools(timezone.now())):
            self.stderr.write(_("Another process is looking at it just now. Try again shortly."))
            sys.exit(REFUSED)
        found = Preflight.objects.get(pk=made.pk)
        for line in lines_of(found):
            self.stdout.write(line)
        sys.exit(FAILS if found.worst == Preflight.Worst.FAIL else DONE)
