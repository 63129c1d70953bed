"""The report of one mailing: in both languages, compared, and as a file."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.feedback.services.unsubscribe import unsubscribe
from tests.factories import AttemptFactory, DeliveryFactory, MailingFactory, RunFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def page_in(cast: Cast, url: str, language: str) -> str:
    return cast.client("owner").get(url, headers={"Accept-Language": language}).content.decode()


def test_a_kept_report_is_read_in_the_language_of_each_reader(cast: Cast) -> None:
    """The first look keeps it; the second comes from what is kept."""
    delivery = DeliveryFactory.create(
        run=cast.run, state="failed", code=550, response="5.1.1 no such user"
    )
    AttemptFactory.create(delivery=delivery, status="failure")
    url = reverse("reports:mailing", args=[cast.mailing.pk])
    for language, said in (("en", "Mailbox doesn’t exist"), ("ru", "Такого адреса нет")) * 2:
        assert said in page_in(cast, url, language), language
    for language, other in (("en", "Такого адреса нет"), ("ru", "Mailbox doesn’t exist")):
        assert other not in page_in(cast, url, language)


@pytest.mark.parametrize("name", ["home", "reports:list", "mailings:list", "recipients:list"])
def test_no_kept_page_speaks_the_language_of_another_reader(cast: Cast, name: str) -> None:
    url = reverse(name)
    english, russian = page_in(cast, url, "en"), page_in(cast, url, "ru")
    assert ">Home<" in english.replace("\n", "") or "Home" in english
    assert "Главная" in russian and "Главная" not in english
    assert "Главная" not in page_in(cast, url, "en")


def test_who_unsubscribed_by_its_messages_is_counted_once(cast: Cast) -> None:
    for _again in range(2):
        assert unsubscribe(delivery_id=cast.delivery.pk)
    other = DeliveryFactory.create(run=RunFactory.create())
    unsubscribe(delivery_id=other.pk)
    page = cast.client("owner").get(reverse("reports:mailing", args=[cast.mailing.pk]))
    assert page.context["counted"].unsubscribed == 1


def test_it_is_compared_with_the_ten_before_it(cast: Cast) -> None:
    for number in range(12):
        earlier = MailingFactory.create(owner=cast.owner, name=f"Earlier {number}")
        RunFactory.create(mailing=earlier, started_at=timezone.now(), sent=8, failed=2)
    RunFactory.create(mailing=MailingFactory.create(), started_at=timezone.now(), sent=999)
    last = MailingFactory.create(owner=cast.owner)
    RunFactory.create(mailing=last, started_at=timezone.now(), sent=9, failed=1)
    page = cast.client("owner").get(reverse("reports:mailing", args=[last.pk]))
    assert [line.mailing.name for line in page.context["compared"]][0] == "Earlier 11"
    assert len(page.context["compared"]) == 10
    average = page.context["average"]
    assert (average.sent, average.failed, average.rate) == (80, 20, 80.0)


def test_its_runs_are_exported(cast: Cast) -> None:
    url = reverse("reports:mailing_export", args=[cast.mailing.pk, "csv"])
    answer: Any = cast.client("owner").get(url)
    header, row = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert header.startswith("Run,Started,Finished,Audience,Sent,")
    # The cast's own run: 2 pending, 1 sending, 6 sent, 1 unknown.
    assert row.split(",")[3:13] == ["10", "6", "0", "0", "0", "0", "1", "3", "0", "85.7"]
    wrong = reverse("reports:mailing_export", args=[cast.mailing.pk, "exe"])
    assert cast.client("owner").get(wrong).status_code == 404
