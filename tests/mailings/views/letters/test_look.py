"""The preview of a message of blocks: forced dark, its source, tags that nobody has yet."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Message, Recipient, Segment, Tag
from apps.mailings.services.letters import draft_operations
from tests.factories import RecipientFactory, TagFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.mailings.views.letters.test_editor import url
from tests.people import Cast

pytestmark = pytest.mark.django_db


#: The conditions of a segment that nobody meets.
NOBODY = {"version": 1, "root": {"field": "full_name", "op": "is", "value": "Nobody Else"}}


@pytest.fixture
def letter(cast: Cast) -> Message:
    return a_letter(cast.owner)


@pytest.fixture
def reader(cast: Cast) -> Recipient:
    return RecipientFactory.create(owner=cast.owner, full_name="Zoë", email="zoe@example.org")


def frame(cast: Cast, letter: Message, **query: Any) -> str:
    asked = {"draft": "1", "recipient": "zoe@", **query}
    return cast.client("owner").get(url("frame", letter), asked).content.decode()


def only_for(letter: Message, kind: str, number: int) -> None:
    """The heading for those alone who have this tag, or are of this segment."""
    value = {"match": "all", "rules": [{"kind": kind, "id": number}]}
    act = {"op": "set", "id": id_of(letter, "heading"), "field": "visibility", "value": value}
    draft_operations.act(writer_of(letter), [act], now=timezone.now())


def test_a_forced_dark_turns_the_light_message_over(
    cast: Cast, letter: Message, reader: Recipient
) -> None:
    page = frame(cast, letter, view="dark_forced")
    assert '<div class="inverted">' in page and "Zoë" in page and "#12171c" not in page
    assert '<div class="inverted">' not in frame(cast, letter, view="dark")


def test_the_source_is_shown_and_does_nothing(
    cast: Cast, letter: Message, reader: Recipient
) -> None:
    page = frame(cast, letter, view="source")
    assert "&lt;!doctype html&gt;" in page and "Zoë" in page and "<table" not in page


@pytest.mark.parametrize("kind", ["tag", "segment"])
def test_any_tags_and_segments_can_be_tried(
    cast: Cast, letter: Message, reader: Recipient, kind: str
) -> None:
    made: Any = (
        TagFactory.create(owner=cast.owner, name="gold")
        if kind == "tag"
        else Segment.objects.create(owner=cast.owner, name="gold", tree=NOBODY)
    )
    only_for(letter, kind, made.pk)
    page = cast.client("owner").get(url("look", letter), {"recipient": "zoe@"})
    (term,) = page.context["terms"]
    assert (term.key, term.name) == (f"{kind}:{made.pk}", "gold")
    ticked = frame(cast, letter, ticked="1", holds=f"{kind}:{made.pk}")
    assert "Spring news" in ticked
    assert "Spring news" not in frame(cast, letter, ticked="1")
    shown = cast.client("owner").get(url("look", letter), {"ticked": "1", "holds": term.key})
    assert f"holds={kind}%3A{made.pk}" in shown.content.decode()
    assert shown.context["terms"][0].holds


def test_without_ticks_the_recipients_own_tags_hold(
    cast: Cast, letter: Message, reader: Recipient
) -> None:
    tag: Tag = TagFactory.create(owner=cast.owner)
    only_for(letter, "tag", tag.pk)
    assert "Spring news" not in frame(cast, letter)
    reader.tags.add(tag)
    assert "Spring news" in frame(cast, letter)
    page = cast.client("owner").get(url("look", letter), {"recipient": "zoe@"})
    assert page.context["terms"][0].holds


def test_a_tag_of_somebody_else_is_named_to_nobody(
    cast: Cast, letter: Message, reader: Recipient
) -> None:
    other = TagFactory.create(owner=cast.stranger, name="theirs")
    only_for(letter, "tag", other.pk)
    page = cast.client("owner").get(url("look", letter))
    assert page.context["terms"] == [] and "theirs" not in page.content.decode()


def test_the_line_of_the_inbox_is_filled_in(cast: Cast, letter: Message, reader: Recipient) -> None:
    for field, value in (("subject", "For {{ full_name }}"), ("preheader", "Broken {{")):
        act = {"op": "letter", "field": field, "value": value}
        draft_operations.act(writer_of(letter), [act], now=timezone.now())
    page = cast.client("owner").get(url("look", letter), {"recipient": "zoe@", "view": "phone"})
    assert (page.context["inbox"].subject, page.context["inbox"].preheader) == (
        "For Zoë",
        "Broken {{",
    )
