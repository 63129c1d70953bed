"""The page of the sending accounts and the doctor say what was learned of their servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from apps.core.contracts import Learned
from apps.delivery.doctor.sending import look_at_accounts
from apps.delivery.models import AccountState
from apps.delivery.server_behavior import keep, known
from config.account_settings import AccountSettings
from tests.factories import ManagerFactory
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


def card(settings: LazySettings, *, setting: Any = "auto", **row: object) -> str:
    settings.ACCOUNTS = {
        "email": AccountSettings(kind="smtp", host="mx.example.org", port=25, pipelining=setting)
    }
    AccountState.objects.update_or_create(
        name="email", defaults={"server": "mx.example.org:25", "learned_at": timezone.now(), **row}
    )
    client = Client()
    client.force_login(ManagerFactory.create())
    return client.get("/management/accounts/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize(
    ("learned", "setting", "text"),
    [
        ("", "auto", "not known yet"),
        ("full", "auto", "go out together with a message"),
        ("envelope", "auto", "at once: the server does not bear more"),
        ("envelope", "full", "at once: the server does not bear more"),
        ("cautious", "auto", "it is not known whether the server bears more"),
        ("off", "auto", "one command at a time: the server does not bear more"),
        ("none", "auto", "one command at a time: the server offers no more"),
        ("full", "envelope", "the commands of one message at once (set in .env)"),
        ("full", "off", "one command at a time (set in .env)"),
    ],
)
def test_how_much_is_written_at_once_is_said(
    settings: LazySettings, learned: str, setting: str, text: str
) -> None:
    assert text in card(settings, setting=setting, pipelining=learned)


def test_how_many_letters_a_connection_takes_is_said(settings: LazySettings) -> None:
    assert "no limit known" in card(settings)
    page = card(settings, letters_per_connection=1000)
    assert "Messages per connection" in page and "1,000" in page


@pytest.mark.parametrize(
    "row",
    [
        {"server": "old.example.org:25"},
        {"learned_at": timezone.now() - timedelta(days=31)},
        {"learned_at": None},
    ],
)
def test_what_no_longer_holds_is_forgotten(settings: LazySettings, row: dict[str, Any]) -> None:
    page = card(settings, pipelining="off", letters_per_connection=7, **row)
    assert "not known yet" in page and "no limit known" in page
    assert known("email", "mx.example.org:25").pipelining == ""


def test_the_doctor_shows_it_too(settings: LazySettings) -> None:
    with SmtpServer() as server:
        settings.ACCOUNTS = {
            "email": AccountSettings(
                kind="smtp", host="127.0.0.1", port=server.port, security="none"
            )
        }
        assert "pipelining: not known yet" in next(look_at_accounts({})).words
        keep("email", f"127.0.0.1:{server.port}", Learned("envelope", 100))
        logged = next(look_at_accounts({})).words

    assert "the server does not bear more" in logged
    assert "100 messages per connection" in logged
