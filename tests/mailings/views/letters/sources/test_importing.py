"""The pages of an import: a file, what was found in it, a draft."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.mailings.models import Message, MessageDraft
from tests.browser_form import fields_of
from tests.mailings.media.library import picture_files
from tests.people import Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]

PAGE = (
    "<html><head><title>May</title></head><body><h1>Hi *|FNAME|*</h1><p>[[note]]</p>"
    '<script>x()</script><img src="https://e.org/a.png" alt="A"></body></html>'
)


OPEN, DRAFT = reverse("messages:import"), reverse("messages:import_draft")


def opened(cast: Cast, **data: Any) -> Any:
    return cast.client("owner").post(OPEN, data)


def test_the_page_shows_what_was_found_and_asks_for_the_tags(cast: Cast) -> None:
    answer = opened(cast, file=SimpleUploadedFile("may.html", PAGE.encode()))
    page = answer.content.decode()
    assert answer.status_code == 200 and "1 script" in page
    assert "Fetch 1 image from other sites" in page and "*|FNAME|*" in page
    data = fields_of(page)
    assert data["subject"] == ["May"] and ["full_name"] in data.values()
    assert not MessageDraft.objects.exists()


def test_it_ends_in_a_draft_of_blocks(cast: Cast) -> None:
    data = fields_of(opened(cast, html=PAGE).content.decode())
    answer = cast.client("owner").post(DRAFT, data | {"form": "blocks"})
    draft = MessageDraft.objects.get()
    assert answer["Location"] == reverse("messages:edit", args=[draft.message_id])
    page = cast.client("owner").get(answer["Location"]).content.decode()
    assert "Hi {{ full_name }}" in page
    assert Message.objects.get(drafts=draft).subject == ""


def test_as_html_it_goes_on_in_the_editor_of_a_new_message(cast: Cast) -> None:
    data = fields_of(opened(cast, html=PAGE).content.decode()) | {"form": "html"}
    client = cast.client("owner")
    answer = client.post(DRAFT, data)
    page = client.get(answer["Location"]).content.decode()
    assert "Hi {{ full_name }}" in page and "[[note]]" in page
    again = client.post(DRAFT, data)
    assert again.status_code == 422 and "unsaved new message" in again.content.decode()
    assert client.post(DRAFT, data | {"replace": "on"}).status_code == 302


def test_what_is_no_letter_is_refused_with_its_reason(cast: Cast) -> None:
    answer = opened(cast, file=SimpleUploadedFile("may.html", b"<div>" * 200_000))
    assert answer.status_code == 422 and "too deep" in answer.content.decode()
    assert opened(cast).status_code == 422
    empty = cast.client("owner").post(DRAFT, {})
    assert empty.status_code == 422


def test_a_tag_becomes_nothing_but_what_is_offered(cast: Cast) -> None:
    data = fields_of(opened(cast, html=PAGE).content.decode()) | {"form": "blocks"}
    name = next(name for name, value in data.items() if value == ["full_name"])
    assert cast.client("owner").post(DRAFT, data | {name: "x }}<b>"}).status_code == 422
