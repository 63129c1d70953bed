"""The text of a letter, made from its blocks."""

from __future__ import annotations

import pytest

from tests.core.content.blocks.documents import alone, block, compiled, section, text_of

VALUES = {
    "view_url": "https://v.example/",
    "unsubscribe_url": "https://u.example/",
    "preferences_url": "https://p.example/",
    "code": "SPRING",
    "name": "A & <B>",
    "item.title": "Tea",
}


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("heading", {}, "A heading\n========="),
        ("heading", {"level": 2}, "A heading\n---------"),
        ("heading", {"level": 3}, "A heading"),
        ("heading", {"text": ""}, ""),
        ("text", {}, "Words here (https://example.org/a)\n\n- one"),
        ("text", {"html": "<p>a<br>b</p><p>c &amp; {{ name }}</p>"}, "a\nb\n\nc & A & <B>"),
        (
            "text",
            {"html": "<ol><li>one<ul><li>in</li></ul></li><li>two</li></ol>end"},
            "1. one\n  - in\n2. two\n\nend",
        ),
        ("text", {"html": "<p>a</p><ul><li><p>b</p></li></ul>"}, "a\n\n- b"),
        ("image", {}, "[A heron]: https://example.org/i\nBy the river"),
        ("image", {"picture": {"media": 1, "decorative": True}, "link": "", "caption": ""}, ""),
        ("button", {}, "Open: https://example.org/b"),
        ("button", {"label": ""}, "https://example.org/b"),
        ("divider", {}, "* * *"),
        ("spacer", {}, ""),
        ("product", {}, "[A heron]\nNew: Kettle\nBoils\n10 (was 12)\nBuy: https://example.org/p"),
        ("quote", {}, "> Good.\n— Anna, Tula"),
        ("quote", {"html": "<p>a</p><p>b</p>", "about": ""}, "> a\n> \n> b\n— Anna"),
        ("menu", {}, "Home: https://example.org/"),
        ("social", {}, "VK: https://example.org/vk"),
        ("header", {}, "View in browser: https://v.example/\nHouse: https://example.org/"),
        (
            "footer",
            {},
            "You asked.\nHouse, Tula\nerid: 1\nUnsubscribe: https://u.example/\n"
            "Email preferences: https://p.example/\nView in browser: https://v.example/",
        ),
        ("footer", {"preferences": False, "view_link": False, "mark": ""},
         "You asked.\nHouse, Tula\nUnsubscribe: https://u.example/"),
        ("code", {}, "    SPRING\nUntil Sunday"),
        ("table", {}, "What | How much\nTea | 2\nCake"),
        ("video", {}, "[A heron]\nWatch the video: https://example.org/v"),
        ("html", {"source": "<p>Hello, {{ name }}</p>"}, "Hello, A & <B>"),
    ],
)  # fmt: skip
def test_a_block_as_text(kind: str, fields: dict[str, object], text: str) -> None:
    assert text_of(alone(kind, **fields), VALUES).rstrip() == text


def test_a_list_keeps_its_marks() -> None:
    items = [{"title": "One", "html": "<p>first</p>"}, {"title": "Two"}]
    assert text_of(alone("list", items=items, mark="number")).rstrip() == "1. One\nfirst\n2. Two"
    assert text_of(alone("list", items=items, mark="check")).startswith("✓ One")


def test_a_repeat_comes_once_for_each_item() -> None:
    letter = alone("repeat")
    assert text_of(letter, VALUES, items=2).split() == ["Tea", "Tea"]
    assert text_of(letter, VALUES, items=0).split() == ["Nothing", "today"]


def test_what_is_for_phones_alone_is_not_said_twice() -> None:
    letter = compiled(
        section(
            block("heading", text="Wide", device="desktop"),
            block("heading", "block0002", text="Narrow", device="phone"),
        )
    )
    assert text_of(letter).split() == ["Wide", "===="]


def test_blocks_stand_apart_by_one_blank_line() -> None:
    letter = compiled(section(block("heading", level=3), block("button", "block0002")))
    assert text_of(letter).rstrip() == "A heading\n\nOpen: https://example.org/b"


def test_liquid_stays_liquid() -> None:
    assert {"liquid": "{{ name }}{% if name %}!{% endif %}"} in alone("html").text
