"""What a message is written as, what it is called, and the step from before there were blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from apps.core.content.blocks.editing.places import blank_document
from apps.mailings.models import Message
from apps.mailings.services.messages import MessageService, restore_version
from tests.factories import MessageFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter

BEFORE = ("mailings", "0022_pictures_and_their_uses")
BLOCKS = ("mailings", "0023_letters_of_blocks")


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


@pytest.fixture
def before_blocks(transactional_db: None) -> Iterator[Any]:
    """The schema as it was; the present one again afterwards."""
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    yield executor.loader.project_state([BEFORE]).apps
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.engine
def test_old_messages_versions_and_drafts_go_on(before_blocks: Any) -> None:
    owner = before_blocks.get_model("users", "User").objects.create(email="anna@example.org")
    rows = before_blocks.get_model("mailings", "Message").objects
    html = rows.create(owner=owner, subject="H" * 255, html="<p>x</p>", text="x")
    text = rows.create(owner=owner, subject="T", text="x")
    for model, values in (("MessageVersion", {"number": 1}), ("MessageDraft", {"owner": owner})):
        made = before_blocks.get_model("mailings", model).objects
        made.create(message=html, subject="H", html="<p>x</p>", **values)
    executor = MigrationExecutor(connection)
    executor.migrate([BLOCKS])
    after = executor.loader.project_state([BLOCKS]).apps
    found = after.get_model("mailings", "Message").objects.in_bulk([html.pk, text.pk])
    assert [(one.form, one.document) for one in (found[html.pk], found[text.pk])] == [
        ("html", None),
        ("text", None),
    ]
    assert found[html.pk].name == "H" * 200 and found[text.pk].name == "T"
    version = after.get_model("mailings", "MessageVersion").objects.get()
    draft = after.get_model("mailings", "MessageDraft").objects.get()
    assert (version.name, version.form) == ("H", "html")
    assert (draft.form, draft.sequence, draft.html) == ("html", 0, "<p>x</p>")
