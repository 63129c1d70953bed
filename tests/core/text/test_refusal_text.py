"""A refusal is reported in the language of the page, although who raises it knows none."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from apps.core.content.rules import ContentTooBig, check_content
from apps.core.errors import ContentRefused
from apps.core.text.formatting import facts_of, kept_words, refusal_text


def refusal_of(subject: str, text: str, html: str = "") -> ContentRefused:
    with pytest.raises(ContentRefused) as caught:
        check_content(subject, text, html)
    return caught.value


@pytest.mark.parametrize(
    ("text", "english", "russian"),
    [
        (
            "a\n{% include 'x' %}",
            "Text, line 2: the tag “include”",
            "Текст, строка 2: тег «include»",
        ),
        ("{{ a.b }}", "Text, line 1: “a.b” is not a name", "Текст, строка 1: «a.b» — не имя"),
        ("{{ name", "“{{” is not closed", "«{{» не закрыто"),
        ("", "Give the message a text or HTML.", "Добавьте текст или HTML."),
    ],
)
def test_a_template_is_refused_in_both_languages(text: str, english: str, russian: str) -> None:
    refusal = refusal_of("Subject", text)
    with translation.override("en"):
        assert english in refusal_text(refusal) and english in str(refusal)
    with translation.override("ru"):
        assert russian in refusal_text(refusal)


def test_a_percent_sign_in_a_template_breaks_no_sentence() -> None:
    refusal = refusal_of("Subject", "{% 100%s %}")
    with translation.override("en"):
        assert refusal_text(refusal).startswith("Text, line 1: ")


def test_figures_are_kept_apart_from_the_words() -> None:
    refusal = refusal_of("Subject", "x" * 600_000)
    assert isinstance(refusal, ContentTooBig) and refusal.params == {"limit": 500}


def test_a_kept_refusal_with_a_figure_is_said_in_words_again() -> None:
    kept = json.loads(json.dumps(facts_of(refusal_of("Subject", "x" * 600_000))))
    with translation.override("en"):
        assert kept_words(kept) == "The message is bigger than 500 kB."
