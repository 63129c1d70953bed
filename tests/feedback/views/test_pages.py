"""Events after sending, as people see it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Event
from apps.mailings.models import Delivery
from apps.users.notifications import NewNotification, notify

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(delivery: Delivery) -> Client:
    client = Client()
    client.force_login(delivery.run.mailing.owner)
    return client


def test_the_events_of_a_delivery_stand_on_its_page(owner: Client, delivery: Delivery) -> None:
    for number in range(3):
        Event.objects.create(
            provider="esp",
            event_id=str(number),
            kind="bounced",
            delivery=delivery,
            facts={"status": "5.1.1", "words": "<b onclick=x>no such user</b>"},
            received_at=timezone.now(),
        )
    mailing, run = delivery.run.mailing, delivery.run
    url = f"/deliveries/{delivery.pk}/news/"
    detail = owner.get(f"/mailings/{mailing.pk}/runs/{run.number}/deliveries/{delivery.pk}/")
    assert f'hx-get="{url}"' in detail.content.decode()
    for headers in ({}, {"HX-Request": "true"}):
        page = owner.get(url, headers=headers).content.decode()
        assert page.count("&lt;b onclick=x&gt;no such user") == 3
        assert ("<html" in page) is not bool(headers)


def test_a_complaint_notifies_the_owner(owner: Client, delivery: Delivery) -> None:
    mailing = delivery.run.mailing
    facts = {"mailing": mailing.pk, "name": mailing.name, "recipient": "anna@example.org"}
    notify([NewNotification(mailing.owner_id, "complained", "k", facts)])
    page = owner.get("/notices/").content.decode()
    assert f"anna@example.org has complained about “{mailing.name}”" in page
