"""A due mailing that cannot start says why, once, wherever one looks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import structlog
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from apps.delivery.models import AccountState
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing, Message, Recipient, Run
from apps.mailings.selectors.mailings import cards_of
from apps.reports.notifications import render
from apps.users.models import Notification
from tests.delivery.engine.conftest import Declare
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def nobody(mailing: Mailing) -> None:
    Recipient.objects.all().delete()


def account_down(mailing: Mailing) -> None:
    AccountState.objects.update_or_create(name="email", defaults={"state": "down"})


def unknown_account(mailing: Mailing) -> None:
    Mailing.objects.update(account="gone")


def wrong_channel(mailing: Mailing) -> None:
    Mailing.objects.update(channel="phone")


def broken_template(mailing: Mailing) -> None:
    """M15."""
    mailing.message.text = "{{ full_name"
    mailing.message.save()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (nobody, "audience_empty"),
        (account_down, "account_disabled"),
        (unknown_account, "account_unknown"),
        (wrong_channel, "channel_missing"),
        (broken_template, "template_syntax"),
    ],
)
def test_the_reason_is_kept_shown_and_noticed_once(
    spoil: Callable[[Mailing], None], code: str, declare: Declare, client: Client
) -> None:
    declare(kind="backend", url="django.core.mail.backends.locmem.EmailBackend")
    mailing = mailing_to(1)
    spoil(mailing)
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            DispatchService().dispatch_due()
            notify_owners(timezone.now())
    assert [line["code"] for line in logs if line["event"] == "due_mailing_refused"] == [code]

    mailing = Mailing.objects.select_related("owner").get(pk=mailing.pk)
    (card,) = cards_of([mailing], now=timezone.now())
    assert card.reason == code
    assert card.next_step.startswith("Can’t start:")
    (notification,) = Notification.objects.all()
    with translation.override("ru"):
        assert render(notification).text
    client.force_login(mailing.owner)
    page = client.get(reverse("mailings:detail", args=[mailing.pk])).content.decode()
    assert "Can’t start" in page or "не может" in page
    answer = json.loads(client.get(f"/api/mailings/{mailing.pk}/").content)
    assert answer["reason"] == code


def test_it_is_forgotten_when_the_mailing_starts(declare: Declare) -> None:
    mailing = mailing_to(1)
    account_down(mailing)
    DispatchService().dispatch_due()
    assert Mailing.objects.get().start_refusal["code"] == "account_disabled"
    AccountState.objects.update(state="ready")
    DispatchService().dispatch_due()
    assert Mailing.objects.get().start_refusal == {}


def test_after_its_end_the_reason_is_still_said() -> None:
    mailing = mailing_to(1)
    account_down(mailing)
    DispatchService().dispatch_due()
    mailing.refresh_from_db()
    (card,) = cards_of([mailing], now=mailing.ends_at)
    assert "is disabled" in card.next_step


def test_a_defect_that_one_message_meets_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, fine = mailing_to(1), mailing_to(1)

    def check(message: Message) -> None:
        if message.pk == broken.message_id:
            raise ValueError("a defect")

    monkeypatch.setattr("apps.delivery.engine.runs.languages.check_message", check)
    launched = DispatchService().dispatch_due()
    broken.refresh_from_db()
    runs = Run.objects.filter(pk__in=[one.run_id for one in launched])
    assert [run.mailing_id for run in runs] == [fine.pk]
    assert (broken.start_refusal or {})["code"] == "launch_broke"
