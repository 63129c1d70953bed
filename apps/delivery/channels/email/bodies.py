"""The text parts of an email: quoted-printable or base64, written once but for their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter

from apps.core.content.program import (
    Ink,
    Pieces,
    Program,
    Step,
    Values,
    html_steps,
    literals_in,
    pieces_of,
    readable_steps,
)
from apps.core.content.program.values import TOKEN
from apps.delivery.channels.email.mime import (
    base64_lines,
    is_seven_bit,
    line_ends,
    prefers_base64,
    quoted_printable,
    quoted_printable_value,
)

#: A segment that is the same in every letter, or what makes it for one recipient.
Piece = bytes | Callable[[Values], bytes]


class QuotedPrintable(Ink[bytes]):
    """Bytes of their own for each literal and value: a soft line break divides them."""

    nothing = b""
    gap = b"=\r\n"

    def prepared(self, text: str) -> str:
        return line_ends(text)

    def literal(self, text: str) -> bytes:
        return quoted_printable(text)

    #: A plain function: it is called for every value of every letter.
    value = staticmethod(quoted_printable_value)

    @staticmethod
    def token(values: Values, /) -> bytes:
        return values[TOKEN].encode()


class Base64Text(Ink[str]):
    """Text with the line ends of mail, which is encoded as a whole."""

    nothing = gap = ""

    def prepared(self, text: str) -> str:
        return line_ends(text)

    def literal(self, text: str) -> str:
        return text

    @staticmethod
    def value(text: str, /) -> str:
        return text if text.isprintable() else line_ends(text)

    token = staticmethod(itemgetter(TOKEN))


def alternatives_of(text: Program, html: Program, readable: Program) -> list[list[Piece]]:
    """The parts that are alternatives to each other, the plainest first. Raises TemplateRefused.

    ``readable``: the HTML that the text is made of where it has none of its own.
    """
    bodies = [_part("plain", readable_steps(text, readable))]
    if not html.is_empty:
        bodies.append(_part("html", html_steps(html)))
    return bodies


def _part(kind: str, steps: Sequence[Step]) -> list[Piece]:
    whole = line_ends("".join(literals_in(steps)))
    if prefers_base64(whole):
        text = pieces_of(steps, Base64Text())
        if text.is_fixed:
            return [_headers(kind, "base64"), base64_lines(text.fill(Values()).encode())]
        return [_headers(kind, "base64"), partial(_base64, text)]
    pieces = pieces_of(steps, QuotedPrintable())
    if pieces.is_fixed and is_seven_bit(whole):
        return [_headers(kind, "7bit"), whole.encode()]
    return [_headers(kind, "quoted-printable"), *pieces.unfilled()]


def _base64(text: Pieces[str], values: Values) -> bytes:
    return base64_lines(text.fill(values).encode())


def _headers(kind: str, encoding: str) -> bytes:
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()
