"""Whatever somebody writes or imports, no function that reads it holds a processor for long.

Each text is tried at 64 kB and at 400 kB: what grows by the square is seen here first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

import pytest

from apps.core.content.blocks.converting.from_html import blocks_of_html
from apps.core.content.blocks.converting.from_text import blocks_of_text
from apps.core.content.editor_html import stored_html, stored_text
from apps.core.content.hints import hints
from apps.core.content.html_contexts import HTML_ESCAPES, places
from apps.core.content.html_nesting import is_too_deep
from apps.core.content.html_text import html_to_text, literals_to_text, sane_markup
from apps.core.content.preheader import with_preheader
from apps.core.content.preview import preview
from apps.core.content.program import from_html, html_steps
from apps.core.content.program.queries import MARK, marked_text_with, marked_with, with_query
from apps.core.content.rules import check_content
from apps.core.content.template_dates import date_of
from apps.core.content.template_language import parse
from apps.core.content.template_numbers import number_of
from apps.core.content.time_budget import OverLimit, time_budget
from apps.core.errors import DomainError
from apps.core.files.types import is_text, type_of
from apps.delivery.channels.email.attachment import attachment_part
from apps.delivery.channels.email.mime import encoded_words, quoted_printable, unstructured
from apps.delivery.channels.telegram.compile import telegram_html
from apps.feedback.services.archive import without_personal
from apps.mailings.importing.letters.merge_tags import tags_in
from tests.effort import effort

#: Rounds (tests/effort.py). A reader under a budget may use it up, and needs its last step to end.
MOST = 4_000
#: Seconds of a budget that a reader may use up: it comes back as soon from a wider one.
BUDGET = 0.05

BEGINNINGS = {
    "nested lists": "<ul><li>",
    "nested divs": "<div>",
    "styles": "<style></style>",
    "open style": "<style>",
    "open tags": "<a ",
    "open quotes": '<a href="',
    "tags": "<b>x</b>",
    "paragraphs": "<p>x</p>",
    "left open": "<p><font color=1><b>",
    "skipped": "<svg>",
    "skipped and ended": "<svg></b>",
    "lone brackets": "<",
    "closing": "</",
    "declarations": "<!",
    "comments": "<!--",
    "conditions": "<!--[if mso]>",
    "ampersands": "&",
    "entities": "&nbsp;",
    "entities in braces": "{{&nbsp;x&nbsp;}}",
    "braces": "{",
    "open braces": "{{",
    "open tags of logic": "{%",
    "places": "{{ x }}",
    "raw": "{% raw %}",
    "comments of logic": "{% comment %}",
    "blanks": " ",
    "line ends": "\n",
    "carriage returns": "\r",
    "letters": "a",
    "words": "слово ",
    "pre": "<pre> <td>",
    "cells": "<td>x",
    "links": "<a href='x y'>x</a>",
    "addresses in styles": "<p style='a:url(url(url('>",
    "commas": "<img srcset='a, a, a,'>",
    "digits": "1",
    "groups of digits": "1 000 ",
    "dots": "1.",
    "quotes": "'\"",
    "slashes": "\\/",
    "private": "\ue000",
    "line breaks": "<br>",
    "titles": "<title>",
    "open titles": "<title ",
    "open bodies": "<body ",
    "web addresses": "https://",
    "blanks of both kinds": " &nbsp;",
    "joints": " · ",
    "links of a person": '<a href="https://personal.invalid/">',
}
LONG_TAGS = {
    "attributes": ("<p ", "a=1 ", ">x"),
    "a style": ('<p style="', "a:b;", '">x'),
    "addresses": ('<p style="', "background:url(x);", '">{{ x }}'),
    "a source set": ('<img srcset="', "a.png 1x, ", '">{{ x }}'),
    "logic and styles": ("{% if x %}x{% endif %}", "<style></style>", "{{ x }}"),
    "logic and tags": ("{% if x %}x{% endif %}", "<b>x</b>", "{{ x }}"),
    "elements in a condition": ("{% if x %}<b>", "<a></i>", "{% endif %}"),
    "paragraphs in a condition": ("{% if x %}<b>", "<p>", "</i></i></b>{% endif %}"),
    "conditions in elements": ("<a>" * 150 + "{% if x %}", "{% if x %}{% endif %}", "{% endif %}"),
    "a condition": ("{% if ", "x or ", "x %}{% endif %}"),
    "a list of filters": ("{{ x ", "| upcase ", "}}"),
    "fonts left open": ("<font color=1>" * 150, "<p>x</p>", ""),
    "depth left open": ("<b>" * 150, "<li></li>", ""),
    "line breaks in a quotation": ("<blockquote>x", "<br>", "x"),
    "ends of a sentence": ("https://", "!", "x"),
    "addresses of one link": ("<a", ' href="https://personal.invalid/"', ""),
    "a deep list": ("<li>" + "<span>" * 190, "<li></li>", ""),
}


def grown(beginning: str, middle: str, end: str, size: int) -> str:
    return beginning + middle * (size // len(middle)) + end


PARTS = {**{name: ("", text, "") for name, text in BEGINNINGS.items()}, **LONG_TAGS}


def _places(text: str) -> object:
    template = parse(text)
    return places(template.literals or [text, ""])


FUNCTIONS: Mapping[str, Callable[[str], object]] = {
    "sane_markup": sane_markup,
    "html_to_text": html_to_text,
    "literals_to_text": lambda text: literals_to_text((text, text)),
    "telegram_html": telegram_html,
    "is_too_deep": is_too_deep,
    "places": lambda text: places([text, text]),
    "places of a template": _places,
    "parse": parse,
    "program": lambda text: html_steps(from_html(text)),
    "check the HTML": lambda text: check_content("s", "t", text),
    "check the text": lambda text: check_content("s", text, ""),
    "check the subject": lambda text: check_content(text, "t", ""),
    "preview": lambda text: preview("s", "", text, {}),
    "preview of a value": lambda text: preview("{{ x }}", "", "<p>{{ x }}</p>", {"x": text}),
    "hints": lambda text: hints("s", "", text, known=[]),
    "stored_html": stored_html,
    "stored_html of the editor": lambda text: stored_html(text, visual=True),
    "stored_text": stored_text,
    "date": date_of,
    "number": number_of,
    "escapes": lambda text: [escape(text) for escape in HTML_ESCAPES.values()],
    "kind of file": lambda text: (type_of(text.encode(), "a.txt"), is_text(text.encode())),
    "attachment": lambda text: attachment_part("a.txt", "text/plain", text.encode()),
    "subject": lambda text: (unstructured(text, 9), encoded_words(text, 9)),
    "quoted_printable": quoted_printable,
    "blocks of HTML": lambda text: blocks_of_html(text, lambda address: None),
    "blocks of a text": blocks_of_text,
    "preheader": lambda text: with_preheader(text, "x"),
    "an address": lambda text: with_query([f"https://e.org/{text}x"], ["a=1"], "&"),
    "marked addresses": lambda text: marked_with(text + MARK, "a=1"),
    "marked addresses of a text": lambda text: marked_text_with(f"{text} {MARK}", "a=1"),
    "for nobody": lambda text: without_personal(f"{text}<a href='https://personal.invalid/'>x</a>"),
    "merge tags": lambda text: tags_in(text, []),
}


#: What is also given texts that no message may have: from files, from pages, from the API.
UNBOUNDED = [
    "sane_markup", "html_to_text", "is_too_deep", "parse", "check the HTML", "stored_html",
    "stored_html of the editor", "stored_text", "date", "number", "kind of file", "attachment",
    "subject", "quoted_printable", "blocks of a text", "for nobody", "marked addresses of a text",
]  # fmt: skip


@pytest.fixture(autouse=True)
def exact_time_budget(patient_time_budget: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured here is measured without the tool that makes everything slow."""
    monkeypatch.setattr("apps.core.content.time_budget.spent_seconds", time.thread_time)


def slow_texts(function: Callable[[str], object], size: int) -> dict[str, float]:
    """The texts of this size that took more rounds than are allowed, and how many."""

    def read(text: str) -> None:
        try:
            with time_budget(BUDGET):
                function(text)
        except (DomainError, OverLimit):
            pass

    slow: dict[str, float] = {}
    for name, parts in PARTS.items():
        spent = effort(partial(read, grown(*parts, size=size)), MOST)
        if spent > MOST:
            slow[name] = round(spent)
    return slow


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_text_takes_long(name: str) -> None:
    assert slow_texts(FUNCTIONS[name], 64_000) == {}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_nor_does_a_large_text(name: str) -> None:
    """Of so large a one it is asked whether its reader comes back when the time is over."""
    assert slow_texts(FUNCTIONS[name], 400_000) == {}
