"""Another Django site's mail through the ledger."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from email.mime.image import MIMEImage
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection, send_mail
from django.utils import timezone

from apps.delivery.service import service
from apps.mailings.models import Delivery, Mailing, Message, Run, Sender
from apps.users.models import User
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import SuppressionFactory

__all__ = ["declare"]


@pytest.fixture
def site(
    client_package: Any, live_server: Any, settings: LazySettings, token: str, declare: Declare
) -> Any:
    """The settings of a site that sends by us, which has one more than ours."""
    declare()
    settings.EMAIL_BACKEND = "vestnik_client.django.EmailBackend"
    setting: Any = settings
    setting.VESTNIK = {"URL": live_server.url, "TOKEN": token, "SENDER": "account"}
    return settings


def sent_files(settings: LazySettings) -> list[Any]:
    for run in Run.objects.order_by("pk"):
        service.work_until(run.pk, threading.Event())
    files = sorted(Path(settings.OUTBOX_DIR).rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_a_mail_arrives_whole_and_stands_in_the_ledger(site: Any) -> None:
    mail = EmailMultiAlternatives(
        "Order {{ 7 }}", "Hello {% if %} & you", "shop@example.org", ["Anna <anna@example.org>"]
    )
    mail.attach_alternative("<p>Hello {{ name }} &amp; you</p>", "text/html")
    mail.attach("bill.pdf", b"%PDF-1", "application/pdf")
    mail.attach("note.txt", "Thanks")
    named = MIMEText("a;b", "csv")
    named.add_header("Content-Disposition", "attachment", filename="rows.csv")
    mail.attach(named)
    assert mail.send() == 1
    (letter,) = sent_files(site)
    assert (letter["Subject"], letter["To"]) == ("Order {{ 7 }}", "anna@example.org")
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert "Hello {% if %} & you" in text.get_content()
    assert "Hello {{ name }} &amp; you" in html.get_content()
    names = [part.get_filename() for part in letter.iter_attachments()]
    assert names == ["bill.pdf", "note.txt", "rows.csv"]
    delivery = Delivery.objects.select_related("run__mailing").get()
    assert (delivery.state, delivery.run.mailing.purpose) == ("sent", Mailing.Purpose.SERVICE)
    assert Message.objects.get().archived_at is not None


def test_each_address_gets_a_letter_of_its_own(site: Any) -> None:
    mail = EmailMessage("a", "<b>b</b>", to=["a@example.org", "b@example.org"])
    mail.cc, mail.bcc, mail.content_subtype = ["c@example.org"], ["a@example.org"], "html"
    assert mail.send() == 1
    letters = sent_files(site)
    assert sorted(letter["To"] for letter in letters) == [
        "a@example.org",
        "b@example.org",
        "c@example.org",
    ]
    assert not any(letter["Cc"] or letter["Bcc"] for letter in letters)
    assert EmailMessage("a", "b").send() == 0


def test_a_key_makes_it_one_mail(site: Any) -> None:
    for header in ("Idempotency-Key", "message-id"):
        for _ in range(2):
            mail = EmailMessage("a", "b", to=["a@example.org"], headers={header: f"<{header}>"})
            assert mail.send() == 1
    assert Delivery.objects.count() == 2
    assert send_mail("a", "b", None, ["a@example.org"]) == 1
    assert Delivery.objects.count() == 3


def test_a_refused_address_keeps_nobody_else_from_theirs(site: Any, anna: User) -> None:
    SuppressionFactory.create(owner=anna, address="off@example.org", reason="bounced")
    client_error = "suppressed"
    mail = EmailMessage("a", "b", to=["off@example.org", "on@example.org"])
    with pytest.raises(Exception, match=client_error):
        mail.send()
    assert [one.address for one in Delivery.objects.all()] == ["on@example.org"]
    silent = EmailMessage("a", "b", to=["off@example.org"])
    assert silent.send(fail_silently=True) == 0
    keyed = EmailMessage("a", "b", to=["off@example.org"], headers={"Idempotency-Key": "k"})
    for _ in range(2):
        with pytest.raises(Exception, match=client_error):
            keyed.send()
    assert Message.objects.filter(archived_at=None).count() == 1


def test_from_names_a_confirmed_sender(site: Any, anna: User) -> None:
    shop = Sender.objects.create(
        owner=anna, name="Shop", address="shop@example.org", confirmed_at=timezone.now()
    )
    Sender.objects.create(owner=anna, name="New", address="new@example.org")
    site.VESTNIK = {**site.VESTNIK, "SENDER": None}
    mails = [EmailMessage("a", "b", "Me <Shop@example.org>", [f"{n}@example.org"]) for n in "ab"]
    assert get_connection().send_messages(mails) == 2
    site.VESTNIK = {**site.VESTNIK, "SENDER": shop.pk}
    assert send_mail("a", "b", "other@example.org", ["c@example.org"]) == 1
    assert {one.sender_id for one in Mailing.objects.all()} == {shop.pk}
    site.VESTNIK = {**site.VESTNIK, "SENDER": None}
    with pytest.raises(Exception, match="No confirmed sender has the address new@example.org"):
        send_mail("a", "b", "new@example.org", ["c@example.org"])


def test_what_is_not_sent_is_refused_or_left_out(site: Any) -> None:
    picture = MIMEImage(b"GIF89a", "gif")
    picture.add_header("Content-ID", "<logo>")
    odd = EmailMultiAlternatives("a", "b", to=["a@example.org"])
    odd.attach_alternative("BEGIN:VCALENDAR", "text/calendar")
    rich = EmailMessage("a", "b", to=["a@example.org"])
    rich.content_subtype = "enriched"
    mails = {
        "Reply-To": EmailMessage("a", "b", to=["a@example.org"], reply_to=["b@example.org"]),
        "X-Priority": EmailMessage("a", "b", to=["a@example.org"], headers={"X-Priority": "1"}),
        "inside the letter": EmailMessage("a", "b", to=["a@example.org"], attachments=[picture]),
        "text/calendar": odd,
        "text/enriched": rich,
    }
    for reason, mail in mails.items():
        with pytest.raises(Exception, match=reason):
            mail.send()
    assert not Message.objects.exists()
    site.VESTNIK = {**site.VESTNIK, "IGNORE_UNSUPPORTED": True}
    with get_connection() as connection:
        assert connection.send_messages(list(mails.values())) == len(mails)
        assert connection.open() is False


def test_without_an_address_of_the_installation_nothing_is_sent(site: Any) -> None:
    site.VESTNIK = {"URL": site.VESTNIK["URL"]}
    with pytest.raises(Exception, match="needs a URL and a TOKEN"):
        send_mail("a", "b", None, ["a@example.org"])
    assert send_mail("a", "b", None, ["a@example.org"], fail_silently=True) == 0
    site.VESTNIK = {"URL": "http://127.0.0.1:9", "TOKEN": "vst_x", "SENDER": "account"}
    with pytest.raises(Exception, match="refused|Connect"):
        send_mail("a", "b", None, ["a@example.org"])
