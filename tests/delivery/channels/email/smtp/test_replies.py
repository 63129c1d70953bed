"""Replies come out whole however they were cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.contracts import Blame
from apps.delivery.channels.email.smtp.classify import blame_for_login, enhanced_code
from apps.delivery.channels.email.smtp.replies import ProtocolError, ReplyReader

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)


@given(
    replies=st.lists(st.tuples(st.integers(200, 599), st.lists(WORDS, min_size=1, max_size=4))),
    cut=st.integers(1, 7),
)
def test_replies_are_whole_however_they_were_cut(
    replies: list[tuple[int, list[str]]], cut: int
) -> None:
    raw = b""
    for code, lines in replies:
        for line in lines[:-1]:
            raw += f"{code}-{line}\r\n".encode()
        raw += f"{code} {lines[-1]}\r\n".encode()
    reader = ReplyReader()
    codes = []
    for start in range(0, len(raw), cut):
        reader.feed(raw[start : start + cut])
        while (reply := reader.next()) is not None:
            codes.append(reply.code)

    assert codes == [code for code, _ in replies]
    assert reader.empty


@given(st.binary(max_size=200))
def test_any_bytes_are_replies_or_a_protocol_error(raw: bytes) -> None:
    reader = ReplyReader()
    reader.feed(raw)
    try:
        while (reply := reader.next()) is not None:
            assert 200 <= reply.code < 600 and reply.text.isprintable()
    except ProtocolError:
        pass


@pytest.mark.parametrize("raw", [b"250\r\n", b"250\n", b"250 \r\n", b"250 ok\n"])
def test_a_bare_code_is_a_reply(raw: bytes) -> None:
    reader = ReplyReader()
    reader.feed(raw)

    reply = reader.next()

    assert reply is not None and reply.code == 250


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"5.1.1 unknown", (5, 1, 1)),
        (b"4.7.123", (4, 7, 123)),
        (b"", None),
        (b"1.2.3.4 is listed", None),
        (b"3.1.1 x", None),
        (b"5.x.1", None),
        (b"5.1.1234 x", None),
    ],
)
def test_the_enhanced_code_stands_at_the_beginning(
    text: bytes, code: tuple[int, int, int] | None
) -> None:
    assert enhanced_code(text) == code


@pytest.mark.parametrize(
    ("code", "blame"), [(535, Blame.ACCOUNT), (454, Blame.NETWORK), (421, Blame.NETWORK)]
)
def test_a_refused_log_in_is_the_accounts_fault_unless_it_passes(code: int, blame: Blame) -> None:
    assert blame_for_login(code) is blame
