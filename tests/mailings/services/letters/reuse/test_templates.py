"""Templates: copies of messages, which messages begin as copies of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.content.blocks.editing import places
from apps.mailings.media.errors import MediaUsed
from apps.mailings.models import ContentUse, MediaFile, Message, MessageTemplate
from apps.mailings.models.content import content_of
from apps.mailings.selectors.letters.templates import templates_to_begin_from
from apps.mailings.services.letters.bodies import kept_bodies
from apps.mailings.services.letters.previews import template_sample
from apps.mailings.services.letters.reuse.saved_blocks import (
    SavedBlockService,
    SavedBlockUsed,
    keep_section,
)
from apps.mailings.services.letters.reuse.templates import (
    About,
    TemplateForbidden,
    begin_from_template,
    describe_template,
    make_template,
    remove_template,
)
from apps.mailings.services.media.library import MediaService
from apps.users.models import User
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.services.letters.letters import a_letter
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block

__all__ = ["picture_files"]  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


@pytest.fixture
def publisher() -> User:
    user: User = UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="publish_templates"))
    return User.objects.get(pk=user.pk)


def made(author: User, letter: Message | None = None, **about: Any) -> MessageTemplate:
    content = content_of(letter or a_letter(author))
    said = About(**{"name": "Our newsletter", **about})
    return make_template(author=author, about=said, content=content)


def with_picture(author: User) -> Message:
    letter, picture = a_letter(author), picture_of(author)
    document: dict[str, Any] = letter.document or {}
    image = places.new_node("image") | {"picture": {"media": picture.pk, "alt": "A heron"}}
    document["body"][0]["columns"][0]["blocks"].append(image)
    letter.save()
    return letter


def test_a_message_begins_as_a_copy_and_does_not_follow(anna: User) -> None:
    template = made(anna, description="Every Friday", category="news")
    message = begin_from_template(author=anna, template=template)
    assert (message.name, message.subject, message.revision) == ("Our newsletter", "Spring", 1)
    assert message.document == template.document
    remove_template(actor=anna, template=template)
    assert Message.objects.filter(pk=message.pk).exists()


def test_names_are_unique_for_an_owner_and_among_those_for_everybody(
    anna: User, publisher: User
) -> None:
    made(anna)
    with pytest.raises(ValidationError):
        made(anna)
    made(publisher)
    made(publisher, for_all=True)
    with pytest.raises(ValidationError):
        made(publisher, for_all=True)


def test_only_who_may_publish_makes_and_changes_those_for_everybody(
    anna: User, publisher: User
) -> None:
    with pytest.raises(TemplateForbidden):
        made(anna, for_all=True)
    template = made(publisher, for_all=True)
    said = {"name": "x", "description": "", "category": ""}
    with pytest.raises(TemplateForbidden):
        describe_template(actor=anna, template=template, **said)
    with pytest.raises(TemplateForbidden):
        remove_template(actor=anna, template=template)
    assert describe_template(actor=publisher, template=template, **said).name == "x"


def test_ones_own_are_offered_to_oneself_alone(anna: User, publisher: User) -> None:
    own, of_all = made(anna), made(publisher, for_all=True, name="For all")
    assert set(templates_to_begin_from(anna)) == {own, of_all}
    assert set(templates_to_begin_from(publisher)) == {of_all}


@pytest.mark.parametrize(
    "values", [{"name": " "}, {"category": "none"}, {"description": "x" * 301}]
)
def test_what_cannot_be_said_of_it_is_refused(values: dict[str, Any], anna: User) -> None:
    with pytest.raises(ValidationError):
        made(anna, **values)
    assert not MessageTemplate.objects.exists()


@pytest.mark.usefixtures("picture_files")
def test_its_pictures_are_used_and_copied_for_others(
    anna: User, publisher: User, picture_files: Path
) -> None:
    template = made(publisher, with_picture(publisher), for_all=True)
    picture = MediaFile.objects.get(owner=publisher)
    ContentUse.objects.filter(message__isnull=False).delete()
    with pytest.raises(MediaUsed, match="Our newsletter"):
        MediaService(publisher).remove(picture, now=timezone.now())
    message = begin_from_template(author=anna, template=template)
    copy = MediaFile.objects.get(owner=anna)
    assert copy.token in json.dumps(kept_bodies(message)["html"])
    assert ContentUse.objects.get(message=message).media == copy
    begin_from_template(author=anna, template=template)
    assert MediaFile.objects.filter(owner=anna).count() == 1
    assert picture.token in template_sample(template, anna.pk).html


def test_saved_blocks_stay_in_ones_own_and_are_copied_into_one_for_everybody(
    anna: User, publisher: User
) -> None:
    for author, for_all in ((anna, False), (publisher, True)):
        block = keep_section(owner=author, name="x", section=a_section("Until Friday"))
        letter = with_block(a_letter(author), block)
        template = made(author, letter, for_all=for_all)
        kinds = [places.kind_of(one) for one in template.document["body"]]
        assert kinds == [["saved", "section"][for_all], "section", "section"]
        letter.delete()
        if not for_all:
            with pytest.raises(SavedBlockUsed, match="Our newsletter"):
                SavedBlockService(author).remove(block, now=timezone.now())
        assert "Until Friday" in template_sample(template, anna.pk).html
