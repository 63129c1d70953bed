"""``manage.py run_scheduler``: scheduler and workers without a web server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.delivery import scheduler
from apps.delivery.management.signals import stop_on_signals


class Command(BaseCommand):
    help = "Run the scheduler and the workers until SIGTERM or Ctrl-C, then end in order."
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

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
        scheduler.start_in_background()
        self.stdout.write(_("Scheduler is running. Ctrl-C ends it in order."))
        while not stop.wait(1.0):
            pass
        scheduler.stop()
