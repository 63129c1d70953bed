"""SMTP replies (RFC 5321, 4.2), read out of the bytes as they come, with every length bounded."""

from __future__ import annotations

from typing import Final

from apps.core.responses.stored import MAX_RESPONSE, Response, coded, foreign, printable

#: The longest reply line taken. RFC 5321, 4.5.3.1.5 allows 512 octets; real servers exceed it.
MAX_LINE: Final = 4096
#: The most lines one reply may have: an EHLO answer with many extensions has about thirty.
MAX_LINES: Final = 128
#: What is kept of a reply's words, in characters.
MAX_TEXT: Final = MAX_RESPONSE

_CODES: Final = {str(code).encode("ascii"): code for code in range(200, 600)}
_NOTHING: Final = b""


class ProtocolError(Exception):
    """What came from the server is not an SMTP reply, or not one that may come at this point."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


def plain_text(raw: bytes | str) -> str:
    """One printable line of at most 500 characters, fit for a log and a database."""
    text = raw if isinstance(raw, str) else raw[: 4 * MAX_TEXT].decode("utf-8", "replace")
    if not text.isprintable():
        text = printable(text)
    return text.strip()[:MAX_TEXT]


class Reply:
    """One complete reply: its three-digit code and the words of its lines, joined by LF."""

    __slots__ = ("code", "words")

    def __init__(self, code: int, text: bytes) -> None:
        self.code = code
        self.words = text

    @property
    def text(self) -> str:
        """The words on one line, cut to 500 characters, control characters blanked."""
        return plain_text(self.words)

    @property
    def response(self) -> Response:
        """The words as they are stored."""
        return foreign(plain_text(self.words))

    def __repr__(self) -> str:
        return f"Reply({self.code}, {self.text!r})"


class ReplyReader:
    """Turns received bytes into replies, however they were cut in transit."""

    __slots__ = ("_buffer", "_code", "_lines")

    def __init__(self) -> None:
        self._buffer = _NOTHING
        self._code = 0
        self._lines: list[bytes] = []

    @property
    def empty(self) -> bool:
        """True when nothing is left over: no reply, and no part of one."""
        return not self._buffer and not self._lines

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        self._buffer = self._buffer + data if self._buffer else data

    def next(self) -> Reply | None:
        """The next complete reply, or None until more has been fed. Raises ``ProtocolError``."""
        while self._buffer:
            end = self._buffer.find(b"\n", 0, MAX_LINE)
            if end < 0:
                if len(self._buffer) >= MAX_LINE:
                    raise ProtocolError(coded("smtp_long_line", MAX_LINE))
                return None
            line = self._buffer[:end]
            self._buffer = self._buffer[end + 1 :]
            code = _CODES.get(line[:3], 0)
            mark = line[3:4]
            if not code or mark not in b" -\r":
                text = foreign(plain_text(line[:100]))
                raise ProtocolError(coded("smtp_no_reply", reply=text))
            if mark != b"-" and not self._lines:
                return Reply(code, line[4:].rstrip())
            self._continue(code, line[4:].rstrip())
            if mark != b"-":
                return self._complete()
        return None

    def _continue(self, code: int, text: bytes) -> None:
        if self._lines and code != self._code:
            raise ProtocolError(coded("smtp_two_codes", self._code, code))
        if len(self._lines) >= MAX_LINES:
            raise ProtocolError(coded("smtp_many_lines", MAX_LINES))
        self._code = code
        self._lines.append(text)

    def _complete(self) -> Reply:
        reply = Reply(self._code, b"\n".join(self._lines))
        self._lines = []
        return reply
