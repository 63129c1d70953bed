"""What the machine runs out of is a sentence on every page, and not a broken one."""

from __future__ import annotations

import errno

import pytest
from django.db import OperationalError
from django.urls import reverse
from pytest_mock import MockerFixture

from apps.core.resources import DiskFull, exhausted
from tests.people import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507),
        (OperationalError("database or disk is full"), 507),
        (OperationalError("database is locked"), 503),
        (OperationalError("server closed the connection"), 500),
    ],
)
def test_what_the_machine_runs_out_of_is_said_by_every_page(
    error: Exception, status: int, cast: Cast, mocker: MockerFixture
) -> None:
    mocker.patch("apps.core.lists.page.keyset_page", side_effect=error)
    client = cast.client("owner")
    client.raise_request_exception = False
    answer = client.get(reverse("imports:start"))
    assert answer.status_code == status
    assert answer.has_header("Retry-After") == (status == 503)
    assert status == 500 or str(exhausted(error)) in answer.content.decode().replace("&#x27;", "'")
    client.raise_request_exception = True


def test_a_full_disk_of_the_other_database_is_known_by_its_code() -> None:
    error, cause = OperationalError("could not extend file"), Exception()
    cause.pgcode = "53100"  # type: ignore[attr-defined]
    error.__cause__ = cause
    assert isinstance(exhausted(error), DiskFull)
    assert exhausted(None) is None and exhausted(OSError(errno.ENOENT, "x")) is None
