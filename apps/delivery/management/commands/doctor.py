"""``manage.py doctor``: is this installation ready to send, and what must be fixed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.delivery.doctor.broker import look_at_broker
from apps.delivery.doctor.database import is_usable, look_at_database
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.findings import Finding, Level
from apps.delivery.doctor.installation import (
    look_at_cache,
    look_at_directories,
    look_at_scheduler,
    look_at_settings,
)
from apps.delivery.doctor.sending import look_at_accounts, look_at_domains, out_of_service

SICK: Final = 1


class Command(BaseCommand):
    help = (
        "Check settings, database, cache, accounts (connect, TLS, log-in; nothing is sent), DNS of "
        "the From domains, clock, scheduler and Celery: a line each, with the fix. Exit: 0; 1 "
        "something is wrong."
    )
    requires_system_checks = []
    #: Whom to ask about domains.
    resolver: Resolver = SystemResolver()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offline", action="store_true", help="ask no server and no DNS")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in self._findings(offline=options["offline"]):
            findings.append(finding)
            self._write(finding)
        if any(one.level is Level.WRONG for one in findings):
            sys.exit(SICK)

    def _findings(self, *, offline: bool) -> Iterator[Finding]:
        yield from look_at_settings()
        yield from look_at_directories()
        yield from look_at_database()
        yield from look_at_cache()
        usable = is_usable()
        if usable:
            yield from look_at_scheduler(timezone.now())
        if not offline:
            yield from look_at_broker()
            yield from look_at_accounts(out_of_service() if usable else {})
            yield from look_at_domains(self.resolver)

    def _write(self, finding: Finding) -> None:
        styles = {
            Level.OK: self.style.SUCCESS,
            Level.ADVICE: self.style.WARNING,
            Level.WRONG: self.style.ERROR,
        }
        level = styles[finding.level](f"{finding.level:6}")
        fix = f"  -> {finding.fix}" if finding.fix else ""
        self.stdout.write(f"{level} {finding.subject}: {finding.words}{fix}")
        self.stdout.flush()
