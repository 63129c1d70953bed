"""What a machine runs out of, as refusals that say so: room on the disk, a turn at the database."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, OperationalError
from django.utils.translation import gettext as _

from apps.core.errors import Refused

#: A full disk, and a quota that is used up.
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
#: As PostgreSQL (class 53) and SQLite say it.
_PG_DISK_FULL: Final = "53100"
_SQLITE_FULL: Final = "database or disk is full"
_SQLITE_BUSY: Final = ("database is locked", "database table is locked")


class DiskFull(Refused):
    """There is no room on a disk of the site. 507."""

    code = "disk_full"


class DatabaseBusy(Refused):
    """SQLite's one place for writing was taken for longer than a page may wait. 503."""

    code = "database_busy"
    #: Seconds after which another try makes sense.
    wait: Final = 10


def exhausted(error: BaseException | None) -> Refused | None:
    """The refusal that this error stands for, when something has run out."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return DiskFull(
            _("There is no room on the site's disk. Nothing was saved; ask an administrator.")
        )
    if not isinstance(error, DatabaseError):
        return None
    text = str(error).lower()
    if _SQLITE_FULL in text or getattr(error.__cause__, "pgcode", None) == _PG_DISK_FULL:
        return DiskFull(
            _("There is no room on the site's disk. Nothing was saved; ask an administrator.")
        )
    if isinstance(error, OperationalError) and any(sign in text for sign in _SQLITE_BUSY):
        return DatabaseBusy(_("The site is busy writing a large list. Try again in a few seconds."))
    return None


@contextmanager
def disk_full_refused() -> Iterator[None]:
    """Inside, a full disk is a refusal in words."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        refusal = exhausted(error)
        if isinstance(refusal, DiskFull):
            raise refusal from error
        raise
