"""Settings, directories, cache, clock and scheduler."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.checks import Tags, run_checks
from django.http.request import validate_host
from django.utils.translation import gettext as _

from apps.delivery.account_settings.declarations import declarations
from apps.delivery.doctor.findings import Finding, advice, ok, wrong
from apps.delivery.monitoring.health import check_health

#: The proxy redirects to https; subdomains and preloading are for the domain's owner to decide.
_OWNERS_CHOICE: Final = frozenset({"security.W005", "security.W008", "security.W021"})
_LEAST_DISK: Final = 1_000_000_000


def look_at_settings() -> Iterator[Finding]:
    """``.env`` was read, or there would be no doctor; is it fit for the world?"""
    subject, before = _("settings"), 0
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        before += 1
        text = _("SITE_URL names %(host)s, which ALLOWED_HOSTS does not") % {"host": host}
        yield wrong(subject, text, _("add it to ALLOWED_HOSTS in .env"))
    for line in declarations().problems():
        before += 1
        text = _("the changed .env is not used: %(line)s") % {"line": line}
        yield wrong(
            subject, text, _("correct this line; until then the accounts stay as they were")
        )
    if settings.DEBUG:
        before += 1
        text = _("DEBUG is on: error pages show the settings")
        yield wrong(subject, text, _("take DEBUG out of .env"))
    if settings.SITE_URL.startswith("https://"):
        if not settings.TRUSTED_PROXIES:
            before += 1
            text = _("no proxy is trusted: all visitors count as one, and HSTS is not sent")
            yield advice(subject, text, _("name the proxy's address in TRUSTED_PROXIES in .env"))
        for found in run_checks(tags=[Tags.security], include_deployment_checks=True):
            if found.id not in _OWNERS_CHOICE:
                before += 1
                yield advice(subject, str(found.msg), found.hint or found.id or "")
    elif host not in ("127.0.0.1", "localhost", "::1"):
        before += 1
        text = _("the site is reached without https: passwords travel in clear text")
        yield advice(subject, text, _("put a proxy with TLS before it, SITE_URL=https://…"))
    if not before:
        yield ok(subject, _(".env is read: %(site)s") % {"site": settings.SITE_URL})


def look_at_directories() -> Iterator[Finding]:
    """The journal must be writable, or nothing is sent; logs and uploads should be."""
    places = {"VAR_DIR": Path(settings.VAR_DIR), "LOG_DIR": Path(settings.LOG_DIR)}
    places["VAR_DIR/journal"] = Path(settings.JOURNAL_DIR)
    for name, path in places.items():
        error = _unwritable(path)
        if error:
            text = _("%(name)s (%(path)s) cannot be written: %(error)s")
            facts = {"name": name, "path": path, "error": error}
            yield wrong(_("directories"), text % facts, _("give it to the user that runs this"))
            return
    free = shutil.disk_usage(places["VAR_DIR"]).free
    text = _("writable; %(free)s GB are free") % {"free": f"{free / 1e9:.1f}"}
    if free < _LEAST_DISK:
        yield wrong(_("directories"), text, _("make room, or move VAR_DIR"))
    else:
        yield ok(_("directories"), text)


def _unwritable(path: Path) -> str:
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".doctor-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def look_at_cache() -> Iterator[Finding]:
    """What is put in must come out again."""
    key, value = f"doctor:{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, value, 30)
    back = cache.get(key)
    cache.delete(key)
    backend = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    if back == value:
        yield ok(_("cache"), backend)
    else:
        text = _("%(backend)s does not give back what was put in") % {"backend": backend}
        yield wrong(_("cache"), text, _("look at the cache's server"))


def look_at_scheduler(now: datetime) -> Iterator[Finding]:
    """Somebody must start what is due."""
    health = check_health(now=now)
    if not health.database:
        return
    age = health.heartbeat_age
    if health.scheduler and age is not None:
        text = _("last check %(seconds)d s ago") % {"seconds": age}
        yield ok(_("scheduler"), text)
    else:
        reason = (
            _("it has never run") if age is None else _("no sign of life for %(minutes)d minutes")
        )
        text = reason % {"minutes": (age or 0) / 60}
        fix = _("start manage.py serve, or manage.py run_scheduler")
        if settings.DISPATCH_BACKEND == "celery":
            fix = _("start celery -A config beat, and a worker for the queue clock")
        yield wrong(_("scheduler"), text, fix)
    if health.crashed_at is not None:
        seconds = (now - health.crashed_at).total_seconds()
        text = _("the process that sends crashed %(seconds)d seconds ago and was started again")
        fix = _("see why in the log: its last lines before scheduler_process_ended")
        yield advice(_("scheduler"), text % {"seconds": seconds}, fix)
    if health.stuck_leases:
        text = _("deliveries of dead workers wait to be settled")
        yield wrong(_("scheduler"), text, _("a running scheduler settles them within seconds"))
    if health.unknown:
        text = _("deliveries of unknown outcome: %(count)d") % {"count": health.unknown}
        yield advice(_("scheduler"), text, "manage.py mailing resolve-unknown ID --as VERDICT")
