"""What became of a delivery, as it is stored: a reply as it came, or a code of our own.

A response is one text, in every column that holds one:

- ``text``: somebody else's words, as they came;
- ``@ text``: the same where they begin with ``@``, so that no reply can pass for a code;
- ``@code value value``: our own sentence, with its values divided by blanks. Only the last value
  may hold blanks; the one called ``reply`` is a response itself.

``foreign`` and ``coded`` make them, and the type checker lets nothing else be stored;
``apps.core.text.formatting.in_words`` says them in the reader's language.
"""

from __future__ import annotations

from typing import Final, NewType

from apps.core.errors import ContentRefused, Refused
from apps.core.responses.texts import REPLY, SENTENCES, Sentence

#: A response as it is stored.
Response = NewType("Response", str)
NOTHING: Final = Response("")
#: What is kept of a response, in characters.
MAX_RESPONSE: Final = 500
_MARK: Final = "@"


def printable(text: str) -> str:
    """A text on one line: a blank for every character that cannot be printed."""
    return "".join(char if char.isprintable() else " " for char in text)


def foreign(text: str) -> Response:
    """Somebody else's words, as they came."""
    text = text.replace("\x00", "")  # first: what stood behind it must not begin the text
    return Response((f"{_MARK} {text}" if text.startswith(_MARK) else text)[:MAX_RESPONSE])


def coded(code: str, *values: object, reply: Response | None = None) -> Response:
    """Our own sentence. Every value but the last is one word; ``reply`` goes last."""
    names = SENTENCES[code].values
    given = [str(value) for value in values]
    if reply is not None:
        given.append(reply)
    assert len(given) == len(names) and (reply is not None) is (REPLY in names), code
    return Response(" ".join([f"{_MARK}{code}", *given])[:MAX_RESPONSE].replace("\x00", ""))


def refused(refusal: Refused) -> Response:
    """Why something was not begun, by the refusal's code."""
    code = refusal.code
    if code not in SENTENCES:
        kind = ContentRefused if isinstance(refusal, ContentRefused) else Refused
        return coded(kind.code, code)
    return coded(code, *(refusal.params.get(name, "-") for name in SENTENCES[code].values))


def with_code(number: int, response: Response) -> Response:
    """A response with the server's reply code before it, where there was one."""
    if not number:
        return response
    if code_of(response):
        return coded("reply_code", number, reply=response)
    return foreign(f"{number} {as_it_came(response)}".rstrip())


def code_of(stored: str) -> str:
    """The code of our own sentence; empty for somebody else's words."""
    code = stored[1:].partition(" ")[0] if stored.startswith(_MARK) else ""
    return code if code in SENTENCES else ""


def as_it_came(stored: str) -> str:
    """Somebody else's words."""
    return stored.removeprefix(f"{_MARK} ")


def values_of(stored: str) -> dict[str, str]:
    """The values of our own sentence, by name; none for somebody else's words."""
    found = read(stored)
    return found[1] if found else {}


def read(stored: str) -> tuple[Sentence, dict[str, str]] | None:
    """The sentence that was stored, with its values; None for somebody else's words.

    A text that was cut has fewer values.
    """
    code = code_of(stored)
    if not code:
        return None
    sentence = SENTENCES[code]
    rest = stored.partition(" ")[2]
    found = rest.split(" ", len(sentence.values) - 1) if sentence.values else []
    found += [""] * (len(sentence.values) - len(found))
    return sentence, dict(zip(sentence.values, found, strict=True))
