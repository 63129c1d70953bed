"""Memory does not grow with the rows."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.delivery.backup.restoring import restore
from apps.delivery.backup.taking import take
from apps.mailings.models import Recipient
from tests.delivery.backup.conftest import Anew
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def peak(act: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_thousand_rows_take_no_more_than_two_thousand(anew: Anew, tmp_path: Path) -> None:
    def peaks(count: int) -> tuple[int, int]:
        anew(f"with {count}")
        owner, archive = UserFactory.create(), tmp_path / f"{count}.zip"
        Recipient.objects.bulk_create(
            Recipient(owner=owner, email=f"{one}@example.org") for one in range(count)
        )
        taking = peak(lambda: take(archive))
        anew(f"of {count}")
        restoring = peak(lambda: restore(archive))
        assert Recipient.objects.count() == count
        return taking, restoring

    peaks(1)
    small, large = peaks(2_000), peaks(10_000)
    assert large[0] < small[0] * 1.5
    assert large[1] < small[1] * 1.5
