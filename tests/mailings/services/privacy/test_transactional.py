"""Messages to one recipient go when their time is over, with everything that is only of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pydantic import ValidationError

from apps.core.deletion import uses
from apps.mailings.models import Attempt, Delivery, Mailing, Message, Recipient, Run, Suppression
from apps.mailings.services.privacy import transactional
from apps.mailings.services.privacy.retention import count_old, remove_old
from apps.users.models import AuditEntry
from config.privacy_settings import PrivacySettings
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    MessageFactory,
    RunFactory,
    SuppressionFactory,
    VariantFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=101)


@pytest.fixture(autouse=True)
def _for_a_hundred_days(settings: LazySettings) -> None:
    settings.TRANSACTIONAL_DAYS = 100


def sent(*, ended: Any = LONG_AGO, kind: str = "transactional", **fields: Any) -> Mailing:
    """A mailing with one run that ended then, and its one delivery with one attempt."""
    purpose = fields.pop("purpose", "service")
    mailing = MailingFactory.create(
        kind=kind,
        everyone=False,
        purpose=purpose,
        starts_at=ended - timedelta(hours=1),
        ends_at=ended,
        **fields,
    )
    run = RunFactory.create(mailing=mailing, state="done", finished_at=ended, sent=1)
    AttemptFactory.create(delivery=DeliveryFactory.create(run=run, state="sent"))
    return mailing


def removed() -> int:
    """How many went; as many as were counted before."""
    count = count_old("transactional", now=NOW)
    assert remove_old("transactional", now=NOW) == count
    return count


def test_they_go_with_their_history_and_the_person_stays() -> None:
    old, recent = sent(), sent(ended=NOW - timedelta(days=99))
    suppression = SuppressionFactory.create()
    people = Recipient.objects.count()
    assert removed() == 1
    assert [*Mailing.objects.all()] == [recent]
    for model in (Run, Delivery, Attempt):
        assert model.objects.count() == 1
    assert Recipient.objects.count() == people
    assert Suppression.objects.get() == suppression
    assert Message.objects.filter(pk=old.message_id).exists()
    entry = AuditEntry.objects.filter(act="cleaned").get()
    assert (entry.object_name, entry.count) == ("transactional", 1)


def test_others_stay() -> None:
    sent(kind="mailing")
    sent(purpose="confirmation")
    again = sent()
    RunFactory.create(mailing=again, number=2, state="paused")
    later = sent()
    later.runs.update(finished_at=NOW)
    assert removed() == 0
    assert Mailing.objects.count() == 4


def test_without_a_number_of_days_they_stay_for_ever(settings: LazySettings) -> None:
    settings.TRANSACTIONAL_DAYS = 0
    sent()
    assert removed() == 0


def test_any_number_goes_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactional, "_CHUNK", 2)
    for _number in range(5):
        sent()
    assert removed() == 5
    assert not Mailing.objects.exists()


def test_a_message_in_the_archive_that_nothing_else_uses_goes_as_well() -> None:
    gone, elsewhere, of_variant = (
        MessageFactory.create(archived_at=LONG_AGO) for _number in range(3)
    )
    for message in (gone, elsewhere, of_variant):
        sent(message=message, owner=message.owner)
    MailingFactory.create(message=elsewhere, owner=elsewhere.owner)
    VariantFactory.create(message=of_variant)
    assert removed() == 3
    left = Message.objects.filter(archived_at__isnull=False)
    assert {*left.values_list("pk", flat=True)} == {elsewhere.pk, of_variant.pk}


def test_a_message_that_is_still_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "use_sources", [lambda row: ["an automation"]])
    message = MessageFactory.create(archived_at=LONG_AGO)
    sent(message=message, owner=message.owner)
    assert removed() == 1
    assert Message.objects.filter(pk=message.pk).exists()


@pytest.mark.parametrize(("key", "days"), [("transactional", 99), ("notifications", 29)])
def test_what_is_still_asked_for_cannot_be_removed(key: str, days: int) -> None:
    with pytest.raises(ValidationError, match=f"must be 0, or {days + 1} or more"):
        PrivacySettings.model_validate({f"{key}_days": days})
    assert PrivacySettings.model_validate({f"{key}_days": days + 1})
