"""A program names the sender of a mailing, and of a message to one recipient."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.models import Mailing, Sender
from tests.api.conftest import Voice
from tests.factories import MessageFactory

pytestmark = pytest.mark.django_db
LIST = "/api/mailings/"


def sender(anna: Voice, *, confirmed: bool = True) -> Sender:
    at = timezone.now() if confirmed else None
    assert anna.user is not None
    return Sender.objects.create(owner=anna.user, address="news@shop.ru", confirmed_at=at)


def test_a_mailing_is_from_the_sender_that_is_named(anna: Voice) -> None:
    message, one = MessageFactory.create(owner=anna.user), sender(anna)
    given = {
        "name": "A",
        "message_id": message.pk,
        "everyone": True,
        "ends_at": "2030-01-31T18:00Z",
    }
    answer = anna.post(LIST, {**given, "scheduled": False, "sender_id": one.pk})
    assert (answer.status_code, answer.json()["sender_id"]) == (201, one.pk)
    Sender.objects.update(confirmed_at=None)
    refused = anna.post(LIST, {**given, "scheduled": False, "sender_id": one.pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "sender_unconfirmed")
    unknown = anna.post(LIST, {**given, "scheduled": False, "sender_id": 999_999})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "sender_unfit")


@pytest.mark.parametrize(("confirmed", "status"), [(True, 202), (False, 409)])
def test_a_message_to_one_is_from_the_sender_that_is_named(
    anna: Voice, confirmed: bool, status: int
) -> None:
    message, one = MessageFactory.create(owner=anna.user), sender(anna, confirmed=confirmed)
    call = {"message": message.pk, "email": "x@example.org", "sender": one.pk}
    assert anna.post("/api/send", call).status_code == status
    assert Mailing.objects.filter(kind="transactional", sender=one).exists() is confirmed
