"""Which messages show a picture, and which pictures letters have gone out with."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from apps.core.content.blocks.document import dump, read
from apps.delivery.engine.runs.control import replace_content
from apps.delivery.service import DispatchService
from apps.mailings.models import ContentUse, Mailing, MediaFile, Message, Run
from apps.mailings.services.media.renditions import address
from apps.mailings.services.media.uses import (
    letters_with,
    mark_sent,
    media_ids_in,
    record_uses,
)
from apps.mailings.services.messages import MessageService, duplicate_message, restore_version
from apps.users.models import User
from tests.core.content.blocks.documents import block, section, stored
from tests.factories import MessageFactory, RunFactory, UserFactory, mailing_to
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, jpeg

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


def with_picture(media: MediaFile, **fields: object) -> Message:
    html = f'<p><img src="{address(media, media.width)}" alt=""></p>'
    message: Message = MessageFactory.create(owner=media.owner, html=html, **fields)
    return message


def image(media: MediaFile) -> dict[str, Any]:
    return block("image", picture={"media": media.pk, "alt": "A cup"})


def of_blocks(owner: User, *blocks: dict[str, Any]) -> Message:
    """A letter of blocks with everything that it needs to be sent."""
    footer = section(block("footer", "block0009"), id_="section02")
    document = dump(read(stored(section(*blocks), footer)))
    message: Message = MessageFactory.create(
        owner=owner, form="blocks", text="", html="", document=document
    )
    return message


def shown(message: Message) -> list[int]:
    return sorted(row.media_id or 0 for row in message.content_uses.all())


class TestUsesAreWrittenWithEverySave:
    def test_of_the_pictures_in_the_html(self) -> None:
        anna = UserFactory.create()
        one, two = picture_of(anna), picture_of(anna, drawing())
        message = with_picture(one)
        MessageService(anna).save(message)
        assert shown(message) == [one.pk]
        message.html = message.html.replace(one.token, two.token)
        MessageService(anna).save(message)
        assert shown(message) == [two.pk]
        message.html = "<p>None</p>"
        MessageService(anna).save(message)
        assert shown(message) == []

    def test_of_a_copy_and_of_a_version_that_comes_back(self) -> None:
        anna = UserFactory.create()
        media = picture_of(anna)
        message = with_picture(media)
        MessageService(anna).save(message)
        version = message.versions.get()
        assert shown(duplicate_message(message=message, author=anna)) == [media.pk]
        message.html = "<p>None</p>"
        MessageService(anna).save(message)
        restore_version(version=version, author=anna)
        assert shown(message) == [media.pk]

    def test_never_of_somebody_elses(self) -> None:
        anna, bob = UserFactory.create_batch(2)
        media = picture_of(anna)
        theirs = MessageFactory.create(owner=bob, html=with_picture(media).html)
        record_uses(theirs)
        assert shown(theirs) == []
        theirs = of_blocks(bob, image(media))
        record_uses(theirs)
        assert shown(theirs) == []

    def test_of_a_letter_of_blocks_by_its_ids_and_by_the_html_in_it(self) -> None:
        anna = UserFactory.create()
        one, two = picture_of(anna), picture_of(anna, drawing())
        source = f'<img src="{address(two, two.width)}" alt="">'
        message = of_blocks(anna, image(one), block("html", "block0002", source=source))
        MessageService(anna).save(message)
        assert shown(message) == sorted([one.pk, two.pk])
        message.document = of_blocks(anna, image(two)).document
        MessageService(anna).save(message)
        assert shown(message) == [two.pk]


def test_ids_are_found_at_any_depth_and_nothing_else_is_taken_for_one() -> None:
    document = {
        "media": 7,
        "a": [{"dark_media": 8, "media": None}, {"items": [{"picture": {"media": 9}}]}],
        "media_width": 10,
        "b": {"media": True, "dark_media": "11"},
        "c": {"media": 2**70, "dark_media": -1},
    }
    assert media_ids_in(document) == {7, 8, 9}
    assert media_ids_in(None) == set()


def test_a_use_has_one_thing_and_one_place() -> None:
    media = picture_of(UserFactory.create())
    message = MessageFactory.create(owner=media.owner)
    for empty in ({"media": None, "message": message}, {"media": media, "message": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContentUse.objects.create(**empty)


class TestSent:
    def test_when_a_run_with_it_is_launched(self) -> None:
        mailing = mailing_to(1)
        media = picture_of(mailing.owner)
        other = picture_of(mailing.owner, drawing())
        message = with_picture(media)
        MessageService(mailing.owner).save(message)
        Mailing.objects.filter(pk=mailing.pk).update(message=message)
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        media.refresh_from_db()
        other.refresh_from_db()
        assert media.sent_at is not None
        assert other.sent_at is None
        first = media.sent_at
        mark_sent(message, timezone.now())
        media.refresh_from_db()
        assert media.sent_at == first

    def test_when_a_letter_of_blocks_goes_out_which_holds_its_public_address(self) -> None:
        mailing = mailing_to(1)
        media = picture_of(mailing.owner, jpeg(1600, 900))
        message = of_blocks(mailing.owner, image(media))
        MessageService(mailing.owner).save(message)
        Mailing.objects.filter(pk=mailing.pk).update(message=message)
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        media.refresh_from_db()
        assert media.sent_at is not None
        Run.objects.update(sent=1)
        assert letters_with(media) == 1
        held = re.findall(rf"/m/{media.token}/\d+\.jpg", json.dumps(Run.objects.get().content))
        assert held
        assert {Client().get(one).status_code for one in held} == {200}

    def test_when_a_paused_run_goes_on_with_another_content(self) -> None:
        run = RunFactory.create(state="paused", content={"subject": "old"}, pending=1)
        media = picture_of(run.mailing.owner)
        message = with_picture(media)
        record_uses(message)
        Mailing.objects.filter(pk=run.mailing_id).update(message=message)
        replace_content(run.mailing_id)
        media.refresh_from_db()
        assert media.sent_at is not None

    def test_letters_are_counted_over_all_runs_that_show_it(self) -> None:
        anna = UserFactory.create()
        media = picture_of(anna)
        assert letters_with(media) == 0
        html = with_picture(media).html
        now = RunFactory.create(mailing__owner=anna, sent=3, content={"html": html})
        replaced = RunFactory.create(mailing__owner=anna, sent=4, content={"html": "none"})
        for version in (1, 2):
            replaced.contents.create(version=version, content={"html": html})
        RunFactory.create(mailing__owner=anna, sent=5, content={"html": "none"})
        RunFactory.create(sent=6, content={"html": html})  # somebody else's
        assert letters_with(media) == 7
        assert now.sent == 3


def test_a_picture_that_is_gone_for_good_is_used_by_nobody_new() -> None:
    media = picture_of(UserFactory.create())
    now = timezone.now()
    MediaFile.objects.filter(pk=media.pk).update(archived_at=now, removed_at=now)
    message = with_picture(media)
    record_uses(message)
    assert shown(message) == []
