"""What a mailout made goes with it, and what it sends is what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.models import Mailing, Message, Tag
from tests.api.conftest import Voice
from tests.api.routers.test_compat_mailouts import LIST, mailout
from tests.factories import MailingFactory, RecipientFactory, RunFactory, TagFactory

pytestmark = pytest.mark.django_db


def make(anna: Voice, **fields: Any) -> Mailing:
    answer = anna.post(LIST, mailout(1, 2, **fields))
    assert answer.status_code == 201, answer.json()
    return Mailing.objects.get(pk=answer.json()["id"])


def test_a_deleted_mailout_takes_its_text_and_the_tags_it_invented(anna: Voice) -> None:
    TagFactory.create(owner=anna.user, name="own")
    mailing = make(anna, filter={"tags": ["own", "invented"], "operator_codes": []})
    assert anna.delete(f"{LIST}{mailing.pk}").status_code == 200
    assert not Message.objects.filter(pk=mailing.message_id).exists()
    assert [tag.name for tag in Tag.objects.filter(owner=anna.user)] == ["own"]


def test_what_others_use_stays(anna: Voice) -> None:
    mailing = make(anna, filter={"tags": ["shared", "held"], "operator_codes": []})
    MailingFactory.create(owner=anna.user, message=mailing.message).filter_tags.add(
        Tag.objects.get(name="shared")
    )
    RecipientFactory.create(owner=anna.user).tags.add(Tag.objects.get(name="held"))
    anna.delete(f"{LIST}{mailing.pk}")
    assert Message.objects.get(pk=mailing.message_id).archived_at is None
    assert {tag.name for tag in Tag.objects.all()} == {"shared", "held"}


def test_a_message_written_by_a_person_stays(anna: Voice) -> None:
    mailing = MailingFactory.create(owner=anna.user, channel="phone")
    anna.delete(f"{LIST}{mailing.pk}")
    assert Message.objects.filter(pk=mailing.message_id).exists()


def test_the_text_of_a_sent_mailout_is_archived_with_it(anna: Voice) -> None:
    mailing = make(anna)
    RunFactory.create(mailing=mailing, state="done", outcome="success", sent=1)
    anna.delete(f"{LIST}{mailing.pk}")
    assert Message.objects.get(pk=mailing.message_id).archived_at is not None


def test_a_completed_mailout_gets_no_other_text(anna: Voice) -> None:
    mailing = make(anna, text="As it was sent")
    RunFactory.create(mailing=mailing, state="done", outcome="success", sent=1)
    Mailing.objects.filter(pk=mailing.pk).update(status="completed")
    answer = anna.put(f"{LIST}{mailing.pk}", mailout(1, 2, text="Another"))
    assert (answer.status_code, answer.json()["code"]) == (409, "mailing_sent")
    assert anna.get(f"{LIST}{mailing.pk}").json()["text"] == "As it was sent"
    same = anna.put(f"{LIST}{mailing.pk}", mailout(1, 3, text="As it was sent"))
    assert same.status_code == 200
