"""An attached file arrives byte for byte, and a text says in what charset it is."""

from __future__ import annotations

from email.message import EmailMessage
from typing import cast

import pytest

from tests.core.content.letters import assert_travels, filled, parsed

NOTE = "Встреча в пятницу, начало в десять.\n"
MEETING = "BEGIN:VCALENDAR\r\nSUMMARY:Встреча\r\nEND:VCALENDAR\r\n"
KINDS = ("text/plain", "text/csv", "text/calendar", "text/html", "text/vcard")


def attached(*files: tuple[str, str, bytes]) -> list[EmailMessage]:
    letter = filled(attachments=files)
    assert_travels(letter.body)
    return cast(list[EmailMessage], [*parsed(letter).iter_attachments()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text", [NOTE, MEETING, "\ufeffимя;город\r\n", "mostly plain, Zoë\r\n" * 9]
)
def test_a_text_in_utf8_says_so(kind: str, text: str) -> None:
    (part,) = attached(("file", kind, text.encode()))
    assert part["Content-Type"] == f'{kind}; charset="utf-8"'
    assert part.get_payload(decode=True) == text.encode()
    assert part.get_content() == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain lines\r\nof a text\r\n", "7bit"),
        ("plain lines\nof a text\n", "quoted-printable"),
        (".dot\r\n--dash \r\n\ttab\r", "quoted-printable"),
        ("x" * 5_000, "quoted-printable"),
    ],
)
def test_an_ascii_text_is_not_hidden_in_base64(kind: str, text: str, encoding: str) -> None:
    (part,) = attached(("file", kind, text.encode()))
    assert part["Content-Type"] == kind
    assert part["Content-Transfer-Encoding"] == encoding
    assert part.get_payload(decode=True) == text.encode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-16"])
def test_a_text_of_an_unknown_charset_goes_as_bytes(kind: str, encoding: str) -> None:
    (part,) = attached(("file", kind, NOTE.encode(encoding)))
    assert part["Content-Type"] == "application/octet-stream"
    assert part.get_payload(decode=True) == NOTE.encode(encoding)


def test_a_large_text_is_exact_too() -> None:
    for text in ("a,b\n" * 200_000, "Zoë,b\n" * 80_000):
        (part,) = attached(("a.csv", "text/csv", text.encode()))
        assert part.get_payload(decode=True) == text.encode()


@pytest.mark.parametrize(
    "name",
    [
        "a.pdf", 'Price "new" list.pdf', "back\\slash.pdf", "Прайс-лист «май».pdf", "a, b.pdf",
        "я" * 196 + ".pdf", "x" * 196 + ".pdf", "it's 100% *new*; a=b.pdf", "=?utf-8?q?x?=.pdf",
        "👩‍👩‍👧.pdf",
    ],
)  # fmt: skip
def test_a_name_arrives_as_it_is_even_twice(name: str) -> None:
    files = [(name, "application/pdf", b"%PDF-1"), (name, "application/pdf", b"%PDF-2")]
    parts = attached(*files)
    assert [part.get_filename() for part in parts] == [name, name]
    assert [part.get_content() for part in parts] == [b"%PDF-1", b"%PDF-2"]
