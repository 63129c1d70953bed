"""The site's own mails go by the same SMTP client as mailings, with its log-in and its name."""

from __future__ import annotations

import smtplib
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail

from config.account_settings import AccountSettings
from tests.smtp_server import Behavior, SmtpServer, say

BACKEND = "apps.delivery.email_backend.SiteMailBackend"


def serve(settings: LazySettings, server: SmtpServer, **more: Any) -> None:
    settings.EMAIL_BACKEND = BACKEND
    settings.EMAIL_TIMEOUT = 5
    settings.SITE_MAIL = AccountSettings(
        kind="smtp", host="127.0.0.1", port=server.port, security="none", **more
    )


def test_a_mail_of_the_site_arrives_whole(settings: LazySettings) -> None:
    with SmtpServer() as server:
        serve(settings, server, ehlo_name="mail.example.org")
        mail = EmailMultiAlternatives(
            "Подтвердите адрес", "Привет.\n.\nТочка.", "Вестник <news@example.org>"
        )
        mail.to = ["Анна <anna@пример.рф>"]
        mail.attach_alternative("<p>Привет</p>", "text/html")
        assert mail.send() == 1
    (got,) = server.accepted
    assert server.commands[0].split()[1] == b"mail.example.org"
    assert (got.sender, got.recipient) == (b"news@example.org", b"anna@xn--e1afmkfd.xn--p1ai")
    parsed = message_from_bytes(got.data, policy=policy.default)
    assert parsed["Subject"] == "Подтвердите адрес"
    text = parsed.get_body(("plain",))
    assert text is not None and text.get_content().splitlines() == ["Привет.", ".", "Точка."]


def test_it_logs_in_by_an_access_token(settings: LazySettings, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("good", encoding="utf-8")
    with SmtpServer(Behavior(auth=("XOAUTH2",), user="news", password="good")) as server:
        serve(settings, server, username="news", oauth_token_file=str(file))
        assert send_mail("a", "b", "news@example.org", ["anna@example.org"]) == 1


def test_a_refusal_is_raised_unless_it_is_to_be_silent(settings: LazySettings) -> None:
    with SmtpServer() as server:
        serve(settings, server)
        server.on("RCPT", say("550 5.1.1 no such user"))
        with pytest.raises(smtplib.SMTPException, match="no such user"):
            send_mail("a", "b", "news@example.org", ["anna@example.org"])
        sent = send_mail("a", "b", "news@example.org", ["anna@example.org"], fail_silently=True)
        assert sent == 0


def test_nobody_to_write_to_is_no_mail(settings: LazySettings) -> None:
    with SmtpServer() as server:
        serve(settings, server)
        assert get_connection().send_messages([EmailMultiAlternatives("a", "b")]) == 0
    assert server.accepted == []
