"""Who is sending now with another version of the code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.apps.registry import Apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.delivery.backup import schema
from apps.delivery.backup.errors import WorkersOfAnotherVersion
from apps.delivery.engine.worker.journal import JournalReader, JournalUnreadable, boot_id
from apps.delivery.selectors.panel import SCHEDULER

#: A scheduler leaves a sign of life every five seconds.
_ALIVE: Final = timedelta(seconds=20)


def check_workers() -> None:
    """Raises WorkersOfAnotherVersion, with each of them. Before the newest migrations as well."""
    now = schema.current()
    if not schema.has_tables(now):
        return
    found = [*_workers(now.registry), *_schedulers(now.registry, timezone.now())]
    if found:
        text = _(
            "Stop the workers of another version first (they are seen for 20 seconds): %(who)s"
        )
        raise WorkersOfAnotherVersion(text % {"who": "; ".join(found)})


def _workers(registry: Apps) -> Iterator[str]:
    rows: Any = schema.model_of(registry, "delivery.WorkerLease")._base_manager
    for lease in rows.filter(ended_at=None, revoked_at=None).order_by("pk"):
        version = getattr(lease, "version", "")
        if version != settings.VERSION and not _is_dead(lease.boot_id, Path(lease.journal)):
            yield f"{lease.host}/{lease.pid} ({version or '?'})"


def _is_dead(boot: str, journal: Path) -> bool:
    """Only of this machine, since its start, that is known."""
    if boot != boot_id():
        return False
    try:
        with JournalReader(journal) as found:
            return found.owner_is_gone()
    except JournalUnreadable:
        return True


def _schedulers(registry: Apps, now: datetime) -> Iterator[str]:
    rows = schema.model_of(registry, "delivery.Heartbeat")._base_manager
    for found in rows.filter(name=SCHEDULER, beat_at__gt=now - _ALIVE):
        version = getattr(found, "version", "")
        if version != settings.VERSION:
            yield f"{SCHEDULER} ({version or '?'})"
