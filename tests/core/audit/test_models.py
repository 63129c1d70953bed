"""What is written to rows is noted: which row, by whom, and each field before and after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.api.webhooks.models import Webhook
from apps.core.audit.acting import Acting, Kind, acting
from apps.core.audit.log import noted_as_one
from apps.core.audit.models import MOST
from apps.delivery.models import AccountState
from apps.mailings.models import Mailing, Message, Recipient, Segment, Tag
from apps.users.models import AuditEntry, User
from apps.users.tokens import issue
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    TagFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def entries(kind: str, act: str = "") -> list[AuditEntry]:
    """The entries about this kind of object, oldest first."""
    rows = AuditEntry.objects.filter(object_type=kind)
    return list((rows.filter(act=act) if act else rows).order_by("pk"))


def test_a_new_row_is_noted_with_what_it_says() -> None:
    tag = TagFactory.create(name="news")
    (entry,) = entries("mailings.tag")
    assert (entry.act, entry.object_id, entry.object_name) == ("created", tag.pk, "news")
    assert entry.changes == {"owner_id": [None, tag.owner_id], "name": [None, "news"]}


def test_only_changed_fields_are_noted_with_their_values_before_and_after() -> None:
    tag = TagFactory.create(name="news")
    tag.name = "fresh news"
    tag.save()
    (entry,) = entries("mailings.tag", "changed")
    assert entry.changes == {"name": ["news", "fresh news"]}
    tag.save()
    assert len(entries("mailings.tag", "changed")) == 1, "nothing was changed by the second save"


def test_a_deleted_row_is_noted_with_its_last_values_and_what_went_with_it() -> None:
    message = MessageFactory.create(name="Spring")
    message.translations.create(language="en", subject="Spring")
    pk = message.pk
    message.delete()
    (entry,) = entries("mailings.message", "deleted")
    assert (entry.object_id, entry.changes["name"]) == (pk, ["Spring", None])
    assert entry.details == {"with": {"mailings.MessageTranslation": 1}}


def test_a_deleted_recipient_is_not_named() -> None:
    person = RecipientFactory.create(email="anna@example.org", full_name="Anna")
    pk = person.pk
    person.delete()
    (entry,) = entries("mailings.recipient", "deleted")
    assert (entry.object_id, entry.object_name, entry.changes) == (pk, "", {})


def test_some_rows_written_at_once_are_noted_one_by_one() -> None:
    tags = TagFactory.create_batch(3)
    Tag.objects.filter(pk__in=[tags[0].pk, tags[1].pk]).update(for_mailout=True)
    found = entries("mailings.tag", "changed")
    assert [entry.object_id for entry in found] == [tags[0].pk, tags[1].pk]
    assert {str(entry.changes) for entry in found} == {"{'for_mailout': [False, True]}"}


def test_many_rows_written_at_once_are_one_entry_with_their_number() -> None:
    owner = UserFactory.create()
    rows = [Tag(owner=owner, name=f"t{number}") for number in range(MOST + 1)]
    Tag.objects.bulk_create(rows)
    Tag.objects.filter(owner=owner).update(for_mailout=True)
    Tag.objects.filter(owner=owner).delete()
    found = entries("mailings.tag")
    assert [entry.act for entry in found] == ["created", "changed", "deleted"]
    assert {(entry.count, entry.object_id) for entry in found} == {(MOST + 1, None)}


def test_a_computed_value_is_noted_as_it_was_stored() -> None:
    mailing = MailingFactory.create(priority=2)
    Mailing.objects.filter(pk=mailing.pk).update(priority=F("priority") + 3)
    (entry,) = entries("mailings.mailing", "changed")
    assert entry.changes == {"priority": [2, 5]}


def test_several_objects_saved_at_once_are_noted() -> None:
    first, second = TagFactory.create(name="a"), TagFactory.create(name="b")
    first.name, second.name = "c", "d"
    Tag.objects.bulk_update([first, second], ["name"])
    changed = [entry.changes["name"] for entry in entries("mailings.tag", "changed")]
    assert changed == [["a", "c"], ["b", "d"]]


def test_nothing_found_leaves_no_entry() -> None:
    assert Tag.objects.filter(name="none").update(name="other") == 0
    Tag.objects.filter(name="none").delete()
    assert entries("mailings.tag") == []


def test_what_the_program_keeps_up_to_date_is_not_noted() -> None:
    segment = Segment.objects.create(owner=UserFactory.create(), name="s", tree={})
    Segment.objects.filter(pk=segment.pk).update(counted=7, counted_at=timezone.now())
    segment.save(update_fields=["counted", "updated_at"])
    assert [entry.act for entry in entries("mailings.segment")] == ["created"]


def test_a_transactional_message_is_the_ledgers() -> None:
    mailing = MailingFactory.create(kind="transactional")
    mailing.priority = 3
    mailing.save()
    Mailing.objects.filter(pk=mailing.pk).update(priority=4)
    assert entries("mailings.mailing") == []


def test_what_the_engine_measures_of_an_account_is_not_noted() -> None:
    AccountState.objects.create(name="email")
    AccountState.objects.filter(name="email").update(failures=3, last_error="x")
    AccountState.objects.filter(name="email").update(state="disabled", failures=0)
    (entry,) = entries("delivery.accountstate", "changed")
    assert (entry.object_name, entry.changes) == ("email", {"state": ["ready", "disabled"]})


def test_no_secret_is_noted() -> None:
    user = User.objects.create_user("anna@example.org", "correct horse")
    user.set_password("battery staple")
    user.save()
    secret = issue(
        owner=user, name="t", scope="write", valid_for=timedelta(1), now=timezone.now()
    ).secret
    hook = Webhook.objects.create(
        owner=user,
        url="https://hooks.example/?token=abc",
        attempt_cursor=0,
        runs_reported_until=timezone.now(),
    )
    hidden = [user.password, secret, user.api_tokens.get().digest, hook.seed, "token=abc"]
    noted = str(list(AuditEntry.objects.values("object_name", "changes", "details")))
    assert [one for one in hidden if one in noted] == []
    changed = entries("users.user", "changed")[0].changes
    assert changed["password"] == ["•••", "•••"], "that it was changed is noted"


def test_of_a_structure_the_changed_entries_are_noted() -> None:
    person = RecipientFactory.create(attributes={"city": "Tver", "age": 7})
    person.attributes = {"city": "Omsk", "age": 7}
    person.save()
    (entry,) = entries("mailings.recipient", "changed")
    assert entry.changes == {"attributes.city": ["Tver", "Omsk"]}


def test_of_a_long_text_the_beginning_is_noted_to_the_end_of_a_word() -> None:
    message = MessageFactory.create(text="word " * 100)
    Message.objects.filter(pk=message.pk).update(text="anna@example.org" * 50)
    (entry,) = entries("mailings.message", "changed")
    before, after = entry.changes["text"]
    assert before.endswith("word… (500)") and len(before) < 320
    assert after == "… (800)", "half an address could not be found again"


def test_links_are_noted_from_either_end() -> None:
    mailing, tag = MailingFactory.create(), TagFactory.create()
    mailing.filter_tags.add(tag)
    mailing.filter_tags.clear()
    person = RecipientFactory.create(owner=mailing.owner)
    person.tags.add(tag)
    mailing.recipients.set([person])
    links = [entry.changes for entry in AuditEntry.objects.filter(details__has_key="links")]
    assert list(reversed(links)) == [
        {"filter_tags": [[], [tag.pk]]},
        {"filter_tags": [[tag.pk], []]},
        {"tags": [[], [tag.pk]]},
        {"recipients": [[], [person.pk]]},
    ]


def test_what_is_taken_back_leaves_no_entry() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        TagFactory.create()
        raise ZeroDivisionError
    assert entries("mailings.tag") == []


def test_who_acts_is_noted() -> None:
    anna = Acting(Kind.USER, 7, "anna@example.org", ip="192.0.2.1", client="Firefox")
    with acting(lambda: anna):
        TagFactory.create()
    TagFactory.create()
    by_anna, by_nobody = entries("mailings.tag")
    assert (by_anna.kind, by_anna.user_id, by_anna.name) == ("user", 7, "anna@example.org")
    assert (by_anna.ip, by_anna.client) == ("192.0.2.1", "Firefox")
    assert (by_nobody.kind, by_nobody.user_id, by_nobody.name) == ("system", None, "")


def test_an_act_of_many_writes_can_be_one_entry() -> None:
    with noted_as_one():
        RecipientFactory.create()
    assert not Recipient.objects.none() and entries("mailings.recipient") == []
