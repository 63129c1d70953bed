"""HTML as Telegram takes it, from whatever a message holds."""

from __future__ import annotations

import pytest

from apps.delivery.channels.telegram.compile import telegram_html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<div hidden>preheader<body>Hello", "Hello"),
        ("<style>p{}</style><p>Hello</p>", "Hello"),
        ("<div hidden><p>a</div>Hello</p>", "Hello"),
        ("one<hr>two", "one\n\ntwo"),
        ("one<br><br><br><br>two", "one\n\ntwo"),
        ('<img alt="A cat" src="https://example.org/cat.png">', "A cat"),
        ('<img style="display:none" alt="pixel">Hello', "Hello"),
        ("Hello</b></img>", "Hello"),
        ("<b><i>Hello</b> you", "<b><i>Hello</i></b> you"),
    ],
)
def test_what_a_reader_sees_is_sent(source: str, expected: str) -> None:
    assert telegram_html(source).html.strip() == expected
