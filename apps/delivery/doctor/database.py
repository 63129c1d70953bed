"""Check that the database keeps what is committed, and that its tables fit the code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from apps.delivery.doctor.findings import Finding, ok, wrong

#: Seconds by which the clocks of this machine and of the database may differ.
CLOCKS_APART: Final = 2.0
#: PRAGMA synchronous: FULL and EXTRA survive a power cut (sqlite.org/pragma.html).
_FULL: Final = 2


def look_at_database() -> Iterator[Finding]:
    """Connection, version, migrations, whether a commit is on disk, and the clock."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        text = str(error).strip().splitlines()[0]
        yield wrong(_("database"), text, _("start it, or fix DB_… in .env"))
        return
    yield from _version()
    yield from _migrations()
    yield from _commits()
    yield from _clock()


def is_usable() -> bool:
    """Check that it answers and that its tables are those of the code."""
    try:
        return not _plan()
    except DatabaseError:
        return False


def _plan() -> list[tuple[Migration, bool]]:
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def _version() -> Iterator[Finding]:
    needed = connection.features.minimum_database_version or ()
    found = connection.get_database_version()
    name, text = connection.display_name, ".".join(map(str, found))
    if found < needed:
        least = ".".join(map(str, needed))
        fix = _("upgrade it to %(version)s or newer") % {"version": least}
        yield wrong(_("database"), f"{name} {text}", fix)
    else:
        yield ok(_("database"), f"{name} {text}")


def _migrations() -> Iterator[Finding]:
    plan = _plan()
    if plan:
        text = _("not applied: %(count)d, from %(first)s") % {
            "count": len(plan),
            "first": f"{plan[0][0].app_label}.{plan[0][0].name}",
        }
        yield wrong(_("migrations"), text, "manage.py migrate")
    else:
        yield ok(_("migrations"), _("all applied"))


def _commits() -> Iterator[Finding]:
    """A claim that a power cut takes back would be sent twice."""
    if connection.vendor == "postgresql":
        for name in ("synchronous_commit", "fsync", "full_page_writes"):
            if _scalar(f"SHOW {name}") == "off":
                text = _("%(name)s is off: a power failure may lose committed data") % {
                    "name": name
                }
                yield wrong(_("durability"), text, f"ALTER SYSTEM SET {name} = on")
                return
        yield ok(_("durability"), "synchronous_commit, fsync, full_page_writes")
        return
    synchronous, mode = _scalar("PRAGMA synchronous"), _scalar("PRAGMA journal_mode")
    if int(synchronous) < _FULL:
        text = _("%(name)s is off: a power failure may lose committed data") % {
            "name": "synchronous=FULL"
        }
        yield wrong(_("durability"), text, _("leave OPTIONS of DATABASES as they were delivered"))
    else:
        yield ok(_("durability"), f"synchronous=FULL, {mode}")


def _clock() -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        yield ok(_("clock"), _("one machine, one clock"))
        return
    theirs: datetime = _scalar("SELECT clock_timestamp()")
    apart = (datetime.now(UTC) - theirs).total_seconds()
    text = _("differs from the database's by %(seconds)s s") % {"seconds": f"{apart:+.2f}"}
    if abs(apart) > CLOCKS_APART:
        yield wrong(_("clock"), text, _("let NTP set the clocks of both machines"))
    else:
        yield ok(_("clock"), text)


def _scalar(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
