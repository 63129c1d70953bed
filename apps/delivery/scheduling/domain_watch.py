"""Once a day the domains that are sent from are asked of DNS again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from apps.core.contracts import BackgroundJob
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.domain_reports import check_and_keep, domains_in_use
from apps.delivery.models import DomainReport

_EVERY: Final = timedelta(hours=24)
#: DNS that does not answer is asked again so much later.
_AGAIN: Final = timedelta(hours=1)


class DomainWatch(BackgroundJob):
    """Checks the domains that nobody has checked for a day."""

    name = "domains"

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or SystemResolver()

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        domains = domains_in_use()
        known = {one.domain: one for one in DomainReport.objects.filter(domain__in=domains)}
        for domain in domains:
            if stopping():
                return
            if _is_due(known.get(domain), now):
                check_and_keep(domain, self._resolver, now)


def _is_due(report: DomainReport | None, now: datetime) -> bool:
    if report is None or report.asked_at is None:
        return True
    asked_at: datetime = report.asked_at
    return now - asked_at >= (_AGAIN if report.error else _EVERY)
