"""The doctor's look at what the database promises, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.delivery.doctor import database
from apps.delivery.doctor.findings import Finding

pytestmark = [pytest.mark.engine, pytest.mark.django_db]


def one(found: Iterator[Finding]) -> Finding:
    [finding] = found
    return finding


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Any]) -> None:
    monkeypatch.setattr(database, "_scalar", answer)


def test_commits_that_reach_the_disk_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal"}.get)
    if connection.vendor == "postgresql":
        answering(monkeypatch, lambda asked: "on")
    assert one(database._commits()).level == "ok"


def test_commits_that_wait_for_no_disk_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"PRAGMA synchronous": 1, "PRAGMA journal_mode": "wal"}.get)
    if connection.vendor == "postgresql":
        answering(monkeypatch, {"SHOW synchronous_commit": "on", "SHOW fsync": "off"}.get)
    found = one(database._commits())
    assert found.level == "wrong" and "is off" in found.words


@pytest.mark.parametrize("apart", [0, 60])
def test_two_clocks_are_compared(monkeypatch: pytest.MonkeyPatch, apart: int) -> None:
    answering(monkeypatch, lambda asked: datetime.now(UTC) + timedelta(seconds=apart))
    wrong = connection.vendor == "postgresql" and apart
    assert one(database._clock()).level == ("wrong" if wrong else "ok")
