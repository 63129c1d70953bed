"""``manage.py send_mailing ID`` and ``--due``: the dispatch service, in the foreground."""

from __future__ import annotations

import sys
import threading
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal_text
from apps.delivery.management.overview import waiting_words
from apps.delivery.management.progress import Watching, equation
from apps.delivery.management.signals import stop_on_signals
from apps.delivery.service import service
from apps.mailings.models import Run, Trigger
from apps.mailings.services.starting import start

ALL_SENT, NOT_ALL, REFUSED = 0, 1, 2


class Command(BaseCommand):
    help = "Send one mailing, or everything that is due, and report the result for every recipient."
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("id", nargs="?", type=int, help="the mailing's id")
        what.add_argument("--due", action="store_true", help="everything that is due")
        parser.add_argument("--now", action="store_true", help="before the mailing's start")
        parser.add_argument("--dry-run", action="store_true", help="check and count, send nothing")
        parser.add_argument("--run-timeout", type=float, metavar="S", help="leave after S seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = stop_on_signals()
        if options["run_timeout"]:
            timer = threading.Timer(options["run_timeout"], stop.set)
            timer.daemon = True
            timer.start()
        service.reconcile()
        if options["due"]:
            code = self._due(stop, dry_run=options["dry_run"])
        else:
            code = self._one(options["id"], stop, early=options["now"], dry=options["dry_run"])
        sys.exit(code)

    def _due(self, stop: threading.Event, *, dry_run: bool) -> int:
        if dry_run:
            due = service.due()
            self.stdout.write(_("Due: %(ids)s") % {"ids": ", ".join(map(str, due)) or "-"})
            return ALL_SENT
        service.read_feeds(stop.is_set)
        service.dispatch_due(trigger=Trigger.COMMAND)
        codes = [ALL_SENT]
        waiting = Run.objects.exclude(state=Run.State.DONE).order_by("priority", "queued_at", "id")
        for run_id in list(waiting.values_list("pk", flat=True)):
            codes.append(self._work(run_id, stop))
        return max(codes)

    def _one(self, mailing_id: int, stop: threading.Event, *, early: bool, dry: bool) -> int:
        try:
            if dry:
                count = service.rehearse(mailing_id=mailing_id, early=True)
                self.stdout.write(_("Recipients: %(count)s (dry run).") % {"count": count})
                return ALL_SENT
            service.resume_due()
            launched = start(mailing_id=mailing_id, trigger=Trigger.COMMAND, early=early)
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            return REFUSED
        return self._work(launched.run_id, stop)

    def _work(self, run_id: int, stop: threading.Event) -> int:
        with Watching(run_id, self.stdout):
            service.work_until(run_id, stop)
        run = Run.objects.select_related("mailing").get(pk=run_id)
        if run.reason:
            self.stdout.write(waiting_words(run))
        name = f"{run.mailing.name} (id:{run.mailing_id}) #{run.number}"
        self.stdout.write(f"{name}: {equation(run)}")
        return ALL_SENT if _is_good(run) else NOT_ALL


def _is_good(run: Run) -> bool:
    """Done, somebody was sent to, and nobody failed. Who must not be written to is no failure."""
    left_out = run.failed + run.bounced + run.unknown + run.expired + run.cancelled
    return run.state == Run.State.DONE and run.sent + run.delivered > 0 and not left_out
