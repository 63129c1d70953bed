"""Pictures inside an email: beside the HTML that shows them, the same bytes for everybody."""

from __future__ import annotations

import pytest

from tests.core.content.letters import assert_travels, body_of, compiled, filled, parsed, to

HTML = '<p>Hello, {{ name }}</p><img src="cid:m5w400@letter" alt="A heron">'
PICTURES = (
    ("m5w400@letter", "image/png", b"\x89PNG" + bytes(range(256)) * 9),
    ("m6w100@letter", "image/jpeg", b"\xff\xd8\xff" * 50),
)
FILE = ("note.txt", "text/plain", b"Note")


@pytest.mark.parametrize("files", [(), (FILE,)])
def test_they_stand_with_the_html_alone(files: tuple[tuple[str, str, bytes], ...]) -> None:
    letter = filled(to(name="Anna"), html=HTML, pictures=PICTURES, attachments=files)
    assert_travels(letter.body)
    message = parsed(letter)
    kinds = [part.get_content_type() for part in message.walk()]
    pictures = ["multipart/related", "text/html", "image/png", "image/jpeg"]
    alternative = ["multipart/alternative", "text/plain", *pictures]
    assert kinds == (["multipart/mixed", *alternative, "text/plain"] if files else alternative)
    related = next(one for one in message.walk() if one.get_content_type() == pictures[0])
    assert related.get_param("type") == "text/html"
    for part, (content_id, _kind, data) in zip(
        (one for one in message.walk() if one.get_content_maintype() == "image"),
        PICTURES,
        strict=True,
    ):
        assert part["Content-ID"] == f"<{content_id}>"
        assert part.get_content_disposition() == "inline"
        assert part.get_payload(decode=True) == data
    assert "Hello, Anna" in body_of(letter, "html")


def test_they_are_encoded_once_for_all() -> None:
    run = compiled(html=HTML, pictures=PICTURES)
    first, second = (run.fill(to(name=name)).body for name in ("Anna", "Boris"))
    begin = b"Content-ID: <m5w400@letter>"
    assert first[first.index(begin) :] == second[second.index(begin) :]


def test_a_text_alone_carries_none() -> None:
    assert parsed(filled(pictures=PICTURES)).get_content_type() == "text/plain"
