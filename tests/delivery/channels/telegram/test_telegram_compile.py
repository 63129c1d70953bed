"""What becomes of a message's HTML in Telegram."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.program import from_html, from_text
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import Claimed
from apps.delivery.channels.content import Content, TextEmpty
from apps.delivery.channels.messengers.compile import CompiledChat
from apps.delivery.channels.telegram.compile import (
    TelegramMessage,
    TelegramTooLong,
    compile_telegram,
    telegram_html,
)

ALLOWED = {"b", "i", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}


def compiled(text: str = "", html: str = "", files: int = 0) -> CompiledChat:
    file = ("a.pdf", "application/pdf", b"%PDF")
    return compile_telegram(
        Content(
            "s",
            from_text(text),
            from_html(html),
            lambda number: (f"https://e.org/u/{number}", "", ""),
            datetime.now(UTC),
            attachments=(file,) * files,
        )
    )


def body(message: CompiledChat, **fields: str) -> str:
    return message.fill(Claimed(7, 1, "100", 1, fields)).body.decode()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h1>Hi &amp; bye</h1><p>A <strong>b</strong></p>", "<b>Hi &amp; bye</b>\n\nA <b>b</b>"),
        ("<ul><li>one<li>two</ul>end", "• one\n• two\n\nend"),
        ("<ol><li><p>one</p></li><li>two</li></ol>", "1. one\n2. two"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<b>x<i>y</b>z</i>", "<b>x<i>y</i></b>z"),
        ("<pre>a\n  <b>b</b></pre>", "<pre>a\n  b</pre>"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "<blockquote>a\n\nb</blockquote>"),
        ("<script>x</script><p style='display:none'>y</p><p>1 < 2</p>", "1 &lt; 2"),
        ("<a href='https://e.org/?a&amp;b=2'>go</a>", '<a href="https://e.org/?a&amp;b=2">go</a>'),
        ("<a href='javascript:alert(1)'>go</a>", "go"),
        ("<span class='tg-spoiler'>s</span><span>t</span>", "<tg-spoiler>s</tg-spoiler>t"),
        ("<img src='https://e.org/1.png' alt='a cat'>", "a cat"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    ],
)  # fmt: skip
def test_only_what_telegram_knows_is_left(source: str, expected: str) -> None:
    assert telegram_html(source).html == expected


class Reader(HTMLParser):
    """Fails on what Telegram would refuse; collects the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


_PIECES = [f"<{slash}{tag}>" for tag in ("b", "i", "p", "li", "ul", "pre", "a href='https://e'",
           "div", "script", "blockquote", "span hidden") for slash in ("", "/")]  # fmt: skip


@given(st.lists(st.sampled_from([*_PIECES, "text ", "&lt;", "<", "&", "<br>", "\n", "😀"])))
def test_whatever_is_written_telegram_can_read_it(pieces: list[str]) -> None:
    marked = telegram_html("".join(pieces))
    reader = Reader()
    reader.feed(marked.html)
    reader.close()
    assert reader.open == []
    assert len(reader.text.strip().encode("utf-16-le")) // 2 <= marked.length


def test_values_are_escaped_for_their_place() -> None:
    html = "<p>{{ full_name }} <a href='https://e.org/?q={{ city }}'>x</a></p>"
    assert body(compiled(html=html), full_name="<b>&", city="a b&c") == (
        '&lt;b&gt;&amp; <a href="https://e.org/?q=a%20b%26c">x</a>'
    )
    assert body(compiled(text="{{ full_name }} < 3"), full_name="<i>") == "&lt;i&gt; &lt; 3"
    link = "<a href='{{ city }}'>x</a>"
    with pytest.raises(RenderRefused) as refusal:
        body(compiled(html=link), city="javascript:alert(1)")
    assert refusal.value.code == "bad_url"


def test_the_html_goes_before_the_text_and_carries_the_links() -> None:
    html = "<a href='{{ unsubscribe_url }}'>leave</a>{% if x %}!{% endif %}"
    message = compiled(text="unused", html=html)
    assert body(message, x="1") == '<a href="https://e.org/u/7">leave</a>!'


def test_the_length_is_counted_without_tags_and_references() -> None:
    assert len(body(compiled(html="<b>&amp;</b>" * 4096))) > 30_000
    assert body(compiled(text="{{ name }}"), name="😀" * 2048)
    with pytest.raises(TelegramTooLong):
        body(compiled(text="{{ name }}"), name="😀" * 2048 + "a")
    with pytest.raises(TelegramMessage):
        compiled(text="a" * 4097)


def test_a_caption_is_shorter_and_one_file_is_all() -> None:
    assert body(compiled(text="a" * 1024, files=1))
    with pytest.raises(TelegramMessage):
        compiled(text="a" * 1025, files=1)
    with pytest.raises(TelegramMessage):
        compiled(text="a", files=2)


def test_a_recipient_for_whom_nothing_is_left_is_refused() -> None:
    with pytest.raises(TextEmpty):
        body(compiled(html="<p>{{ name }}</p>"))
    with pytest.raises(RenderRefused):
        body(compiled(text="{{ name }}"), name="\ud800")
