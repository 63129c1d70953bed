"""A probe goes through the real account, is read back over IMAP, and shows what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.delivery.channels.email.dkim import DkimKey, new_key
from apps.delivery.models import Probe
from apps.delivery.probes.reading import ProbeReading
from apps.delivery.probes.signatures import judged
from apps.mailings.models import Attempt, Delivery, Message, Run, Sender
from config.account_settings import AccountSettings
from config.named.seeds import SeedSettings
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.delivery.doctor.zone import RecordedDns
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    UserFactory,
    mailing_to,
)
from tests.imap_server import ImapServer
from tests.smtp_server import SmtpServer, say

pytestmark = pytest.mark.django_db

KEYS = [
    DkimKey("shop.ru", "rsa", new_key("rsa")[0]),
    DkimKey("shop.ru", "ed", new_key("ed25519")[0]),
]
DNS = RecordedDns({key.record_name: {"TXT": [key.record]} for key in KEYS})
PASSED = b"Authentication-Results: mx.receiver.test; dkim=pass header.d=shop.ru;\r\n spf=pass\r\n"
NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


@pytest.fixture
def smtp(settings: LazySettings) -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        fields = {"kind": "smtp", "host": "127.0.0.1", "port": running.port, "security": "none"}
        settings.ACCOUNTS = {
            "news": AccountSettings.model_validate({**fields, "from_email": "news@shop.ru"})
        }
        settings.DKIM_KEYS = {key.selector: key for key in KEYS}
        yield running


@pytest.fixture
def imap(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ImapServer]:
    """A mailbox over real TLS, with a folder for spam and one in which everything is once more."""
    context, _ = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with ImapServer(b"Subject: another\r\n\r\n", tls=context) as running:
        running.folders = {
            "All": ("\\All", {}),
            "Spam": ("\\Junk", {}),
            "Parent": ("\\Noselect", {}),
        }
        settings.SEEDS = {
            "box": SeedSettings(
                address="probe@receiver.test",
                imap_host="127.0.0.1",
                imap_port=running.port,
                imap_username="probe",
                imap_password="pass word",
            )
        }
        yield running


def send(message: Message, **more: str) -> Probe:
    client = Client()
    client.force_login(message.owner)
    form = {"message": message.pk, "account": "news", "seed": "box", **more}
    answer = client.post(f"{reverse('probes:list')}{more.pop('query', '')}", form)
    assert answer.status_code == 302, answer.content.decode()
    return Probe.objects.get()


def carry(smtp: SmtpServer, letters: dict[int, bytes], *, changed: bool = False) -> None:
    """What a receiver does: it puts the letter into a folder, with what it found."""
    (letter,) = (one.data for one in smtp.accepted)
    letters[7] = PASSED + (letter.replace(b"Hello", b"Hullo") if changed else letter)


def read(now: datetime = NOW) -> Probe:
    ProbeReading(DNS).run(now, lambda: False)
    return Probe.objects.get()


def page(probe: Probe) -> str:
    client = Client()
    client.force_login(probe.message.owner)
    return client.get(reverse("probes:detail", args=[probe.pk])).content.decode()


def test_a_probe_comes_back_with_folder_minutes_authentication_and_both_signatures(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    probe = send(MessageFactory.create())
    assert probe.state == "sent" and "every 5s" in page(probe)
    Probe.objects.update(sent_at=NOW - timedelta(seconds=90))
    carry(smtp, imap.letters)
    probe = read()
    assert (probe.state, probe.folder, probe.is_spam) == ("arrived", "INBOX", False)
    assert (probe.arrived_at, probe.minutes) == (NOW, 2)
    verdicts = [(one["selector"], one["verdict"]) for one in probe.signatures]
    assert verdicts == [("rsa", "pass"), ("ed", "pass")]
    text = page(probe)
    assert "mx.receiver.test; dkim=pass header.d=shop.ru; spf=pass" in text
    assert "INBOX" in text and "Valid" in text and "every 5s" not in text
    assert imap.seen == set()  # nothing was changed in the mailbox


def test_it_is_the_letter_of_an_audience_and_no_delivery(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    mailing = mailing_to(2, account="news")
    sender = Sender.objects.create(
        owner=mailing.owner, address="anna@shop.ru", confirmed_at=NOW, name="Anna"
    )
    probe = send(mailing.message, query=f"?mailing={mailing.pk}", sender=str(sender.pk))
    assert (probe.mailing, probe.run_number) == (mailing, 1)
    (one,) = smtp.accepted
    letter = message_from_bytes(one.data)
    assert letter["From"] == "Anna <anna@shop.ru>" and letter["To"] == "probe@receiver.test"
    assert letter["List-Unsubscribe-Post"] and letter["Precedence"] == "bulk"
    assert letter["List-Id"] == f"<owner-{mailing.owner_id}.shop.ru>"
    assert letter["Feedback-ID"].startswith(f"mailing-{mailing.pk}:")
    assert not Run.objects.exists() and not Delivery.objects.exists()
    assert not Attempt.objects.exists()


def test_nobodys_data_go_into_it(smtp: SmtpServer, imap: ImapServer) -> None:
    message = MessageFactory.create(text="Dear {{ full_name }}")
    RecipientFactory.create(owner=message.owner, full_name="Secret Person")
    send(message)
    (one,) = smtp.accepted
    assert b"Secret" not in one.data


def test_spam_is_called_so(smtp: SmtpServer, imap: ImapServer) -> None:
    probe = send(MessageFactory.create())
    carry(smtp, imap.folders["Spam"][1])
    carry(smtp, imap.folders["All"][1])
    probe = read()
    assert (probe.state, probe.folder, probe.is_spam) == ("arrived", "Spam", True)
    assert "Spam" in page(probe)


def test_a_letter_that_a_server_has_changed_has_no_valid_signature(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    probe = send(MessageFactory.create(text="Hello", html=""))
    carry(smtp, imap.letters, changed=True)
    probe = read()
    assert [one["verdict"] for one in probe.signatures] == ["fail", "fail"]
    assert "Invalid" in page(probe)


def test_a_key_that_is_not_published_and_dns_that_is_away_are_said(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    send(MessageFactory.create())
    (one,) = smtp.accepted
    assert {each["verdict"] for each in judged(one.data, RecordedDns({}))} == {"no_key"}
    assert {each["verdict"] for each in judged(one.data, RecordedDns(None))} == {"unknown"}
    assert judged(b"Subject: none\r\n\r\n", DNS) == []


def test_it_is_looked_for_less_and_less_and_given_up_after_an_hour(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    send(MessageFactory.create())
    Probe.objects.update(sent_at=NOW)
    assert read(NOW).looked_at == NOW
    assert read(NOW + timedelta(seconds=4)).looked_at == NOW
    later = NOW + timedelta(minutes=5)
    assert read(later).looked_at == later
    assert read(later + timedelta(seconds=20)).looked_at == later
    assert read(NOW + timedelta(minutes=61)).state == "missing"


def test_a_mailbox_that_refuses_is_said_without_its_password(
    smtp: SmtpServer, imap: ImapServer
) -> None:
    probe = send(MessageFactory.create())
    imap.password = "another"
    probe = read()
    assert probe.state == "sent" and "wrong password" in probe.error
    assert "pass word" not in page(probe)


def test_what_the_server_refuses_was_not_sent(smtp: SmtpServer, imap: ImapServer) -> None:
    smtp.on("RCPT", say("550 5.7.1 policy"), to="probe@receiver.test")
    probe = send(MessageFactory.create())
    assert probe.state == "failed" and "policy" in probe.error


def test_what_was_refused_before_leaves_nothing(smtp: SmtpServer, imap: ImapServer) -> None:
    message = MessageFactory.create()
    other = MessageFactory.create()
    client = Client()
    client.force_login(message.owner)
    url = reverse("probes:list")
    unconfirmed = Sender.objects.create(owner=message.owner, address="new@shop.ru")
    forms = [
        {"message": other.pk, "account": "news", "seed": "box"},
        {"message": message.pk, "account": "news", "seed": "nobody"},
        {"message": message.pk, "account": "news", "seed": "box", "sender": unconfirmed.pk},
    ]
    for form in forms:
        assert client.post(url, form).status_code == 200
    assert not Probe.objects.exists() and not smtp.accepted


def test_without_a_mailbox_the_page_shows_the_lines_to_add(settings: LazySettings) -> None:
    settings.SEEDS = {}
    client = Client()
    client.force_login(UserFactory.create())
    assert "SEEDS__GMAIL__IMAP_HOST=" in client.get(reverse("probes:list")).content.decode()


def test_a_mailbox_that_is_gone_from_env_ends_the_look(
    smtp: SmtpServer, imap: ImapServer, settings: LazySettings
) -> None:
    send(MessageFactory.create())
    settings.SEEDS = {}
    probe = read()
    assert probe.state == "missing" and "no longer in .env" in page(probe)


def test_another_users_probe_is_not_seen(smtp: SmtpServer, imap: ImapServer) -> None:
    probe = send(MessageFactory.create())
    client = Client()
    client.force_login(UserFactory.create())
    assert client.get(reverse("probes:detail", args=[probe.pk])).status_code == 404
    assert "box · news" not in client.get(reverse("probes:list")).content.decode()


def test_the_page_asks_again_when_something_is_missing(imap: ImapServer, client: Client) -> None:
    mailing = MailingFactory.create()
    client.force_login(mailing.owner)
    page = client.get("/probes/", {"mailing": str(mailing.pk)}).content.decode()
    assert f'value="{mailing.message_id}" selected' in page
    assert client.get("/probes/", {"message": str(mailing.message_id)}).status_code == 200
    assert client.post("/probes/", {"message": str(mailing.message_id)}).status_code == 200
    assert not Probe.objects.exists()
