"""Looking for probes in the mailboxes they went to, until they are found or an hour is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Final

import structlog
from django.conf import settings
from django.db.models import F

from apps.core.contracts import BackgroundJob
from apps.core.responses.stored import NOTHING, coded, foreign
from apps.delivery.channels.email.imap import (
    FoundLetter,
    MailboxConfig,
    MailboxFailed,
    find_letter,
)
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.engine.direct_send import PROBE_HEADER
from apps.delivery.models import Probe
from apps.delivery.probes.signatures import judged

log = structlog.get_logger(__name__)

#: After so long a probe counts as lost.
GIVEN_UP_AFTER: Final = timedelta(hours=1)
#: Up to which age it is looked for how often.
_PACES: Final = (
    (timedelta(minutes=2), timedelta(seconds=5)),
    (timedelta(minutes=10), timedelta(seconds=30)),
    (GIVEN_UP_AFTER, timedelta(minutes=5)),
)
_LONGEST: Final = 4000


class ProbeReading(BackgroundJob):
    """Looks for the probes that have not been found yet."""

    name = "probes"
    every_tick = True

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or SystemResolver()

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        waiting = Probe.objects.filter(state=Probe.State.SENT)
        for probe in waiting.order_by(F("looked_at").asc(nulls_first=True))[:50]:
            if stopping():
                return
            if _is_due(probe, now) and _is_mine(probe, now):
                check(probe, self._resolver, now)


def check(probe: Probe, resolver: Resolver, now: datetime) -> None:
    """Look for it once, and keep what was found."""
    seed = settings.SEEDS.get(probe.seed)
    if seed is None:
        probe.state, probe.error = Probe.State.MISSING, coded("seed_gone", probe.seed)
        probe.save()
        return
    named = ("host", "port", "security", "username", "password")
    config = MailboxConfig(**{name: getattr(seed, f"imap_{name}") for name in named})
    try:
        headers = [(PROBE_HEADER, probe.key), ("Message-ID", probe.key)]
        found = find_letter(config, headers)
        probe.error = NOTHING
    except MailboxFailed as failed:
        found, probe.error = None, foreign(str(failed))
    if found is not None:
        _keep(probe, found, resolver, now)
    elif now - probe.sent_at >= GIVEN_UP_AFTER:
        probe.state = Probe.State.MISSING
    probe.looked_at = now
    probe.save()
    if probe.state != Probe.State.SENT:
        facts = {"account": probe.account, "seed": probe.seed, "folder": probe.folder}
        log.info("probe_over", probe=probe.pk, state=str(probe.state), spam=probe.is_spam, **facts)


def _keep(probe: Probe, found: FoundLetter, resolver: Resolver, now: datetime) -> None:
    probe.state = Probe.State.ARRIVED
    probe.folder, probe.is_spam = found.folder[:200], found.is_spam
    # The receiver's clock may be behind: nothing arrives before it was sent.
    probe.arrived_at = max(found.arrived_at or now, probe.sent_at)
    results = message_from_bytes(found.content).get_all("Authentication-Results") or []
    probe.authentication = "\n".join(" ".join(str(one).split()) for one in results)[:_LONGEST]
    probe.signatures = judged(found.content, resolver)


def _is_due(probe: Probe, now: datetime) -> bool:
    if probe.looked_at is None:
        return True
    age = now - probe.sent_at
    pace = next((pace for upto, pace in _PACES if age < upto), timedelta())
    return bool(now - probe.looked_at >= pace)


def _is_mine(probe: Probe, now: datetime) -> bool:
    """Of several processes one looks."""
    same = Probe.objects.filter(pk=probe.pk, state=Probe.State.SENT, looked_at=probe.looked_at)
    return same.update(looked_at=now) == 1
