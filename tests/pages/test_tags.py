"""Tags are renamed, merged and deleted; the recipients and the mailings keep what they had."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.mailings.models import RecipientTag, Tag
from tests.factories import MailingFactory, RecipientFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db


def act(client: Client, tag: Tag, **data: object) -> int:
    return client.post(f"/recipients/tags/{tag.pk}/", data, follow=True).status_code


def test_a_tag_gets_another_name_unless_it_is_taken(client: Client) -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    TagFactory.create(owner=owner, name="taken")
    client.force_login(owner)

    act(client, tag, act="rename", name="  new   name ")
    act(client, tag, act="rename", name="taken")
    act(client, tag, act="rename", name=" ")

    tag.refresh_from_db()
    assert tag.name == "new name"


def test_two_tags_become_one(client: Client) -> None:
    owner = UserFactory.create()
    tag, into = TagFactory.create_batch(2, owner=owner)
    both, one = RecipientFactory.create_batch(2, owner=owner)
    for recipient, tags in ((both, (tag, into)), (one, (tag,))):
        for each in tags:
            RecipientTag.objects.create(recipient=recipient, tag=each)
    mailing = MailingFactory.create(owner=owner, everyone=False)
    mailing.filter_tags.add(tag)
    client.force_login(owner)

    act(client, tag, act="merge", into=into.pk)

    assert set(into.recipients.all()) == {both, one}
    assert list(mailing.filter_tags.all()) == [into]
    assert not Tag.objects.filter(pk=tag.pk).exists()


def test_a_tag_is_never_merged_into_somebody_elses(client: Client) -> None:
    tag, foreign = TagFactory.create(), TagFactory.create()
    client.force_login(tag.owner)
    assert act(client, tag, act="merge", into=foreign.pk) == 404
    assert act(client, tag, act="merge", into=tag.pk) == 200
    assert Tag.objects.filter(pk=tag.pk).exists()


def test_a_deleted_tag_leaves_the_recipients(client: Client) -> None:
    tag = TagFactory.create()
    recipient = RecipientFactory.create(owner=tag.owner)
    RecipientTag.objects.create(recipient=recipient, tag=tag)
    client.force_login(tag.owner)
    act(client, tag, act="delete")
    recipient.refresh_from_db()
    assert not recipient.tags.exists()
