"""A draft of blocks beside a version that somebody else, or a button, has made meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.core.content.blocks.editing import places
from apps.mailings.models import DraftStep, Message, MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.services.messages import MessageService, keep_draft, restore_version
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import do, kinds, seen, url
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(name="mine")
def a_letter_of_mine(cast: Cast) -> Message:
    return a_letter(cast.owner)


def fixed(cast: Cast, letter: Message) -> Any:
    page = reverse("messages:fix", args=[letter.pk])
    return cast.client("owner").post(page, {"fix": "unsubscribe"}, follow=True)


def restored(cast: Cast, letter: Message) -> None:
    """The second version is made by Save, and the draft is older than it."""
    letter.versions.update(subject="First")
    cast.client("owner").post(url("edit", letter), {**seen(letter), "subject": "Second"})
    do(cast, letter, {"op": "letter", "field": "subject", "value": "Draft"})
    version = letter.versions.get(number=1)
    restore_version(version=version, author=cast.owner)


def test_the_missing_footer_is_put_under_what_is_being_written(cast: Cast, mine: Message) -> None:
    do(cast, mine, {"op": "remove", "id": id_of(mine, "footer")})
    cast.client("owner").post(url("edit", mine), seen(mine))
    do(cast, mine, {"op": "remove", "id": id_of(mine, "heading")})
    answer = fixed(cast, mine)
    assert answer.redirect_chain[-1][0] == url("edit", mine)
    assert "footer" in kinds(mine) and "heading" not in kinds(mine)
    assert DraftStep.objects.filter(draft__message=mine).count() == 2
    mine.refresh_from_db()
    assert mine.revision == 2
    fixed(cast, mine)
    assert kinds(mine).count("footer") == 1


def test_a_message_saved_elsewhere_leaves_the_draft_of_blocks(cast: Cast, mine: Message) -> None:
    do(cast, mine, {"op": "remove", "id": id_of(mine, "heading")})
    saved = Message.objects.get(pk=mine.pk)
    saved.subject = "By a program"
    MessageService(cast.owner).save(saved)
    draft = MessageDraft.objects.get()
    assert draft.steps.count() == 1 and "heading" not in kinds(mine)
    MessageDraft.objects.filter(pk=draft.pk).update(**content_of(saved))
    MessageService(cast.owner).save(saved)
    assert not MessageDraft.objects.exists()


def test_after_a_version_was_restored_the_editor_offers_both(cast: Cast, mine: Message) -> None:
    restored(cast, mine)
    page = cast.client("owner").get(url("edit", mine))
    assert page.status_code == 200
    assert page.context["saved"].subject == "First" and page.context["draft"].subject == "Draft"
    cast.client("owner").post(reverse("messages:discard", args=[mine.pk]))
    page = cast.client("owner").get(url("edit", mine))
    assert page.context["head"]["subject"].value() == "First"


def test_one_may_go_on_writing_ones_own(cast: Cast, mine: Message) -> None:
    restored(cast, mine)
    old = {"then": "write", "base_revision": "2"}
    cast.client("owner").post(url("edit", mine), old)
    assert "saved" in cast.client("owner").get(url("edit", mine)).context
    cast.client("owner").post(url("edit", mine), {**old, "base_revision": "3"})
    page = cast.client("owner").get(url("edit", mine))
    assert page.context["head"]["subject"].value() == "Draft"
    cast.client("owner").post(url("edit", mine), seen(mine))
    mine.refresh_from_db()
    assert (mine.subject, mine.revision) == ("Draft", 4)


def test_a_draft_that_says_what_is_saved_is_no_conflict(cast: Cast, mine: Message) -> None:
    do(cast, mine, {"op": "letter", "field": "subject", "value": "Same"})
    Message.objects.filter(pk=mine.pk).update(subject="Same", revision=2)
    assert "head" in cast.client("owner").get(url("edit", mine)).context


def test_typing_a_text_makes_the_draft_one_of_a_text(cast: Cast, mine: Message) -> None:
    do(cast, mine, {"op": "remove", "id": id_of(mine, "heading")})
    content = {"subject": "Typed", "text": "Plain", "html": ""}
    draft = keep_draft(message=mine, author=cast.owner, base_revision=1, content=content)
    draft.refresh_from_db()
    assert (draft.form, draft.document, draft.text) == ("text", None, "Plain")
    assert not draft.steps.exists() and "heading" in [
        places.kind_of(place.node) for place in places.each(mine.document or {})
    ]
