"""A letter of another tool, read for a program."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.mailings.models import Message
from tests.api.conftest import Voice
from tests.mailings.media.library import picture_files

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]
URL = "/api/messages/import/"
PAGE = b"<title>May</title><h1>Hi *|FNAME|*</h1><p>*|X1|*</p><script>x()</script><pre>a</pre>"


def sent(voice: Voice, content: bytes = PAGE, **fields: str) -> Any:
    headers = {"Authorization": f"Bearer {voice.secret}"}
    data = {"file": SimpleUploadedFile("may.html", content), **fields}
    return Client().post(URL, data, headers=headers)


def test_the_content_comes_back_and_makes_a_message(anna: Voice) -> None:
    found = sent(anna, tags='{"*|X1|*": "email"}').json()
    assert (found["subject"], found["form"], found["html"]) == ("May", "blocks", "")
    assert (found["blocks"], found["kept_as_html"]) == (3, 1)
    assert found["left_out"]["scripts"] == 1
    assert [tag["proposal"] for tag in found["tags"]] == ["full_name", "-"]
    assert "{{ email }}" in str(found["document"]) and not Message.objects.exists()
    names = ("subject", "preheader", "language", "document")
    made = anna.post("/api/messages/", {name: found[name] for name in names})
    assert made.status_code == 201 and made.json()["form"] == "blocks"


def test_html_stays_html(anna: Voice) -> None:
    found = sent(anna, form="html").json()
    assert found["document"] is None and "<h1>Hi {{ full_name }}</h1>" in found["html"]


@pytest.mark.parametrize("tags", ["no", "[]", '{"a": "x }}<b>"}', '{"a": "x|y"}'])
def test_a_tag_becomes_a_name_and_nothing_else(anna: Voice, tags: str) -> None:
    assert sent(anna, tags=tags).status_code == 422


def test_refusals_have_their_codes(anna: Voice) -> None:
    deep = sent(anna, b"<div>" * 200_000)
    assert (deep.status_code, deep.json()["code"]) == (422, "import_too_deep")
    assert sent(anna, b"words").json()["code"] == "import_refused"
