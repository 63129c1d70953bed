"""The review: what is about to be sent, and the only place where a draft is scheduled or sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Mailing, Run
from tests.factories import MailingFactory, RecipientFactory
from tests.mailings.views.test_mailing_forms import create
from tests.markup import dense
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast) -> Mailing:
    start = timezone.now() + timedelta(days=1)
    return MailingFactory.create(
        owner=cast.owner,
        everyone=True,
        scheduled_at=None,
        starts_at=start,
        ends_at=start + timedelta(days=1),
    )


def review(client: Client, mailing: Mailing) -> Any:
    return client.get(reverse("mailings:review", args=[mailing.pk]))


def test_the_form_leads_to_the_review_when_that_is_asked_for(cast: Cast) -> None:
    answer = create(cast, everyone="True", review="1")
    mailing = Mailing.objects.get(name="Весна")
    assert answer.url == reverse("mailings:review", args=[mailing.pk])
    assert create(cast, name="Лето", everyone="True").url != answer.url
    assert not Run.objects.filter(mailing__owner=cast.owner, mailing=mailing).exists()


def test_it_says_to_how_many_and_when_and_offers_both_ways(cast: Cast, draft: Mailing) -> None:
    RecipientFactory.create(owner=cast.owner)
    page = dense(review(cast.client("owner"), draft).content.decode())
    assert "Send now to 2" in page and "Schedule for" in page
    assert f'action="/mailings/{draft.pk}/resume/"' in page
    assert 'name="early" value="1"' in page
    assert draft.message.subject in page
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_draft_is_scheduled_by_the_review_alone(cast: Cast, draft: Mailing) -> None:
    cast.client("owner").post(reverse("delivery:resume", args=[draft.pk]))
    draft.refresh_from_db()
    assert draft.scheduled
    page = dense(review(cast.client("owner"), draft).content.decode())
    assert "Schedule for" not in page and "Send now to" in page


def test_a_start_that_has_come_can_only_be_sent(cast: Cast) -> None:
    now = MailingFactory.create(owner=cast.owner, everyone=True, scheduled_at=None)
    page = dense(review(cast.client("owner"), now).content.decode())
    assert "Send now to" in page and "Schedule for" not in page
    assert 'name="early"' not in page


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"everyone": False}, "Choose the recipients"),
        ({"is_active": False}, "disabled"),
        ({"account": "nobody"}, "nobody"),
    ],
)
def test_what_forbids_the_sending_stands_in_place_of_the_buttons(
    cast: Cast, draft: Mailing, fields: dict[str, Any], text: str
) -> None:
    Mailing.objects.filter(pk=draft.pk).update(**fields)
    page = dense(review(cast.client("owner"), draft).content.decode())
    assert text in page and 'role="alert"' in page
    assert "Send now to" not in page and "Schedule for" not in page


def test_an_end_that_has_passed_is_set_anew(cast: Cast) -> None:
    past = timezone.now() - timedelta(days=2)
    over = MailingFactory.create(
        owner=cast.owner, scheduled_at=None, starts_at=past, ends_at=past + timedelta(days=1)
    )
    page = review(cast.client("owner"), over).content.decode()
    assert "The sending window has ended" in page and 'id="act-send"' not in page


def test_above_ten_thousand_the_number_is_typed_here_too(
    cast: Cast, draft: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mailings.services.reach.VERY_LARGE", 0)
    assert 'name="typed"' in review(cast.client("owner"), draft).content.decode()


def test_what_has_been_launched_has_no_review(cast: Cast) -> None:
    answer = review(cast.client("owner"), cast.mailing)
    assert answer.status_code in (200, 302)
    Mailing.objects.filter(pk=cast.mailing.pk).update(status="running")
    assert review(cast.client("owner"), cast.mailing).status_code == 302


def test_looking_starts_nothing(cast: Cast, draft: Mailing) -> None:
    dispatcher = RecordingDispatcher()
    with dispatching(dispatcher):
        review(cast.client("owner"), draft)
    assert dispatcher.calls == []
