"""What a message is written as, and what it is called."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.core.content.blocks.editing.places import blank_document
from apps.mailings.models import Message
from apps.mailings.services.messages import MessageService, restore_version
from tests.factories import MessageFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "form"),
    [
        ({"text": "a", "html": ""}, "text"),
        ({"text": "a", "html": "<p>a</p>"}, "html"),
        ({"text": "a", "html": " \n"}, "text"),
        ({"text": "", "html": "", "document": blank_document()}, "blocks"),
    ],
)
def test_the_form_follows_from_what_is_there(content: dict[str, Any], form: str) -> None:
    message = Message(owner=UserFactory.create(), subject="s", **content)
    message.full_clean()
    message.save()
    message.refresh_from_db()
    assert message.form == form


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [{"form": "blocks"}, {"document": {"schema": 1}}, {"form": "blocks", "document": {"a": 1}}],
)
def test_the_database_keeps_nothing_that_is_neither(values: dict[str, Any]) -> None:
    message = MessageFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**values)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"document": {"schema": 1, "body": [{"type": "section"}]}}, "document_invalid"),
        ({"document": {"schema": 99}}, "document_newer"),
        ({"document": blank_document(), "html": "<p>x</p>"}, "form_mixed"),
        ({"document": blank_document(), "subject": " "}, "subject_empty"),
        ({"document": blank_document(), "preheader": "a\nb"}, "preheader_line_break"),
        ({"document": blank_document(), "language": "nonsense"}, "language"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_code(values: dict[str, Any], code: str) -> None:
    message = Message(**{"owner": UserFactory.create(), "subject": "s", **values})
    with pytest.raises(ValidationError) as refused:
        message.full_clean()
    assert code in [one.code for errors in refused.value.error_dict.values() for one in errors]


@pytest.mark.django_db
def test_a_message_is_called_by_its_subject_until_it_has_a_name() -> None:
    message = MessageFactory.create(subject="Spring")
    assert message.name == "Spring"
    message.subject = "Summer"
    assert MessageService(message.owner).save(message).name == "Summer"
    message.name = "Newsletter 5"
    MessageService(message.owner).save(message)
    message.subject = "Autumn"
    assert MessageService(message.owner).save(message).name == "Newsletter 5"
    assert str(message) == "Newsletter 5"


@pytest.mark.django_db
def test_a_version_brings_its_form_back() -> None:
    message = a_letter(UserFactory.create())
    MessageService(message.owner).save(message)
    message.document, message.html = None, "<p>x</p>"
    MessageService(message.owner).save(message)
    assert message.form == "html"
    restored = restore_version(version=message.versions.get(number=2), author=message.owner)
    assert restored.form == "blocks" and restored.html == ""
    again = restore_version(version=message.versions.get(number=3), author=message.owner)
    assert (again.form, again.document, again.html) == ("html", None, "<p>x</p>")
