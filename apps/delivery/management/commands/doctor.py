"""``manage.py doctor``: is this installation ready to send, and what must be fixed."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from apps.delivery.doctor.checkup import check_installation
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.findings import Finding, Level

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
        for finding in check_installation(self.resolver, offline=options["offline"]):
            findings.append(finding)
            self._write(finding)
        if any(one.level is Level.WRONG for one in findings):
            sys.exit(SICK)

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
