"""The page: a button, rows that fill in, and where each thing is fixed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.delivery.models import Preflight
from apps.mailings.models import Mailing
from tests.delivery.preflight.faults import faulty_mailing, looked_at
from tests.factories import ManagerFactory, RunFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


def page(mailing: Mailing, query: str = "", *, manager: bool = False) -> str:
    client = Client()
    client.force_login(ManagerFactory.create() if manager else mailing.owner)
    answer = client.get(f"{reverse('delivery:preflight', args=[mailing.pk])}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_asked_for_by_a_button_and_goes_on_in_the_background() -> None:
    mailing = mailing_to(1)
    client = Client()
    client.force_login(mailing.owner)
    url = reverse("delivery:preflight", args=[mailing.pk])
    assert "Run preflight" in client.get(url).content.decode()
    assert client.post(url).url == url  # type: ignore[attr-defined]
    made = Preflight.objects.get()
    assert (made.state, made.asked_by_id, made.findings) == ("waiting", mailing.owner_id, [])
    text = client.get(url).content.decode()
    assert "every 2s" in text and "0 of 18 checks done." in text and "Unsubscribe link" in text


def test_what_is_over_asks_for_itself_no_more_and_leads_to_the_places() -> None:
    mailing = faulty_mailing()
    looked_at(mailing)
    text = page(mailing)
    assert "every 2s" not in text
    assert "There is no server of the name in https://nohost.test/." in text
    for url in (
        reverse("messages:edit", args=[mailing.message_id]),
        reverse("mailings:edit", args=[mailing.pk]),
        reverse("senders:detail", args=[mailing.sender_id]),
    ):
        assert f'href="{url}"' in text


def test_it_says_when_the_mailing_has_changed_since() -> None:
    mailing = mailing_to(1)
    looked_at(mailing)
    assert "has changed since" not in page(mailing)
    mailing.ends_at += timedelta(days=1)
    mailing.save()
    assert "has changed since" in page(mailing)


def test_a_manager_reads_it_and_is_offered_no_button() -> None:
    mailing = faulty_mailing()
    looked_at(mailing)
    text = page(mailing, manager=True)
    assert "https://nohost.test/" in text
    assert "act-preflight" not in text and "Edit message" not in text


def test_what_a_run_was_started_with_is_read_a_year_later() -> None:
    mailing = mailing_to(1)
    kept = looked_at(mailing)
    run = RunFactory.create(mailing=mailing)
    Preflight.objects.filter(pk=kept.pk).update(run=run)
    mailing.message.html = "<p>Other</p>"
    mailing.message.save()
    looked_at(mailing)
    text = page(mailing, "?run=1")
    assert "Everybody gets a link to unsubscribe." in text and "act-preflight" not in text
    client = Client()
    client.force_login(mailing.owner)
    detail = client.get(reverse("mailings:run", args=[mailing.pk, 1])).content.decode()
    assert "/preflight/?run=1" in detail
    assert (
        client.get(f"{reverse('delivery:preflight', args=[mailing.pk])}?run=7").status_code == 404
    )


def test_hostile_texts_stay_texts() -> None:
    mailing = mailing_to(1)
    mailing.message.html = "<a href='https://x.test/&lt;script&gt;alert(1)&lt;/script&gt;'>x</a>"
    mailing.message.save()
    looked_at(mailing, ask_all=lambda urls, *_: {})
    assert "<script>alert(1)" not in page(mailing)
