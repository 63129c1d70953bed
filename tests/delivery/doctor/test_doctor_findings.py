"""What ``manage.py doctor`` finds in places that are seldom out of order."""

from __future__ import annotations

import shutil
import socket
from collections import namedtuple
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from apps.core.contracts import Learned
from apps.delivery.models import Heartbeat, WorkerLease
from apps.delivery.server_behavior import keep
from tests.delivery.doctor.test_doctor import examine, healthy, smtp
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import RunFactory
from tests.http_service import HttpService, answer
from tests.smtp_server import SmtpServer

__all__ = ["declare", "healthy"]
pytestmark = pytest.mark.django_db


def found(level: str, text: str) -> str:
    """The one line of this level that says so."""
    (line,) = [line for line in examine()[1][level] if text in line]
    return line


def test_https_without_a_trusted_proxy_and_with_open_cookies_is_advised_against(
    settings: LazySettings,
) -> None:
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://mail.example.org", ["mail.example.org"]
    settings.TRUSTED_PROXIES, settings.SESSION_COOKIE_SECURE = (), False
    assert "all visitors count as one" in found("advice", "TRUSTED_PROXIES")
    assert found("advice", "SESSION_COOKIE_SECURE")
    settings.SESSION_COOKIE_SECURE = True
    assert not [line for line in examine()[1]["advice"] if "SESSION_COOKIE_SECURE" in line]


def test_a_disk_that_is_nearly_full_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9e9, 8.5e9, 5e8))
    assert "0.5 GB are free" in found("wrong", "make room")


def test_a_database_that_is_too_old_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.features, "minimum_database_version", (999, 1))
    assert found("wrong", "upgrade it to 999.1 or newer")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_haste_of_these_tests_themselves_is_found() -> None:
    assert "synchronous=FULL is off" in found("wrong", "power failure")


def test_what_waits_for_a_scheduler_or_a_person_is_said() -> None:
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=61))
    run = RunFactory.create(sending=1, unknown=2)
    now = timezone.now()
    WorkerLease.objects.create(
        host="h", boot_id="b", pid=1, journal="j", run=run, started_at=now, ended_at=now
    )
    assert found("wrong", "no sign of life for 61 minutes")
    assert found("wrong", "settles them within seconds")
    assert "resolve-unknown" in found("advice", "unknown outcome: 2")


def test_what_sending_has_shown_of_a_server_is_said(declare: Declare) -> None:
    with SmtpServer() as server:
        declare(**smtp(server))
        keep("email", f"127.0.0.1:{server.port}", Learned("full", 50))
        line = found("ok", "smtp: it answers")
    assert line.endswith("; 50 messages per connection")
    assert "; pipelining: the next message's commands go out together" in line


@pytest.mark.parametrize(("known", "level"), [(True, "ok"), (False, "advice")])
def test_the_name_in_ehlo_is_asked_of_dns(
    declare: Declare, monkeypatch: pytest.MonkeyPatch, known: bool, level: str
) -> None:
    usual = socket.getaddrinfo

    def ask(host: Any, *rest: Any, **named: Any) -> Any:
        if host == "mx.example.org" and not known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return usual("127.0.0.1" if host == "mx.example.org" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    with SmtpServer() as server:
        declare(**smtp(server, ehlo_name="mx.example.org"))
        assert "mx.example.org" in found(level, "EHLO name of account email")


@pytest.mark.parametrize("kind", ["telegram", "sendsay"])
def test_a_service_that_is_away_is_wrong(declare: Declare, kind: str) -> None:
    declare("far", kind=kind, url="http://127.0.0.1:9", token="1:a")
    assert f"{kind}: " in found("wrong", "account far")


def test_a_service_that_answers_in_no_json_is_wrong(declare: Declare) -> None:
    with HttpService(answer(b"<html>hello</html>")) as service:
        declare("far", kind="sendsay", url=service.url, token="key")
        assert "200 the answer is not JSON" in found("wrong", "account far")
