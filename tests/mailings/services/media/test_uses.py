"""Which messages show a picture, and which pictures letters have gone out with."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.delivery.engine.runs.control import replace_content
from apps.delivery.service import DispatchService
from apps.mailings.models import ContentUse, Mailing, MediaFile, Message
from apps.mailings.services.media.renditions import address
from apps.mailings.services.media.uses import (
    letters_with,
    mark_sent,
    media_ids_in,
    record_uses,
)
from apps.mailings.services.messages import MessageService, duplicate_message, restore_version
from tests.factories import MessageFactory, RunFactory, UserFactory, mailing_to
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


def with_picture(media: MediaFile, **fields: object) -> Message:
    html = f'<p><img src="{address(media, media.width)}" alt=""></p>'
    message: Message = MessageFactory.create(owner=media.owner, html=html, **fields)
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
        record_uses(theirs, {"media": media.pk})
        assert shown(theirs) == []

    def test_of_a_document_by_its_ids(self) -> None:
        anna = UserFactory.create()
        one, two = picture_of(anna), picture_of(anna, drawing())
        message = MessageFactory.create(owner=anna)
        blocks = [{"kind": "image", "picture": {"media": one.pk, "dark_media": two.pk}}]
        record_uses(message, {"sections": [{"columns": [{"blocks": blocks}]}]})
        assert shown(message) == sorted([one.pk, two.pk])


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
            replaced.replaced.create(version=version, content={"html": html})
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
