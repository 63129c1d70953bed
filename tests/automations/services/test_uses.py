"""What a live automation uses is neither deleted nor archived; the places are named."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.automations.services import automations
from apps.core.deletion.cascade import Cascade
from apps.core.deletion.uses import StillUsed
from apps.core.services import BaseCRUDService
from apps.mailings.models import Message, Segment, Sender, Tag
from apps.mailings.services.messages import MessageService
from apps.mailings.services.permission.lists import ListService
from apps.mailings.services.segmentation.segments import SegmentService
from apps.mailings.services.senders import SenderService
from apps.mailings.services.tags import TagService, merge_tag
from apps.users.models import User
from tests.automations.stage import Stage, leaving, letter, staged, tagging, waiting
from tests.factories import MailingListFactory, MessageFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory.create()


def refused(service: BaseCRUDService[Any], row: Any) -> str:
    with pytest.raises(StillUsed) as caught:
        service.remove(row, now=timezone.now())
    return str(caught.value)


def test_a_message_a_tag_and_a_list_are_named_with_their_steps(owner: User) -> None:
    tag, found = TagFactory.create(owner=owner), MailingListFactory.create(owner=owner)
    stage = staged(
        letter(owner),
        tagging(tag),
        {"kind": "act", "key": "off", "act": "unsubscribe", "list": found.pk},
        owner=owner,
    )
    message = Message.objects.get(pk=stage.automation.draft["steps"][0]["message"])
    name = f"automation “Welcome” (id:{stage.automation.pk}), "
    assert refused(MessageService(owner), message) == f"It is still used: {name}letter."
    assert refused(TagService(owner), tag) == f"It is still used: {name}tag."
    assert refused(ListService(owner), found) == f"It is still used: {name}off."
    with pytest.raises(StillUsed):
        merge_tag(tag=tag, into=TagFactory.create(owner=owner))
    assert Tag.objects.filter(pk=tag.pk).exists()


def test_what_triggers_goals_and_conditions_ask_about(owner: User) -> None:
    found, tag = MailingListFactory.create(owner=owner), TagFactory.create(owner=owner)
    tree = {"version": 1, "root": {"field": "tag", "op": "any_of", "value": [tag.pk]}}
    on = {"version": 1, "root": {"field": "list", "op": "subscribed", "value": [found.pk]}}
    segment = Segment.objects.create(owner=owner, name="S", tree=on)
    staged(
        {"kind": "condition", "key": "look", "tree": tree},
        owner=owner,
        trigger={"kind": "segment", "segment": segment.pk},
        exits={"goal": on},
    )
    assert "look" in refused(TagService(owner), tag)
    assert "exits" in refused(ListService(owner), found)
    assert "trigger" in refused(SegmentService(owner), segment)


def test_a_shared_sender_names_no_automation_of_others(owner: User) -> None:
    shared = Sender.objects.create(
        owner=UserFactory.create(),
        name="A",
        address="a@example.org",
        shared=True,
        confirmed_at=timezone.now(),
    )
    staged(letter(owner, sender=shared.pk), owner=owner)
    text = refused(SenderService(shared.owner), shared)
    assert text == "It is still used: an automation of another user."
    assert "Welcome" not in text


def ended(stage: Stage) -> None:
    automations.stop(automation=stage.automation, now=stage.now)
    stage.turn(minutes=2)


def test_only_what_is_alive_holds_it(owner: User) -> None:
    tag = TagFactory.create(owner=owner)
    service = TagService(owner)
    stage = staged(waiting(seconds=60), tagging(tag), owner=owner)
    stage.enrolled()
    automations.pause(automation=stage.automation)
    assert "tag" in refused(service, tag)
    automations.resume(automation=stage.automation)
    automations.stop(automation=stage.automation, now=stage.now)
    assert "tag" in refused(service, tag)  # somebody is still inside
    stage.turn(minutes=1)
    stage.turn(minutes=2)
    assert service.remove(tag, now=timezone.now())


def test_an_older_version_holds_it_as_long_as_somebody_is_inside(owner: User) -> None:
    tag = TagFactory.create(owner=owner)
    stage = staged(waiting(seconds=60), tagging(tag), owner=owner)
    stage.enrolled()
    stage.automation.draft = stage.automation.draft | {"steps": [leaving()]}
    stage.automation.save()
    automations.activate(automation=stage.automation, now=stage.now)
    assert "tag" in refused(TagService(owner), tag)
    stage.turn()
    stage.turn(minutes=2)
    assert TagService(owner).remove(tag, now=timezone.now())


def test_a_draft_holds_nothing(owner: User) -> None:
    message = MessageFactory.create(owner=owner)
    stage = staged(leaving(), owner=owner)
    stage.automation.draft = {"steps": [letter(owner) | {"message": message.pk}]}
    stage.automation.save()
    assert MessageService(owner).remove(message, now=timezone.now())


def test_more_than_five_places_are_counted(owner: User) -> None:
    tag = TagFactory.create(owner=owner)
    staged(*(tagging(tag, f"s{number}") for number in range(7)), owner=owner)
    text = refused(TagService(owner), tag)
    assert "s4" in text and "s5" not in text and text.endswith(", and 2 more.")


def test_the_admin_is_held_as_well(owner: User) -> None:
    tag = TagFactory.create(owner=owner)
    staged(tagging(tag), owner=owner)
    (held,) = Cascade(Tag.objects.filter(pk=tag.pk)).holds()
    assert "automation “Welcome”" in held


def test_the_pages_say_so(owner: User, client: Client) -> None:
    tag = TagFactory.create(owner=owner)
    sender = Sender.objects.create(
        owner=owner, name="A", address="a@example.org", confirmed_at=timezone.now()
    )
    stage = staged(letter(owner, sender=sender.pk), tagging(tag), owner=owner)
    message = stage.automation.draft["steps"][0]["message"]
    client.force_login(owner)
    for path, data in (
        (f"/messages/{message}/delete/", {}),
        (f"/recipients/tags/{tag.pk}/", {"act": "delete"}),
        (f"/senders/{sender.pk}/archive/", {}),
    ):
        page = client.post(path, data, follow=True)
        assert page.status_code == 200, path
        assert "It is still used: automation “Welcome”" in page.content.decode(), path
    sender.refresh_from_db()
    assert sender.archived_at is None
