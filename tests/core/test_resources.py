"""What has run out is distinguished from every other error."""

from __future__ import annotations

import errno

import pytest
from django.db import DatabaseError, OperationalError

from apps.core.errors import Refused
from apps.core.resources import DatabaseBusy, DiskFull, disk_full_refused, exhausted


class Postgres(Exception):
    """An error as the driver raises it, with the code of the server."""

    def __init__(self, pgcode: str) -> None:
        super().__init__("could not extend file")
        self.pgcode = pgcode


def caused(pgcode: str) -> DatabaseError:
    error = OperationalError("could not extend file")
    error.__cause__ = Postgres(pgcode)
    return error


KINDS: list[tuple[BaseException, type[Refused] | None]] = [
    (OSError(errno.ENOSPC, "no space"), DiskFull),
    (OSError(errno.EDQUOT, "quota"), DiskFull),
    (OperationalError("database or disk is full"), DiskFull),
    (caused("53100"), DiskFull),
    (OperationalError("database is locked"), DatabaseBusy),
    (OperationalError("database table is locked: mailings_recipient"), DatabaseBusy),
    (caused("57P01"), None),
    (DatabaseError("database is locked"), None),
    (OSError(errno.ENOENT, "no such file"), None),
    (ValueError("database or disk is full"), None),
]


@pytest.mark.parametrize(("error", "refusal"), KINDS, ids=range(len(KINDS)))
def test_each_error_stands_for_its_refusal(
    error: BaseException, refusal: type[Refused] | None
) -> None:
    assert type(exhausted(error)) is (refusal or type(None))


@pytest.mark.parametrize(("error", "refusal"), KINDS, ids=range(len(KINDS)))
def test_only_a_full_disk_is_refused_in_words_inside_a_block(
    error: BaseException, refusal: type[Refused] | None
) -> None:
    with pytest.raises(DiskFull if refusal is DiskFull else type(error)):
        with disk_full_refused():
            raise error
