"""``manage.py run_scheduler``: scheduler and workers, alone or as a child of ``serve``."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.core.site import listening_at
from apps.delivery.management.signals import stop_on_signals
from apps.delivery.scheduling import scheduler
from apps.delivery.scheduling.supervisor import obey_parent


class Command(BaseCommand):
    help = "Run the scheduler and the workers until SIGTERM or Ctrl-C, then end in order."
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, help="of a site on this machine: links in letters name it"
        )
        # Of `serve`, which starts it so: standard input is the pipe to it.
        parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DISPATCH_BACKEND == "celery":
            raise CommandError(
                _(
                    "DISPATCH_BACKEND is celery: start `celery -A config beat` and"
                    " `celery -A config worker`."
                ),
                returncode=2,
            )
        stop = stop_on_signals()
        listening_at(options["port"])
        scheduler.start_in_background()
        if options["supervised"]:
            obey_parent(stop, scheduler.wake)
        self.stdout.write(_("Scheduler is running. Ctrl-C ends it in order."))
        while not stop.wait(1.0):
            pass
        scheduler.stop()
        listening_at(None)
