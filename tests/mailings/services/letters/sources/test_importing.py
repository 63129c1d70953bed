"""A letter of another tool becomes a draft, its pictures and tags ours."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from apps.core.http.outbound import AddressRefused
from apps.mailings.models import MediaFile, Message, MessageDraft
from apps.mailings.models.content import Form
from apps.mailings.services.letters.sources import importing
from apps.mailings.services.letters.sources.converting import DraftUnsaved
from apps.mailings.services.letters.sources.importing import (
    Wishes,
    begin_imported,
    import_letter,
    open_letter,
)
from apps.mailings.services.messages import keep_draft
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing, jpeg
from tests.people import Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]

PAGE = """<html lang="ru"><head><title>May for *|FNAME|*</title></head><body><h1>Hi *|FNAME|*</h1>
<img src="logo.png" alt="Logo" width="120"><img src="https://e.org/far.png" alt="Far">
<img src="broken.png" alt="x"><p>{{ contact.CITY }}{% if contact.VIP %}vip{% endif %}</p>
<pre>as it is</pre></body></html>"""


def packed() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.html", PAGE)
        archive.writestr("logo.png", drawing())
        archive.writestr("broken.png", b"no picture")
    return made.getvalue()


def test_an_opened_letter_says_what_was_found(cast: Cast) -> None:
    opened = open_letter(owner=cast.owner, content=packed(), name="may.zip")
    (logo,) = MediaFile.objects.filter(owner=cast.owner)
    assert logo.name == "logo" and f"/m/{logo.token}/" in opened.html
    assert [name for name, _reason in opened.refused] == ["broken.png"]
    assert opened.found.remote == ["https://e.org/far.png"]
    assert [(tag.source, tag.proposal) for tag in opened.tags] == [
        ("*|FNAME|*", "full_name"),
        ("{{ contact.CITY }}", "-"),
    ]
    assert not Message.objects.filter(owner=cast.owner, name="may").exists()


def imported(cast: Cast, wishes: Wishes) -> importing.ImportedLetter:
    opened = open_letter(owner=cast.owner, content=packed(), name="may.zip")
    return import_letter(
        owner=cast.owner, html=opened.html, subject=opened.found.subject, wishes=wishes
    )


def test_it_becomes_a_draft_of_blocks_and_no_saved_message(cast: Cast) -> None:
    made = imported(cast, Wishes(Form.BLOCKS, {"{{ contact.CITY }}": "email"}))
    message = begin_imported(author=cast.owner, imported=made, name="may")
    assert message is not None and (message.name, message.subject) == ("may", "")
    draft = MessageDraft.objects.get(message=message)
    assert draft.subject == "May for {{ full_name }}" and draft.language == "ru"
    column = (draft.document or {})["body"][0]["columns"][0]
    logo = MediaFile.objects.get()
    assert [block["type"] for block in column["blocks"]] == [
        *("heading", "image", "image", "text", "html"),
    ]
    heading, picture, far, text, _kept = column["blocks"]
    assert heading["text"] == "Hi {{ full_name }}"
    assert (picture["picture"]["media"], picture["width"]) == (logo.pk, 120)
    assert far["picture"]["url"] == "https://e.org/far.png"
    assert text["html"] == "<p>{{ email }}vip</p>" and made.commands == 2
    assert (made.report.blocks, made.report.kept) == (5, 1)
    assert made.report.left_out == {"picture": 1}


def test_as_html_it_becomes_the_draft_of_a_new_message(cast: Cast) -> None:
    made = imported(cast, Wishes(Form.HTML))
    assert begin_imported(author=cast.owner, imported=made, name="may") is None
    draft = MessageDraft.objects.get(owner=cast.owner, message=None)
    assert "<h1>Hi {{ full_name }}</h1>" in draft.html and draft.html.startswith("<!doctype")
    with pytest.raises(DraftUnsaved):
        begin_imported(author=cast.owner, imported=made, name="may")
    begin_imported(author=cast.owner, imported=made, name="may", replace=True)


def test_what_the_page_of_a_new_message_begins_with_is_no_draft(cast: Cast) -> None:
    html = '<p><br></p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    content = {"subject": "", "text": "", "html": html}
    keep_draft(message=None, author=cast.owner, base_revision=0, content=content)
    assert not importing.has_new_draft(cast.owner)


def test_pictures_elsewhere_are_fetched_only_when_they_are_asked_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(url: str, target: Path, **_limits: Any) -> None:
        asked.append(url)
        target.write_bytes(jpeg(60, 40))

    monkeypatch.setattr(importing, "download", fetch)
    imported(cast, Wishes(Form.HTML))
    assert asked == []
    made = imported(cast, Wishes(Form.HTML, fetch=True))
    assert (
        asked == ["https://e.org/far.png"] and "https://e.org/far.png" not in made.content["html"]
    )
    assert MediaFile.objects.get(name="far").token in made.content["html"]


def test_a_picture_that_cannot_be_fetched_stays_where_it_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str, target: Path, **_limits: Any) -> None:
        raise AddressRefused("This address may not be read.")

    monkeypatch.setattr(importing, "download", refuse)
    made = imported(cast, Wishes(Form.HTML, fetch=True))
    assert "https://e.org/far.png" in made.content["html"]
    assert made.refused == [("https://e.org/far.png", "This address may not be read.")]


def test_an_address_inside_the_house_is_never_asked(cast: Cast) -> None:
    page = b'<p>x</p><img src="http://169.254.169.254/latest/"><img src="http://127.0.0.1/a.png">'
    opened = open_letter(owner=cast.owner, content=page, name="may.html")
    made = import_letter(
        owner=cast.owner, html=opened.html, subject="", wishes=Wishes(Form.HTML, fetch=True)
    )
    assert len(made.refused) == 2 and not MediaFile.objects.exists()


def test_what_comes_back_from_the_page_is_cleaned_again(cast: Cast) -> None:
    made = import_letter(
        owner=cast.owner,
        html="<p onclick='x()'>a<script>x()</script></p>",
        subject="S",
        wishes=Wishes(Form.HTML),
    )
    assert "script" not in made.content["html"] and "onclick" not in made.content["html"]
