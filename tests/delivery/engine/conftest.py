"""What the engine's tests share: a clock that can be put forward, and accounts with rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.mailings.ledger import dialect
from config.account_settings import AccountSettings
from tests.delivery.engine.channels import World
from tests.http_service import HttpService

Declare = Callable[..., None]


@dataclass
class ShiftedClock:
    """The database's clock as the engine sees it, so much ahead of the real one."""

    shift: timedelta = timedelta()

    def forward(self, **span: float) -> None:
        self.shift += timedelta(**span)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                seconds = f"{self.shift.total_seconds()} seconds"
                cursor.execute("SELECT set_config('vestnik.shift', %s, false)", [seconds])

    def go_to(self, moment: datetime) -> None:
        self.forward(seconds=(moment - self.now()).total_seconds())

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def to_whole_hour(self) -> None:
        """To the first second of an hour, so that no limit's period ends in mid-test."""
        now = self.now()
        self.go_to(now.replace(minute=0, second=1, microsecond=0) + timedelta(hours=1))


def _forget_prepared() -> None:
    dialect._prepared.clear()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
            cursor.execute("SELECT set_config('vestnik.shift', '0 seconds', false)")


@pytest.fixture
def clock(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShiftedClock]:
    """Only the engine's clock is put forward; everything else keeps real time."""
    shifted = ShiftedClock()
    sql = "(clock_timestamp() + current_setting('vestnik.shift')::interval)"
    monkeypatch.setattr(dialect, "CLOCK", sql)
    monkeypatch.setattr(dialect, "host_now", shifted.now)
    _forget_prepared()
    yield shifted
    _forget_prepared()


@pytest.fixture
def declare(settings: LazySettings) -> Declare:
    """Declare an account that writes files, with rules of its own."""

    def declare(name: str = "email", *, hours: Any = None, **rules: Any) -> None:
        values = {"kind": "outbox", "from_email": f"{name}@example.org", **rules}
        settings.ACCOUNTS = {**settings.ACCOUNTS, name: AccountSettings(**values)}
        settings.ACCOUNT_HOURS = {**settings.ACCOUNT_HOURS, name: hours}

    return declare


@pytest.fixture
def world(declare: Declare) -> Iterator[World]:
    world = World()
    with HttpService(world.bot) as bot, HttpService(world.gateway) as gateway:
        declare("bot", kind="telegram", url=bot.url, token="1:a", timeout=5)
        declare("sms", kind="gateway", url=gateway.url, token="t0ken", timeout=5)
        declare("mail")
        yield world
