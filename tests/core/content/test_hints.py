"""What is likely to go wrong with a message is said; what is well is not."""

from __future__ import annotations

import pytest

from apps.core.content import hints as message_hints
from apps.core.content.hints import UNSUBSCRIBE, hints

KNOWN = ("full_name", "unsubscribe_url")


def hints_of(subject: str = "News", text: str = "Hello", html: str = "") -> str:
    return " ".join(hint.text for hint in hints(subject, text, html, known=KNOWN))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"subject": "a" * 79}, "The subject is long"),
        ({"subject": "BIG SALE TODAY"}, "in capitals"),
        ({"html": '<a href="http://example.org/">a</a>'}, "not https"),
        ({"html": '<a href="example.org/page">a</a>'}, "does not work"),
        ({"text": "{{ city }}"}, "“city”"),
    ],
)
def test_what_strikes_the_eye_is_said(content: dict[str, str], text: str) -> None:
    assert text in hints_of(**content)
    assert text not in hints_of()


def test_what_a_mailing_should_not_go_out_with_is_grave_and_can_be_fixed() -> None:
    (missing,) = [hint for hint in hints("News", "Hello", "", known=KNOWN) if hint.grave]
    assert (missing.text, missing.fix) == ("No unsubscribe link.", UNSUBSCRIBE)
    (nothing,) = [hint for hint in hints("News", " ", "<p><br></p>", known=KNOWN) if hint.grave]
    assert (nothing.text, nothing.fix) == ("The message has no text.", "")
    whole = hints("News", "Hello {{ unsubscribe_url }}", "", known=KNOWN)
    assert not any(hint.grave for hint in whole)


@pytest.mark.parametrize(
    "link", ["https://example.org/", "{{ unsubscribe_url }}", "#top", "mailto:a@b.org", "tel:+7"]
)
def test_a_good_link_is_not_spoken_of(link: str) -> None:
    text = hints_of(html=f'<a href="{link}">a</a>')
    assert "does not work" not in text and "not https" not in text


def test_a_template_that_cannot_be_read_has_no_unknown_names() -> None:
    assert "it will be empty" not in hints_of(text="{{ city }}", html="{% if %}")


def test_html_that_takes_too_long_is_said_to_be_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_hints, "MAX_SECONDS", -1.0)
    assert "was not checked" in hints_of(html="<p>Hello</p>")
