"""The items of a feed in a letter: each word in its place, and nothing of them is code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import Document, dump, read
from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.feeds.unrolling import most_shown, unrolled
from apps.core.content.blocks.feeds.words import unsealed
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.core.content.template_language import TemplateNotAllowed

ENTRY = FeedEntry(
    title="Spring & summer",
    link="https://example.com/spring?a=1&b=2",
    summary="What is <new>.",
    html='<p>Read <a href="https://example.com/more">more</a></p>',
    author="Anna",
    date="30 November 2026",
    day="2026-11-30",
    image="https://site.example/m/abc/1200.png",
    media=7,
)


def block(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"block{number:05d}", **fields}


def document(*blocks: dict[str, Any], **repeat: Any) -> Document:
    """A letter whose one repeat of the feed holds these blocks."""
    numbered = {"source": "feed", "blocks": list(blocks), **repeat}
    column = {"id": "column0001", "blocks": [block("repeat", 99999, **numbered)]}
    section = {"type": "section", "id": "section001", "columns": [column]}
    return read({"schema": 1, "body": [section]})


def compiled(made: Document) -> CompiledLetter:
    around = Surroundings(
        phrases=phrases_of("en"), picture=lambda media, width: f"https://pictures/{media}/{width}"
    )
    return compile_letter(made, around, title="News")


def text_of(made: Document) -> str:
    return "".join(_flat(unsealed(compiled(made).text)))


def html_of(made: Document) -> str:
    return "".join(_flat(unsealed(compiled(made).html)))


def _flat(parts: Sequence[Any]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif "parts" in part:
            found += _flat(part["parts"])
        else:
            found.append(f"<<{json.dumps(part)}>>")
    return found


ALL = (
    block("heading", 1, text="{{ item.title }}"),
    block("text", 2, html="<p>{{ item.summary }}</p><p>{{ item.author }}, {{ item.date }}</p>"),
    block("image", 3, picture={"url": "{{ item.image }}", "alt": "{{ item.title }}"}),
    block("button", 4, label="Read “{{ item.title }}”", link="{{ item.link }}"),
)


def test_each_item_has_its_own_blocks_links_and_pictures() -> None:
    other = FeedEntry(title="Autumn", link="https://example.com/autumn")
    made = unrolled(document(*ALL), [ENTRY, other])
    letter = compiled(made)
    html = html_of(made)
    assert "Spring &amp; summer" in html and "Autumn" in html
    assert "What is &lt;new&gt;." in html and "Anna, 30 November 2026" in html
    links = [link.address for link in letter.links]
    assert links == ["https://example.com/spring?a=1&b=2", "https://example.com/autumn"]
    assert [picture.media for picture in letter.pictures] == [7]
    assert "item." not in html, "nothing is left to be filled in"
    assert "Read “Autumn”: https://example.com/autumn" in text_of(made)


def test_a_block_of_which_the_item_has_nothing_is_left_out() -> None:
    made = unrolled(document(*ALL), [FeedEntry(title="Only a title")])
    html = html_of(made)
    assert "Only a title" in html
    assert "<img" not in html and "Read “" not in html


def test_the_items_own_text_keeps_its_links_and_paragraphs() -> None:
    made = unrolled(document(block("text", 1, html="<p>{{ item.html }}</p>")), [ENTRY])
    assert [link.address for link in compiled(made).links] == ["https://example.com/more"]
    assert "<p><p" not in html_of(made)


def test_beside_other_words_it_is_its_summary() -> None:
    made = unrolled(document(block("text", 1, html="<p>New: {{ item.html }}</p>")), [ENTRY])
    assert "New: What is &lt;new&gt;." in html_of(made)


def test_filters_and_fallbacks_are_those_of_the_language() -> None:
    source = (
        '{{ item.date | date: "%d.%m.%Y" }} {{ item.title | upcase }} '
        '{{ item.author | default: "Editors" }}'
    )
    made = unrolled(document(block("heading", 1, text=source)), [ENTRY, FeedEntry(title="a")])
    text = text_of(made)
    assert "30.11.2026 SPRING & SUMMER Anna" in text and "A Editors" in text


def test_a_placeholder_of_the_recipient_stays_one() -> None:
    made = unrolled(document(block("heading", 1, text="{{ name }}: {{ item.title }}")), [ENTRY])
    letter = compiled(made)
    assert {"placeholder": "{{ name }}"} in letter.html


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ unsubscribe_url }}",
        "{% if 1 %}x{% endif %}",
        "{{{{ email }}}}",
        "}} {{ email }} {{",
        "\ue010\ue010 email \ue011\ue011",
        "<script>alert(1)</script>{{ item.title }}",
        "{{ item.html }}",
    ],
)
@pytest.mark.parametrize("where", ["title", "summary", "author", "html", "link"])
def test_nothing_in_a_feed_is_code_of_the_letter(hostile: str, where: str) -> None:
    """Words of a feed become literals: no placeholder, no Liquid, no tag."""
    fields: dict[str, Any] = {"title": "T", "link": "https://example.com/", where: hostile}
    entry = FeedEntry(**fields)
    source = '<b>{{ item.title }}</b> <a href="{{ item.link }}">{{ item.summary }}</a>'
    made = unrolled(
        document(
            *ALL,
            block("text", 7, html="<p>{{ item.html }}</p>"),
            block("html", 8, source=source),
        ),
        [entry],
    )
    letter = compiled(made)
    codes = [
        one for one in _flat(unsealed(letter.html)) + _flat(unsealed(letter.text)) if "<<" in one
    ]
    assert codes == []
    if where != "html":  # that one is cleaned before it is kept
        assert "<script>" not in html_of(made)


def test_braces_are_read_as_they_were_written() -> None:
    made = unrolled(document(*ALL), [FeedEntry(title="Use {{ name }} and {% if %}")])
    assert "Use {{ name }} and {% if %}" in html_of(made)
    assert "Use {{ name }} and {% if %}" in text_of(made)


def test_html_between_tags_is_escaped_for_its_place() -> None:
    source = (
        '<a title="{{ item.title }}" href="{{ item.link }}">{{ item.title }} for {{ name }}</a>'
    )
    entry = FeedEntry(title='"><img src=x>', link="https://example.com/?q=1&r=2")
    made = unrolled(document(block("html", 1, source=source)), [entry])
    html = html_of(made)
    assert "<img src=x>" not in html
    assert 'href="https://example.com/?q=1&amp;r=2"' in html
    assert "{{ name }}" in html


def test_html_with_code_about_the_item_is_refused_with_its_block() -> None:
    source = "{% if item.image %}<b>x</b>{% endif %}"
    with pytest.raises(TemplateNotAllowed) as refused:
        unrolled(document(block("html", 1, source=source)), [ENTRY])
    assert refused.value.part == "block00001"


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "not an address"])
def test_a_link_in_a_text_that_leads_nowhere_is_only_its_words(link: str) -> None:
    source = '<p><a href="{{ item.link }}">Read on</a></p>'
    made = unrolled(document(block("text", 1, html=source)), [FeedEntry(title="T", link=link)])
    html = html_of(made)
    assert "Read on" in html and compiled(made).links == []


def test_an_item_is_a_part_of_an_address_percent_encoded() -> None:
    source = "https://example.com/share?u={{ item.link }}"
    made = unrolled(document(block("button", 1, label="Share", link=source)), [ENTRY])
    (link,) = compiled(made).links
    assert link.address == (
        "https://example.com/share?u=https%3A%2F%2Fexample.com%2Fspring%3Fa%3D1%26b%3D2"
    )


def test_a_repeat_shows_no_more_than_its_limit_and_without_items_its_words() -> None:
    made = document(*ALL, limit=2, empty="<p>Nothing new.</p>")
    assert most_shown(made) == 2
    three = [FeedEntry(title=name) for name in ("One", "Two", "Three")]
    assert "Three" not in html_of(unrolled(made, three))
    assert "Nothing new." in html_of(unrolled(made, []))


def test_fifty_items_may_be_more_parts_than_a_document_holds() -> None:
    made = document(*(block("heading", number, text="{{ item.title }}") for number in range(8)))
    full = document(
        *(block("heading", number, text="{{ item.title }}") for number in range(8)), limit=50
    )
    entries = [FeedEntry(title=f"N{number}") for number in range(50)]
    assert html_of(unrolled(full, entries)).count("<h2") == 400
    assert most_shown(made) == 10


def test_a_letter_without_a_feed_is_left_alone() -> None:
    column = {"id": "column0001", "blocks": [block("heading", 1, text="{{ item.title }}")]}
    section = {"type": "section", "id": "section001", "columns": [column]}
    made = read({"schema": 1, "body": [section]})
    assert unrolled(made, [ENTRY]) is made
    assert dump(made)["body"][0]["columns"][0]["blocks"][0]["text"] == "{{ item.title }}"
    assert most_shown(made) == 0


def test_pictures_of_lists_and_products_are_those_of_the_library_too() -> None:
    item = {"title": "{{ item.title }}", "picture": {"url": "{{ item.image }}", "alt": "a"}}
    made = document(
        block("cards", 1, items=[item]),
        block("product", 2, name="{{ item.title }}", picture={"url": "{{ item.image }}"}),
    )
    assert {one.media for one in compiled(unrolled(made, [ENTRY])).pictures} == {7}
    assert compiled(unrolled(made, [FeedEntry(title="T")])).pictures == []
    assert "<img" not in html_of(unrolled(made, [FeedEntry(title="T")]))
