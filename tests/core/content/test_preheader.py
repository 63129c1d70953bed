"""The preheader of an HTML message: hidden, in front of all its words, filled in."""

from __future__ import annotations

import pytest

from apps.core.content.html_text import html_to_text
from apps.core.content.preheader import CLOSING, OPENING, with_preheader
from apps.core.content.preview import preview

HIDDEN = f"{OPENING}New{CLOSING}"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", "<p>Hello</p>"),
        ("<!DOCTYPE html><html lang='en'><body class=\"a > b\">", "<p>Hello</p></body></html>"),
        ("<!-- <body> --><BODY\nbgcolor=red>", "<p>Hello</p>"),
        ("<html><head><title>A</title></head>", "<p>Hello</p></html>"),
        ("<!doctype html>\n<html>", "<p>Hello</p>"),
        ("<html><head><style>b{}</style></head><body>", "<p>Hello<body></p>"),
    ],
)
def test_it_is_the_first_thing_in_the_body(before: str, behind: str) -> None:
    assert with_preheader(before + behind, "New") == f"{before}{HIDDEN}{behind}"


@pytest.mark.parametrize(("html", "preheader"), [("", "New"), (" ", "New"), ("<p>A</p>", " ")])
def test_nothing_comes_of_nothing(html: str, preheader: str) -> None:
    assert with_preheader(html, preheader) == html


def test_its_words_are_words_and_its_placeholders_are_filled_in() -> None:
    source = with_preheader("<p>Hello</p>", '5 < 6 & "{{ name | default: "you" }}"')
    assert f"{OPENING}5 &lt; 6 &amp; &quot;{{{{ name" in source
    shown = preview("News", "", source, {"name": "<b>Anna</b>"})
    assert "&lt;b&gt;Anna&lt;/b&gt;" in shown.html and "<b>" not in shown.html


def test_it_is_no_part_of_the_text() -> None:
    source = with_preheader("<p>Hello</p>", "New")
    assert html_to_text(source) == "Hello"
    assert preview("News", "", source, {}).text == "Hello"
