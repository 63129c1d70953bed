"""System emails: what they say is no template, and in a user's name the user's rights hold."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.delivery.engine.system_messages import send_once
from apps.delivery.models import SystemMessage
from apps.mailings.models import SendingPause
from apps.mailings.services.privacy.retention import count_old, remove_old
from config.account_settings import AccountSettings
from config.rules.sending import users_of
from tests.factories import UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _accounts(settings: LazySettings) -> None:
    fields: dict[str, Any] = {"kind": "outbox", "from_email": "robot@mail.example.org"}
    account = AccountSettings.model_validate(fields)
    settings.ACCOUNTS = {"email": account, "granted": account}
    settings.ACCOUNT_USERS = {"granted": users_of("boss@example.org")}


def sent(owner_id: int = 0, account: str = "email") -> str:
    subject = "Your address: {{ email }} {% if 1 %}"
    return send_once(
        "k",
        account=account,
        address="a@example.org",
        subject=subject,
        text="Hello",
        owner_id=owner_id,
    )


def test_braces_in_a_name_are_only_braces(settings: LazySettings) -> None:
    assert sent() == "sent"
    (file,) = Path(settings.OUTBOX_DIR).glob("*.eml")
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["Subject"] == "Your address: {{ email }} {% if 1 %}"


def test_nothing_leaves_in_the_name_of_somebody_whose_sending_is_paused() -> None:
    owner = UserFactory.create()
    SendingPause.objects.create(owner=owner, reason="bounce_rate", began_at=timezone.now())
    assert sent(owner.pk) == "unsent"
    assert SystemMessage.objects.get().response == "@refused sending_paused"


def test_nothing_leaves_by_an_account_that_the_user_has_not() -> None:
    assert sent(UserFactory.create().pk, "granted") == "unsent"
    assert SystemMessage.objects.get().response.startswith("@refused account_not_granted")


def test_what_was_sent_long_ago_is_forgotten(settings: LazySettings) -> None:
    settings.NOTIFICATIONS_DAYS = 30
    sent()
    month = timezone.now() + timedelta(days=31)
    assert count_old("system_messages", now=timezone.now()) == 0
    assert count_old("system_messages", now=month) == remove_old("system_messages", now=month) == 1
    assert not SystemMessage.objects.exists()
