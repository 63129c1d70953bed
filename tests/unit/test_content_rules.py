"""What cannot be sent is refused when it is saved, with a code and a place."""

from __future__ import annotations

import pytest

from apps.core.content_rules import check_content
from apps.core.errors import ContentRefused


def code_of(subject: str = "Hello", text: str = "Hello", html: str = "") -> str:
    try:
        check_content(subject, text, html)
    except ContentRefused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    ("subject", "text", "html"),
    [
        ("Hello", "text", ""),
        ("Hello", "", "<p>html</p>"),
        ("Hello {{ full_name }}", "{{ attributes.x }}", '<a href="{{ unsubscribe_url }}">x</a>'),
        ("Hi {% if full_name %}{{ full_name }}{% endif %}", "text", "{{ x | upcase }}"),
        ("Привет 👋", "{{ attributes.day | date: '%d' }}", '<p style="color: {{ x }}">a</p>'),
        ("Hi", "x", '<!--[if mso]><a href="{{ view_url }}"><![endif]--><b title="{{ a }}">'),
    ],
)
def test_good_content_passes(subject: str, text: str, html: str) -> None:
    check_content(subject, text, html)


@pytest.mark.parametrize("subject", ["", "   "])
def test_a_subject_is_needed(subject: str) -> None:
    assert code_of(subject=subject) == "subject_empty"


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\r\nBcc: x@y.ru", "\0", "\t", "\x7f", "\x85", "\u2028"]
)
def test_the_subject_is_one_line(bad: str) -> None:
    assert code_of(subject=f"Hello{bad}you") == "subject_line_break"


@pytest.mark.parametrize("html", ["", " \n", "<style>p{}</style>", '<img src="x.png">'])
def test_something_to_read_is_needed(html: str) -> None:
    assert code_of(text=" ", html=html) == "content_empty"


def test_nul_and_halves_of_pairs_are_refused() -> None:
    assert code_of(text="a\0b") == "content_characters"
    assert code_of(html="\ud83d") == "content_characters"


def test_too_big_is_refused() -> None:
    assert code_of(text="x" * 300_000, html="y" * 300_000) == "content_too_big"
    assert code_of(text="x" * 300_000) == "template_too_long"


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("Subject", {"subject": "{{ a.b }}"}),
        ("Text", {"text": "{{ a.b }}"}),
        ("HTML", {"html": "{{ a.b }}"}),
    ],
)
def test_a_template_error_names_its_part_and_line(part: str, content: dict[str, str]) -> None:
    with pytest.raises(ContentRefused) as refusal:
        check_content(**({"subject": "s", "text": "t", "html": "h"} | content))
    assert refusal.value.code == "template_attribute"
    assert str(refusal.value).startswith(f"{part}, line 1: ")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ x", "template_syntax"),
        ("{% include 'x' %}", "template_not_allowed"),
        ("{{ x | safe }}", "template_not_allowed"),
        ("{% for i in (1..9999999) %}x{% endfor %}", "template_limits"),
    ],
)
def test_templates_are_tried_out(source: str, code: str) -> None:
    assert code_of(text=source) == code
    assert code_of(html=f"<p>{source}</p>") == code


@pytest.mark.parametrize("slot", ["{{ x }}", "{{ x | upcase }}"])
@pytest.mark.parametrize(
    "html",
    [
        "<script>var a = '@';</script>",
        "<a onclick=\"go('@')\">x</a>",
        "<a href=@>x</a>",
        "<a @>x</a>",
        "<@>x",
        "</@>x",
        "<p@>x",
        '<iframe srcdoc="@"></iframe>',
        "<! @ >",
        "<@",
    ],
)
def test_values_may_not_stand_where_escaping_cannot_help(html: str, slot: str) -> None:
    assert code_of(html="<p>x</p>" + html.replace("@", slot)) == "template_place"
