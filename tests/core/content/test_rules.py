"""What cannot be sent is refused when it is saved, with a code and a place."""

from __future__ import annotations

import pytest

from apps.core.content.rules import check_content
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


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 199 + "x" + "</div>" * 199,
        "<p>x" * 3_000,
        "<ul>" + "<li>x" * 3_000 + "</ul>",
        "<table>" + "<tr><td><font color=red><b>x" * 500 + "</table>",
        "<dl>" + "<dt>x<dd>y" * 1_000 + "</dl>",
        "<!--[if mso]><table><tr><td><![endif]-->" * 500 + "x",
        "<br><img src='https://x.ru/a.png' alt=''>" * 300 + "x",
        "<style>" + "a>b{}" * 1_000 + "</style>x",
    ],
)
def test_ordinary_html_is_not_too_deep(html: str) -> None:
    assert code_of(html=html) == ""


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>" * 24_800 + "x",
        "<div>" * 201 + "x",
        "<div>" * 5_000 + "x" + "</div>" * 5_000,
        "<b>" * 300 + "x",
        "<table><tr><td>" * 300 + "x",
        "{% for i in (1..300) %}<div>{% endfor %}x",
        "<div>" + "<font>" * 150 + "</div>" + "<p>x</p>" * 15_000,
    ],
)
def test_html_that_is_too_deep_is_refused(html: str) -> None:
    assert code_of(html=html) == "html_too_deep"


@pytest.mark.parametrize(
    "html",
    [
        "{% if full_name %}x{% endif %}" + "<b>x</b>" * 24_000 + "{{ full_name }}",
        "{% for i in (1..2000) %}{% if full_name %}" + "<b>x</b>" * 9 + "{% endif %}{% endfor %}",
    ],
)
def test_a_letter_that_takes_too_long_is_refused(
    html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.content.rules.MAX_TRIAL_SECONDS", 0.001)
    assert code_of(html=html) == "template_limits"


@pytest.mark.parametrize("slot", ["{{ x }}", "{{ x | upcase }}"])
@pytest.mark.parametrize(
    "html",
    [
        "<p style='@'>x</p>",
        "<p style='@: red'>x</p>",
        "<p style='color: red; @'>x</p>",
        "<style>p{background:url(@)}</style>",
        "<style>p{background:url('https://x.ru/@')}</style>",
        "<a href='javascript:go(@)'>x</a>",
        "<a href='&#106;avascript:go(@)'>x</a>",
        "<img src='data:image/png;base64,@' alt=''>",
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
