"""Rich text: what comes from an editor, a paste or a program, and what is stored of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.blocks.cleaning import TooDeep, clean_rich
from apps.core.content.blocks.values import MAX_RICH
from tests.effort import effort

MOST = 500  # rounds


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ("plain words", "plain words"),
        ("<p>a <b>b</b> <i>i</i></p>", "<p>a <strong>b</strong> <em>i</em></p>"),
        ("<div>one</div><div>two<br>three</div>", "<p>one</p><p>two<br>three</p>"),
        ("<h1>Title</h1><p>Text</p>", "<p>Title</p><p>Text</p>"),
        ('<p style="color:red" class="x" onclick="y()">a</p>', "<p>a</p>"),
        ('<a href="https://example.org/?a=1&b=2" target="_blank" title="t">a</a>',
         '<a href="https://example.org/?a=1&amp;b=2">a</a>'),
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<a href="/on/this/site">a</a>', "a"),
        ('<a href="{{ link }}">a</a>', '<a href="{{ link }}">a</a>'),
        ("<script>alert(1)</script><style>p{}</style>a", "a"),
        ("<ul><li>a<ol><li>b</ol></ul>", "<ul><li>a<ol><li>b</li></ol></li></ul>"),
        ("<p></p><ul></ul><b></b>a", "a"),
        ("H<sub>2</sub>O <s>x</s> <u>y</u>", "H<sub>2</sub>O <s>x</s> <u>y</u>"),
        ('<img src="https://example.org/x.png">a', "a"),
        ("a\x00b\x07c", "abc"),
    ],
)  # fmt: skip
def test_what_is_stored(source: str, stored: str) -> None:
    assert clean_rich(source) == stored


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ('{{ name | default: "друг" }}', '{{ name | default: "друг" }}'),
        ('<p>{{ name | default: "a>b" }}</p>', '<p>{{ name | default: "a&gt;b" }}</p>'),
        ("<p>{{ <b>name</b>&nbsp;}}</p>", "<p>{{ name }}</p>"),
    ],
)
def test_a_placeholder_stays_one(source: str, stored: str) -> None:
    assert clean_rich(source) == stored


@given(st.text(st.sampled_from("<>/&;\"'{} \u00a0abpuli=")), st.booleans())
def test_what_is_stored_is_stored_as_it_is(source: str, wrapped: bool) -> None:
    once = clean_rich(f"<p>{source}</p>" if wrapped else source)
    assert clean_rich(once) == once


@given(
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "<p>", "</p>", "<ul>", "<li>", "</ul>", "</a>",
             "<a href='https://a.b/'>",
             "<a>", "<div>", "</div>", "x", " ", "&nbsp;", "{{ <i>a</i> }}", "<br>", "<h1>", "<td>"]
        ),
        max_size=14,
    ).map("".join)
)  # fmt: skip
def test_markup_of_every_order_is_stored_as_it_is(source: str) -> None:
    once = clean_rich(source)
    assert clean_rich(once) == once


@pytest.mark.parametrize("unit", ["{{", "{{ <b>", "<b>", "<p>", "&nbsp;", "<a href='x'>", "<u><s>"])
def test_the_longest_text_is_cleaned_at_once(unit: str) -> None:
    source = (unit * MAX_RICH)[:MAX_RICH]

    def clean() -> None:
        with suppress(TooDeep):
            clean_rich(source)

    assert effort(clean, MOST) <= MOST


def test_what_is_nested_without_end_is_refused_at_once() -> None:
    with pytest.raises(TooDeep):
        clean_rich("<div>" * 5_000)
