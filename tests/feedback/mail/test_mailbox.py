"""The mailbox of bounces, over a real socket."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from apps.feedback.models import Event
from apps.mailings.models import Delivery, Suppression
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.feedback import mails
from tests.feedback.conftest import sent
from tests.imap_server import ImapServer

pytestmark = pytest.mark.django_db

Use = Callable[..., None]


@pytest.fixture
def use(settings: LazySettings) -> Use:
    settings.BOUNCE_ADDRESS = "bounces@example.org"

    def use(server: ImapServer, **other: Any) -> None:
        settings.BOUNCE_MAILBOX = {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "username": "bounces@example.org",
            "password": "pass word",
            "folder": "INBOX",
            **other,
        }

    return use


def run() -> str:
    out = io.StringIO()
    call_command("process_bounces", stdout=out)
    return out.getvalue()


def test_unseen_letters_are_read_once(delivery: Delivery, use: Use) -> None:
    letters = [mails.postfix(delivery), mails.vacation(delivery), mails.arf(sent())]
    with ImapServer(*letters) as server:
        use(server)
        assert run().startswith("3 mails, 2 applied")
        assert server.seen == {1, 2, 3}
        assert run().startswith("0 mails")
    assert Suppression.objects.count() == 2


def test_only_the_beginning_of_a_huge_letter_is_fetched(delivery: Delivery, use: Use) -> None:
    with ImapServer(mails.postfix(delivery) + b"x" * 50_000_000) as server:
        use(server)
        assert run().startswith("1 mails, 1 applied")
        assert server.fetched == [500_000]


def test_a_mailbox_full_of_our_own_reports_comes_to_an_end(use: Use) -> None:
    """A loop: nothing here answers a mail, so nothing grows while it is read."""
    report = mails.postfix(sent(), recipient="bounces@example.org")
    with ImapServer(*[report] * 30) as server:
        use(server)
        assert run().startswith("30 mails, 1 applied, 0 kept, 0 early, 29 known")
    assert Event.objects.count() == 1


def test_a_line_that_breaks_keeps_what_was_read(delivery: Delivery, use: Use) -> None:
    with ImapServer(mails.postfix(delivery), mails.arf(sent())) as server:
        use(server)
        server.breaks_at = 2
        with pytest.raises(CommandError, match="127.0.0.1"):
            run()
        assert server.seen == {1}
        server.breaks_at = 0
        assert run().startswith("1 mails, 1 applied")


def test_a_refused_log_in_is_reported_without_the_password(use: Use) -> None:
    with ImapServer() as server:
        use(server, password="secret word")
        with pytest.raises(CommandError, match="wrong password") as caught:
            run()
    assert "secret word" not in str(caught.value)
    assert caught.value.returncode == 2


def test_a_mailbox_that_is_away_is_reported_in_a_line(use: Use) -> None:
    with ImapServer() as server:
        use(server)
    with pytest.raises(CommandError, match="127.0.0.1"):
        run()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mailbox_over_tls_is_read_when_its_certificate_is_trusted(
    delivery: Delivery,
    use: Use,
    security: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, _ = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    starttls = security == "starttls"
    with ImapServer(mails.postfix(delivery), tls=context, starttls=starttls) as server:
        use(server, security=security)
        assert run().startswith("1 mails, 1 applied")
        assert server.seen == {1}
        assert not any("LOGIN" in line for line in server.overheard)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("trusted", "made", "text"),
    [
        (False, {}, "certificate verify failed"),
        (True, {"name": "imap.example.org"}, "certificate verify failed: IP address mismatch"),
        (True, {"expired": True}, "certificate verify failed: certificate has expired"),
    ],
    ids=["unknown", "of another host", "expired"],
)
def test_a_mailbox_with_a_doubtful_certificate_gets_no_password(
    use: Use,
    security: str,
    trusted: bool,
    made: dict[str, Any],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, _ = certificate(tmp_path, **made)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with ImapServer(b"letter", tls=context, starttls=security == "starttls") as server:
        use(server, security=security)
        with pytest.raises(CommandError, match=f"127.0.0.1: .*{text}") as caught:
            run()
        assert not any("LOGIN" in line for line in server.overheard)
        assert server.seen == set()
    assert caught.value.returncode == 2


def test_a_mailbox_that_offers_no_tls_gets_no_password(use: Use) -> None:
    """STARTTLS that somebody on the way has removed is no reason to go on in the clear."""
    with ImapServer(b"letter") as server:
        use(server, security="starttls")
        with pytest.raises(CommandError, match="127.0.0.1: .*TLS"):
            run()
        assert not any("LOGIN" in line for line in server.overheard)


def test_a_plain_server_where_tls_is_expected_is_reported_in_a_line(use: Use) -> None:
    with ImapServer(b"letter") as server:
        use(server, security="tls")
        with pytest.raises(CommandError, match="127.0.0.1: "):
            run()
