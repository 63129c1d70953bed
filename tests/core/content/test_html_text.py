"""The plain text made of HTML: readable, and nothing lost that a reader sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.html_text import html_to_text, literals_to_text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("  many \n\t spaces\u00a0here ", "many spaces here"),
        ("a &lt;b&gt; &amp; &#1078;", "a <b> & ж"),
        ("<b>in</b>line <i>text</i>", "inline text"),
        ("<pre>kept\n  as is\n</pre>", "kept\n  as is"),
        ("above<hr>below", "above\n--------------------\nbelow"),
    ],
)
def test_paragraphs_and_lines(source: str, expected: str) -> None:
    assert html_to_text(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('<a href="https://x.ru/a">here</a>.', "here (https://x.ru/a)."),
        ('<a href="https://x.ru">https://x.ru</a>', "https://x.ru"),
        ('<a href="mailto:a@x.ru">a@x.ru</a>', "a@x.ru"),
        ('<a href="https://x.ru"><img src="x.png" alt="Shop"></a>', "Shop (https://x.ru)"),
        ('<a href="https://x.ru"><img src="x.png"></a>', "https://x.ru"),
        ('<a href="#top">up</a>', "up"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ("<a>nowhere</a>", "nowhere"),
        (
            '<a href="https://x.ru">one <a href="https://y.ru">two',
            "one (https://x.ru)two (https://y.ru)",
        ),
    ],
)
def test_links_show_their_address(source: str, expected: str) -> None:
    assert html_to_text(source) == expected


def test_lists_keep_their_marks() -> None:
    source = "<p>Do:</p><ul><li>a</li><li><p>b</p><ol><li>b1<li>b2</ol></li></ul><ol><li>x</ol>end"
    assert html_to_text(source) == "Do:\n\n- a\n- b\n  1. b1\n  2. b2\n\n1. x\n\nend"


def test_layout_tables_read_from_top_to_bottom() -> None:
    source = """<table><tr><td><table><tr><td><p>Logo</p></td></tr></table></td></tr>
        <tr><td><h1>News</h1><p>First</p></td></tr></table>"""
    assert html_to_text(source).split() == ["Logo", "News", "First"]
    assert "|" not in html_to_text(source)


def test_a_row_of_data_is_one_line() -> None:
    source = "<table><tr><th>Tea</th><th>Price</th></tr><tr><td>Green</td><td>90</td></tr></table>"
    assert html_to_text(source) == "Tea  Price\nGreen  90"


@pytest.mark.parametrize(
    "hidden",
    [
        "<style>p{color:red}</style>",
        "<script>alert(1)</script>",
        "<head><title>hidden</title></head>",
        '<div style="display: none">hidden <b>too</b></div>',
        '<span style="color:red;display:none">hidden</span>',
        "<p hidden>hidden</p>",
        "<!-- hidden -->",
        "<!DOCTYPE html>",
        "<!--[if mso]><p>hidden</p><![endif]-->",
    ],
)
def test_what_is_hidden_stays_hidden(hidden: str) -> None:
    assert html_to_text(f"{hidden}<p>seen</p>") == "seen"


def test_what_only_outlook_hides_is_shown() -> None:
    assert html_to_text("<!--[if !mso]><!--><p>seen</p><!--<![endif]-->") == "seen"


def test_slots_go_through_in_their_places() -> None:
    literals = ("<p>Dear ", '</p><a href="', '">leave</a><img src="', '">')
    texts, slots = literals_to_text(literals)
    assert texts == ["Dear ", "\n\nleave (", ")"]
    assert slots == [0, 1]


def test_text_that_only_looks_like_markup_is_kept() -> None:
    assert html_to_text("1 < 2 <a <b <") == "1 < 2 <a <b <"
    assert html_to_text("<p title=it's>kept</p>") == "kept"


def test_depth_and_size_do_not_multiply() -> None:
    assert len(html_to_text("<ul><li>x" * 1_000)) < 25_000
    assert html_to_text(f'<img src="data:{"x" * 5_000}">seen') == "seen"


@given(st.text(st.sampled_from("<>/!-[]?&;=\"' abpli1\n"), max_size=120))
def test_never_breaks_on_broken_html(source: str) -> None:
    assert isinstance(html_to_text(source), str)


def test_what_was_hidden_before_the_body_hides_nothing_in_it() -> None:
    assert html_to_text("<div hidden>preheader<p>more<body><p>Hello</p>") == "Hello"


def test_an_end_that_nothing_began_ends_nothing() -> None:
    assert html_to_text("<div hidden><p>a</section></div><p>Hello</p></b>") == "Hello"
