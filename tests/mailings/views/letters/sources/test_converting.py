"""The page of a conversion: what would become of the message, and the act."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core.http import costly
from apps.mailings.models import Message
from apps.mailings.services.messages import MessageService, keep_draft
from tests.mailings.services.letters.letters import a_letter
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(cast: Cast) -> Message:
    html = "<h1>Hi</h1><pre>a</pre><p>{{ full_name }}</p><img src='https://e.org/p' width='1'>"
    return MessageService(cast.owner).save(Message(owner=cast.owner, subject="Spring", html=html))


def url(message: Message, name: str = "convert") -> str:
    return reverse(f"messages:{name}", args=[message.pk])


def form_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).form


def test_the_page_says_what_becomes_of_it_and_shows_it(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    page = client.get(url(message)).content.decode()
    assert "3 blocks, 1 of them kept as HTML." in page and "1 image that nobody sees" in page
    frame = client.get(url(message, "convert_frame")).content.decode()
    assert "Hi" in frame and "Unsubscribe" in frame
    assert form_of(message) == "html"
    detail = client.get(reverse("messages:detail", args=[message.pk])).content.decode()
    assert url(message) in detail


def test_the_act_leads_to_the_editor_of_blocks(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    answer = client.post(url(message), {"base_revision": "1"})
    assert answer["Location"] == reverse("messages:edit", args=[message.pk])
    assert form_of(message) == "blocks"


def test_blocks_become_html_with_a_warning_first(cast: Cast) -> None:
    client, letter = cast.client("owner"), a_letter(cast.owner)
    page = client.get(url(letter)).content.decode()
    assert "does not turn back into the same blocks" in page
    assert "Spring news" in client.get(url(letter, "convert_frame")).content.decode()
    client.post(url(letter), {"base_revision": "1"})
    assert form_of(letter) == "html"


def test_an_old_page_and_an_unsaved_draft_change_nothing(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    assert client.post(url(message), {"base_revision": "9"}).status_code == 409
    content = {"subject": "Spring", "html": "<p>typed</p>", "text": ""}
    keep_draft(message=message, author=cast.owner, base_revision=1, content=content)
    assert "unsaved draft" in client.get(url(message)).content.decode()
    assert client.post(url(message), {"base_revision": "1"}).status_code == 422
    assert form_of(message) == "html"


def test_it_takes_a_place_as_whatever_is_costly(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    with costly.PLACES.place(cast.owner.pk), costly.PLACES.place(cast.owner.pk):
        assert client.get(url(message)).status_code == 429
        assert client.post(url(message), {"base_revision": "1"}).status_code == 429
        assert client.get(url(message, "convert_frame")).status_code == 429
    assert form_of(message) == "html"
    assert client.get(url(message, "convert_frame")).status_code == 200
