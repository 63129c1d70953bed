"""``manage.py doctor``: what is wrong is said in one line, with the fix."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.core.responses.stored import foreign
from apps.delivery.channels.email.ehlo_name import machine_name
from apps.delivery.doctor import database, sending
from apps.delivery.doctor.dns import DnsAway, Resolver, SystemResolver
from apps.delivery.management.commands import doctor
from apps.delivery.models import AccountState, Heartbeat
from config.celery import app
from tests.delivery.doctor.zone import RecordedDns, Zone
from tests.delivery.engine.conftest import Declare, declare
from tests.faults.browser import free_port
from tests.faults.servers.redis_server import RedisServer, needs_redis
from tests.http_service import HttpService, json_reply
from tests.smtp_server import Act, Behavior, SmtpServer, say

__all__ = ["declare"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(settings: LazySettings, tmp_path: Path) -> None:
    """An installation in which everything but the tests' own haste is as it should be."""
    settings.ACCOUNTS = {"email": settings.ACCOUNTS["email"]}
    settings.VAR_DIR = tmp_path
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now())


@pytest.fixture(autouse=True)
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run on a SQLite that is in a hurry; an installation's is not."""
    if connection.vendor == "sqlite":
        answers = {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal"}
        monkeypatch.setattr(database, "_scalar", answers.__getitem__)


def examine(*args: str, resolver: Resolver | None = None) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and the lines by their level."""
    out = io.StringIO()
    command = doctor.Command(stdout=out, no_color=True)
    command.resolver = resolver or RecordedDns(None)
    code = 0
    try:
        call_command(command, *args)
    except SystemExit as left:
        assert isinstance(left.code, int)
        code = left.code
    lines: dict[str, list[str]] = {"ok": [], "advice": [], "wrong": []}
    for line in out.getvalue().splitlines():
        lines[line.split()[0]].append(line)
    return code, lines


def wrong(*args: str, resolver: Resolver | None = None) -> str:
    """The one thing that is wrong."""
    code, lines = examine(*args, resolver=resolver)
    assert code == 1
    (line,) = lines["wrong"]
    assert " -> " in line
    return line


def test_an_installation_that_is_well_leaves_with_zero() -> None:
    code, lines = examine()
    assert (code, lines["wrong"], lines["advice"]) == (0, [], [])
    subjects = " ".join(lines["ok"])
    for word in ("settings", "database", "migrations", "durability", "clock", "cache", "scheduler"):
        assert f" {word}: " in subjects
    assert "account email: outbox" in subjects


def test_a_haste_that_a_power_cut_would_punish_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "PRAGMA synchronous": 1,
        "PRAGMA journal_mode": "wal",
        "SHOW synchronous_commit": "off",
    }
    monkeypatch.setattr(database, "_scalar", answers.__getitem__)
    if connection.vendor == "postgresql":
        monkeypatch.setattr(database, "_clock", lambda: iter(()))
    assert "power failure" in wrong()


def test_a_database_that_is_away_is_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> None:
        raise OperationalError("could not connect to server\nIs the server running?")

    monkeypatch.setattr(connection, "ensure_connection", away)
    monkeypatch.setattr(database, "_plan", away)
    assert "could not connect to server  ->" in wrong()


def test_a_migration_that_is_not_applied_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pending:
        app_label, name = "mailings", "0099_new"

    monkeypatch.setattr(database, "_plan", lambda: [(Pending(), False)])
    line = wrong()
    assert "mailings.0099_new" in line and line.endswith("manage.py migrate")


def test_a_scheduler_that_crashed_is_reported_and_one_that_does_not_run_is_missed() -> None:
    Heartbeat.objects.create(name="scheduler_crash", beat_at=timezone.now())
    assert any("crashed" in line for line in examine("--offline")[1]["advice"])
    Heartbeat.objects.all().delete()
    assert "run_scheduler" in wrong()


@pytest.fixture
def by_celery(settings: LazySettings) -> Iterator[Callable[[int], None]]:
    """Sets a broker by its port."""

    def at(port: int) -> None:
        settings.DISPATCH_BACKEND = "celery"
        app.conf.broker_url = f"redis://:hunter2@127.0.0.1:{port}/0"
        app.close()

    yield at
    app.close()


def test_celerys_part_is_missed(by_celery: Callable[[int], None]) -> None:
    by_celery(free_port())
    line = wrong()
    assert "broker: " in line and "REDIS_URL" in line and "hunter2" not in line
    Heartbeat.objects.all().delete()
    assert "celery -A config beat" in wrong("--offline")


@needs_redis
def test_a_queue_that_no_worker_serves_is_found(by_celery: Callable[[int], None]) -> None:
    server = RedisServer(password="hunter2")
    try:
        by_celery(server.port)
        line = wrong()
        assert "workers: answering: -" in line and line.endswith("worker -Q clock,urgent,work")
    finally:
        server.close()


def test_settings_that_are_not_for_the_world(settings: LazySettings) -> None:
    settings.DEBUG = True
    assert "DEBUG" in wrong()
    settings.DEBUG = False
    settings.SITE_URL = "http://mail.example.org"
    assert "ALLOWED_HOSTS" in wrong()
    settings.ALLOWED_HOSTS = ["mail.example.org"]
    code, lines = examine()
    assert code == 0 and "clear text" in lines["advice"][0]


def test_a_directory_that_cannot_be_written_is_named(
    settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings.JOURNAL_DIR = tmp_path / "file" / "journal"
    assert "VAR_DIR/journal" in wrong()


def test_a_cache_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", lambda key: None)
    assert "LocMemCache" in wrong()


def smtp(server: SmtpServer, **more: Any) -> dict[str, Any]:
    return {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none", **more}


def test_a_mail_server_is_logged_in_to_and_nothing_is_sent(declare: Declare) -> None:
    behavior = Behavior(auth=("PLAIN",), user="anna", password="right-one")
    with SmtpServer(behavior) as server:
        declare(**smtp(server, username="anna", password="right-one"))
        assert any("smtp: it answers" in line for line in examine()[1]["ok"])
        assert not any(command.startswith(b"MAIL") for command in server.commands)
        assert server.wait_for(b"QUIT", 1)
        declare(**smtp(server, username="anna", password="wrong-one"))
        line = wrong()
    assert "account email" in line and "535" in line and "ACCOUNTS__EMAIL__" in line
    assert "wrong-one" not in line


def test_a_server_that_says_nothing_takes_only_so_long(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.delivery.doctor.sending.TIMEOUT", 0.3)
    with SmtpServer() as server:
        server.on("GREETING", Act(b"220 at last\r\n", wait=30), times=1)
        declare(**smtp(server, timeout=60))
        assert "account email" in wrong()
    assert "account email" in wrong()  # gone altogether: refused


def test_tls_that_was_asked_for_is_demanded(declare: Declare) -> None:
    with SmtpServer() as server:
        declare(**smtp(server, security="starttls"))
        assert "STARTTLS" in wrong()
        server.on("GREETING", say("421 closed for today"))
        assert "421" in wrong()


def test_services_over_http_are_asked_without_sending(declare: Declare) -> None:
    token = "123456:ABC-secret"
    with HttpService(json_reply({"ok": True, "result": {}})) as bot:
        declare("bot", kind="telegram", url=bot.url, token=token)
        assert any("telegram: it answers" in line for line in examine()[1]["ok"])
        assert bot.requests[0].path.endswith("/getMe")
        bot.usual = json_reply({"ok": False, "description": "Unauthorized"}, status=401)
        line = wrong()
        assert "401 Unauthorized" in line and "secret" not in line
        declare("bot", kind="gateway", url=bot.url, token="t")
        seen = len(bot.requests)
        assert examine()[0] == 0
        assert len(bot.requests) == seen
        declare("bot", kind="sendsay", url=bot.url, token="key")
        bot.usual = json_reply({"errors": [{"id": "error/auth/failed", "explain": "wrong key"}]})
        assert "wrong key" in wrong()
        bot.usual = json_reply({"errors": [{"id": "error/notfound"}]})
        assert examine()[0] == 0
    assert "account bot" in wrong()


def test_an_account_out_of_service_is_reported_with_its_last_error() -> None:
    AccountState.objects.create(name="email", state="down", last_error=foreign("535 no"))
    code, lines = examine()
    assert code == 0
    assert "535 no" in lines["advice"][0] and "/management/accounts/" in lines["advice"][0]


GOOD: Zone = {
    "example.org": {"TXT": ["google-site=1", "v=spf1 a ~all"], "MX": ["mx.example.org"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
    "s1._domainkey.example.org": {"TXT": ["v=DKIM1; p=abc"]},
}


def test_a_domain_is_asked_for_spf_dkim_and_dmarc(declare: Declare) -> None:
    with SmtpServer() as server:
        declare(**smtp(server, from_email="News <news@example.org>"))
        zone = RecordedDns(GOOD)
        advice = examine(resolver=zone)[1]["advice"]
        assert "whether its server signs" in advice[-1]
        code, lines = examine(resolver=RecordedDns({"example.org": {"MX": ["mx.example.org"]}}))
        assert code == 1
        assert [word for line in lines["wrong"] for word in line.split()[3:4]] == [
            "SPF:",
            "DKIM:",
            "DMARC:",
        ]
        assert all("publish: " in line for line in lines["wrong"])
        assert examine("--offline", resolver=zone)[0] == 0
        asked = len(zone.asked)
        examine("--offline", resolver=zone)
        assert len(zone.asked) == asked


def test_dns_that_is_away_proves_nothing(declare: Declare) -> None:
    with SmtpServer() as server:
        declare(**smtp(server, from_email="news@example.org"))
        code, lines = examine(resolver=RecordedDns(None))
        assert (code, "DNS does not answer" in lines["advice"][-1]) == (0, True)
        declare(**smtp(server, from_email="vestnik@localhost"))
        assert "does not exist" in examine(resolver=RecordedDns(None))[1]["advice"][-1]


@pytest.mark.parametrize(
    ("machine", "name", "level", "text"),
    [
        ("localhost", "", "advice", "no public name"),
        ("mx.example.org", "", "advice", "DNS does not know mx.example.org"),
        ("localhost", "nowhere.invalid", "advice", "DNS does not know nowhere.invalid"),
        ("localhost", "[192.0.2.1]", "ok", "[192.0.2.1]"),
    ],
)
def test_the_name_in_ehlo_is_looked_at(
    declare: Declare, mocker: MockerFixture, machine: str, name: str, level: str, text: str
) -> None:
    mocker.patch("socket.getfqdn", return_value=machine)
    mocker.patch.object(sending, "_resolves", return_value=False)
    machine_name.cache_clear()
    with SmtpServer() as server:
        declare(**smtp(server, ehlo_name=name))
        (line,) = [line for line in examine()[1][level] if "EHLO" in line]
    machine_name.cache_clear()
    assert text in line and ("EHLO_NAME" in line) is (level == "advice")


def test_a_resolver_that_says_nothing_takes_only_so_long() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(DnsAway):
            SystemResolver(0.2, server=deaf.getsockname()).texts("example.org")


def test_a_resolvers_answers_are_read(name_server: tuple[str, int]) -> None:
    resolver = SystemResolver(5.0, server=name_server)
    assert resolver.texts("example.org") == ["v=spf1 -all"]
    assert resolver.texts("nothing.example.org") == []
    assert resolver.texts("gone.example.org") is None


@pytest.fixture
def name_server() -> Iterator[tuple[str, int]]:
    """A DNS server on the loopback, for three questions."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer_three, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()
        thread.join(5)


def _answer_three(server: socket.socket) -> None:
    for _ in range(3):
        question, asker = server.recvfrom(4096)
        query = dns.message.from_wire(question)
        reply = dns.message.make_response(query)
        name = query.question[0].name
        if name == dns.name.from_text("example.org"):
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 " "-all"'))
        elif name == dns.name.from_text("gone.example.org"):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(reply.to_wire(), asker)
