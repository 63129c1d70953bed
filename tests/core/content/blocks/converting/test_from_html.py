"""HTML as blocks: what is understood, and what stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.content.blocks.converting.from_html import blocks_of_html
from apps.core.content.blocks.converting.gathering import Converted
from apps.core.content.blocks.document import read, walk
from apps.core.content.blocks.errors import DocumentTooBig
from apps.core.content.blocks.fragments import checked
from apps.core.content.rules import HtmlTooDeep
from apps.core.content.sheet import on_a_sheet


def converted(html: str) -> Converted:
    return blocks_of_html(html, lambda address: 7 if "/m/ours/" in address else None)


def blocks(html: str) -> list[dict[str, Any]]:
    """All blocks but the footer, in the order of reading."""
    found = [
        block
        for section in converted(html).document["body"]
        for column in section["columns"]
        for block in column["blocks"]
    ]
    assert found[-1]["type"] == "footer"
    return found[:-1]


def kinds(html: str) -> list[str]:
    return [block["type"] for block in blocks(html)]


def test_what_the_old_visual_editor_wrote_becomes_blocks_alone() -> None:
    source = on_a_sheet(
        '<h1>Hello, {{ full_name | default: "friend" }}</h1>'
        '<p>First <strong>bold</strong>, <a href="https://example.org/?{{ email }}">a link</a></p>'
        "<p><br></p><p>Second</p><ol><li>one</li><li>two</li></ol><blockquote>Said</blockquote>"
        '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    )
    heading, text, quote = blocks(source)
    assert (heading["level"], heading["text"]) == (1, 'Hello, {{ full_name | default: "friend" }}')
    assert text["html"] == (
        '<p>First <strong>bold</strong>, <a href="https://example.org/?{{ email }}">a link</a></p>'
        "<p>Second</p><ol><li>one</li><li>two</li></ol>"
    )
    assert quote["html"] == "<p>Said</p>"
    report = converted(source).report
    assert (report.blocks, report.kept, report.left_out) == (3, 0, {})
    assert converted(source).document["theme"]["follows_brand"], "it had no look of its own"


NEWSLETTER = """<html><head><title>May &amp; more</title></head><body bgcolor="#eee">
<div style="display:none">What lists show&#847;&zwnj;&nbsp;</div>
<table width="100%"><tr><td align="center"><table width="600" bgcolor="#fff">
<tr><td><a href="https://e.org"><img src="https://e.org/m/ours/9.png" width="140" alt="Logo"></a>
</td></tr>
<tr><td><h2 style="color:#112233;text-align:center">News</h2><p style="font-size:12px;color:#999">
small</p></td></tr>
<tr><td><table><tr><td bgcolor="#ff6600"><a href="https://e.org/buy" style="color:#fff">Buy</a></td>
</tr></table></td></tr>
<tr><td bgcolor="#fafafa"><table><tr><td width="200"><img src="https://e.org/1.png" alt="">
</td><td width="400"><p>Right</p><table><tr><td>a</td><td>b</td></tr></table>
</td></tr></table></td></tr>
<tr><td><table border="1"><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table></td>
</tr><tr><td><hr></td></tr>
</table></td></tr></table><img src="https://count.example/1.gif" width="1" height="1">
<p><a href="{{ unsubscribe_url }}">Leave</a> | <a href="{{ view_url }}">View</a></p>
</body></html>"""


def test_a_layout_of_tables_becomes_sections_and_columns() -> None:
    found = converted(NEWSLETTER)
    body = found.document["body"]
    assert [[column["width"] for column in one["columns"]] for one in body] == [
        *([100], [33, 67], [100], [100]),
    ]
    assert [one["background"] for one in body] == ["surface", "#fafafa", "surface", None]
    assert kinds(NEWSLETTER) == [
        *("image", "heading", "text", "button", "image", "text", "html", "table", "divider"),
    ]
    logo, heading, text, button, picture, _right, kept, table, _rule = blocks(NEWSLETTER)
    assert (logo["picture"]["media"], logo["link"], logo["width"]) == (7, "https://e.org", 140)
    assert (heading["align"], heading["colour"]) == ("center", "#112233")
    assert (text["small"], text["colour"]) == (True, "#999999")
    assert (button["label"], button["link"]) == ("Buy", "https://e.org/buy")
    assert picture["picture"]["url"] == "https://e.org/1.png" and picture["picture"]["decorative"]
    assert "<td>a</td><td>b</td>" in kept["source"]
    assert (table["head"], table["rows"]) == (["A", "B"], [["1", "2"]])
    assert (found.report.blocks, found.report.kept) == (9, 1)
    assert found.report.left_out == {"pixel": 1}
    assert (found.preheader, found.title) == ("What lists show", "May & more")
    light = found.document["theme"]["light"]
    assert (light["page"], light["button"]) == ("#eeeeee", "#ff6600")
    dark = found.document["theme"]["dark"]
    assert dark["button"] == "#ff6600" and dark["page"] != "#eeeeee"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p>text<b>more</b><p>b</p>", ["text"]),
        ("<h2><a href='https://e.org'>Linked</a></h2>", ["text"]),
        ("<h4>Small</h4>", ["heading"]),
        ("<div><div><h3>In</h3></div><p>x</p></div>", ["heading", "text"]),
        ("<p>a <img src='https://e.org/a.png' alt='x'> b</p>", ["text", "image", "text"]),
        ("<p><a class='btn' href='https://e.org'>Go</a></p>", ["button"]),
        ("<p><a href='https://e.org'>Just a link</a></p>", ["text"]),
        ("<pre>a\n b</pre>", ["html"]),
        ("<p>{% if a %}x{% endif %}</p>", ["html"]),
        ("{% if a %}<p>x</p>{% else %}<p>y</p>{% endif %}<p>z</p>", ["html", "text"]),
        ("<p>{% if a %}x</p><p>y{% endif %}</p>", ["html"]),
        ("<table>{% for i in (1..3) %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>", ["html"]),
        ("{% assign x = full_name %}<p>{{ x }}</p><h1>y</h1>", ["html"]),
        ("<script>x()</script><style>p{}</style><p>a</p>", ["text"]),
        ("<img src='data:image/png;base64,AA'>", []),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", ["text"]),
        ("<ul><li><img src='https://e.org/a.png' alt='x'></li></ul>", ["html"]),
    ],
)
def test_each_thing_becomes_its_block(html: str, expected: list[str]) -> None:
    assert kinds(html) == expected
    for block in blocks(html):
        if block["type"] == "html":
            assert checked(block["source"])


def test_parts_side_by_side_without_a_table_are_columns() -> None:
    side = '<div class="mj-column-per-50" style="display:inline-block"><p>{}</p></div>'
    section, _footer = converted(f"<div>{side.format('a')}{side.format('b')}</div>").document[
        "body"
    ]
    assert [column["width"] for column in section["columns"]] == [50, 50]


def test_hidden_parts_are_left_out_and_counted() -> None:
    found = converted("<p>a</p><div style='display: none'>for phones</div>")
    assert found.report.left_out == {"hidden": 1} and kinds("<p>a</p>") == ["text"]


def test_what_is_too_deep_or_too_long_is_refused() -> None:
    with pytest.raises(HtmlTooDeep):
        converted("<div>" * 300)
    with pytest.raises(DocumentTooBig):
        converted(f"<pre>{'x' * 100_001}</pre>")


_PARTS = st.sampled_from(
    [
        *("<p>", "</p>", "<b>", "</b>", "<td>", "</td>", "<tr>", "<table>", "</table>", "<h1>"),
        *("<ul>", "<li>", "</ul>", "<a href='https://e.org'>", "</a>", "<div>", "</div>", "<hr>"),
        *("{{ full_name }}", "{{ a | default: 'x' }}", "text ", "&amp;", "<", ">", '"', "\ue000"),
        *("<img src='https://e.org/a.png'>", "<!--", "-->", "<blockquote>", "<center>", "\u00a0"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(_PARTS, max_size=30))
def test_any_html_becomes_a_document_that_can_be_stored(parts: list[str]) -> None:
    document = read(converted("".join(parts)).document)
    assert all(checked(node.source) for node in walk(document) if getattr(node, "source", ""))
