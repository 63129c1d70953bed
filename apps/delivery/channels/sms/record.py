"""One provider of text messages as a record: what is called, and what its answers mean.

The records of known providers lie in ``records``; a user's own is a file of the same form. In
paths, headers and fields ``{name}`` stands for a value (``PLACEHOLDERS``), ``{name:int}`` alone in
a JSON field for a number. A place in an answer is a path of names and numbers, such as
``messages.0.status``; of several places the first that stands there counts.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from apps.core.text.sms_parts import Alphabet
from apps.delivery.channels.http.client import BaseUrl

_FOLDER: Final = Path(__file__).parent / "records"
#: The largest file that is read as a record.
_MOST: Final = 100_000
#: Values of the account; the same in every call.
OF_ACCOUNT: Final = frozenset({"token", "username", "password", "basic", "sender", "hook"})
#: Values of one message. ``remote`` is the provider's id of it, ``alphabet`` by ``alphabets``.
OF_MESSAGE: Final = frozenset({"id", "phone", "e164", "text", "alphabet"})
PLACEHOLDERS: Final = OF_ACCOUNT | OF_MESSAGE | {"remote"}
PLACE: Final = re.compile(r"\{([a-z0-9]+)(:int)?\}")
Fields = Mapping[str, Any]
#: A code may be written as a number, a single place without brackets.
Code = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
Places = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
]


class RecordWrong(Exception):
    """A file is no record; the text says what is wrong with it."""


class Meaning(StrEnum):
    """Whom an error is about, and whether it passes."""

    GONE = "gone"  # this number must not be written to any more
    PERSON = "person"  # this number, or this message to it
    MESSAGE = "message"  # the message: nobody gets it
    ACCOUNT = "account"  # the key, the money, the sender name: a person must look
    LATER = "later"  # not now; with ``waits`` nothing at all for so long
    SERVICE = "service"  # an error inside the service: it may have been sent


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(_Part):
    """A call. ``fields`` are the body, or with ``query`` what stands behind the question mark.

    A field is left out when one of its placeholders is empty.
    """

    path: str = Field(pattern=r"^/[!-~]*$")
    method: Literal["POST", "GET"] = "POST"
    format: Literal["form", "json", "query"] = "form"
    headers: Mapping[str, str] = {}
    fields: Fields = {}

    @model_validator(mode="after")
    def _possible(self) -> Call:
        if self.method == "GET" and self.format != "query":
            raise ValueError("a GET has the format query")
        texts = all(isinstance(value, str) for value in self.fields.values())
        if self.format != "json" and not texts:
            raise ValueError("the fields of a form are texts")
        if set(_names(self.headers)) - {"token", "basic", "id"}:
            raise ValueError("a header holds token, basic or id")
        if unknown := set(_names(self.path, self.headers, self.fields)) - PLACEHOLDERS:
            raise ValueError(f"no such placeholder: {', '.join(sorted(unknown))}")
        return self


class Answer(_Part):
    """Where the answer says what. ``ok``: the codes of a yes; empty: a yes has no code."""

    code: Places = ()
    ok: frozenset[Code] = frozenset()
    id: Places = ()
    text: Places = ()


class Check(Call):
    """A call that shows whether the account is good, and what is left on it."""

    answer: Answer = Answer()
    #: HTTP statuses that show a good account beside 200.
    statuses: frozenset[int] = frozenset()
    balance: Places = ()
    currency: Places = ()


class Statuses(_Part):
    """What became of a message, in the provider's words. Any other one is not final."""

    delivered: frozenset[Code] = frozenset()
    failed: frozenset[Code] = frozenset()
    #: Statuses and reasons of a number that must not be written to any more.
    gone: frozenset[Code] = frozenset()


class Tracking(Call, Statuses):
    """A call that asks for one message by its id."""

    status: Places = Field(min_length=1)
    reason: Places = ()


class Hook(Statuses):
    """What the provider posts to us. ``delivery``: where our number of the message comes back.

    ``signed``: how the call proves that it is genuine, beside the secret in its address.
    """

    status: Places = Field(min_length=1)
    delivery: Places = Field(min_length=1)
    id: Places = ()
    reason: Places = ()
    signed: Literal["", "twilio"] = ""


class Record(_Part):
    """A provider. ``needs``: the keys that its account cannot do without."""

    title: str = Field(min_length=1, max_length=60)
    url: str
    needs: frozenset[Literal["token", "username", "password", "sender"]] = frozenset()
    per_second: int = Field(default=0, ge=0)
    #: The service sends one message for two calls with the same ``{id}``.
    idempotent: bool = False
    #: The most characters of a text; 0: nothing is known.
    longest: int = Field(default=0, ge=0)
    alphabets: Mapping[Alphabet, str] = {}
    send: Call
    answer: Answer
    errors: Mapping[Meaning, frozenset[Code]] = {}
    statuses: Mapping[Meaning, frozenset[int]] = {}
    words: Mapping[Meaning, tuple[str, ...]] = {}
    waits: Mapping[str, float] = {}
    check: Check | None = None
    tracking: Tracking | None = None
    hook: Hook | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        BaseUrl.of(value)
        return value

    @field_validator("words")
    @classmethod
    def _patterns(cls, value: Mapping[Meaning, tuple[str, ...]]) -> Mapping[Meaning, Any]:
        for pattern in (one for several in value.values() for one in several):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern} is no pattern: {error}") from None
        return value

    @model_validator(mode="after")
    def _whole(self) -> Record:
        if not self.answer.ok and not self.answer.id:
            raise ValueError("answer: neither ok nor id says what a yes is")
        if _doubled(self.errors) or _doubled(self.statuses):
            raise ValueError("errors, statuses: one of them has two meanings")
        return self

    def meaning_of(self, code: str, text: str) -> Meaning:
        """An error by its code, else by its words; one that nobody knows is about the message."""
        for meaning, codes in self.errors.items():
            if code in codes:
                return meaning
        return self.meaning_by_words(text) or Meaning.MESSAGE

    def meaning_by_words(self, text: str) -> Meaning | None:
        """What the provider's words mean; None: nothing that is known."""
        for meaning, patterns in self.words.items():
            if any(re.search(pattern, text[:500], re.IGNORECASE) for pattern in patterns):
                return meaning
        return None

    def meaning_of_status(self, status: int) -> Meaning | None:
        """What an HTTP status means to this provider, where that is no matter of course."""
        for meaning, statuses in self.statuses.items():
            if status in statuses:
                return meaning
        return None


def _doubled(table: Mapping[Meaning, frozenset[Any]]) -> bool:
    return sum(map(len, table.values())) > len(frozenset().union(*table.values()))


def _names(*values: Any) -> Iterator[str]:
    """The placeholders in these, however deep."""
    for value in values:
        if isinstance(value, str):
            yield from (found[1] for found in PLACE.finditer(value))
        elif isinstance(value, Mapping):
            yield from _names(*value.values())
        elif isinstance(value, (list, tuple)):
            yield from _names(*value)


def presets() -> list[str]:
    """The names of the providers whose records come with the program, sorted."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def preset(name: str) -> Record:
    """The record of a known provider. Raises RecordWrong."""
    if name not in presets():
        raise RecordWrong(f"is none of {', '.join(presets())}")
    return read(_FOLDER / f"{name}.toml")


def read(file: Path) -> Record:
    """A record in TOML or JSON. Raises RecordWrong."""
    try:
        found = file.stat()
    except OSError as error:
        raise RecordWrong(f"cannot be read: {error.strerror}") from None
    return _read(file, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=32)
def _read(file: Path, _changed: int, size: int) -> Record:
    if size > _MOST:
        raise RecordWrong(f"is larger than {_MOST} bytes")
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        return Record.model_validate(found)
    except ValidationError as error:
        raise RecordWrong(f"is no record: {_first(error)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RecordWrong(f"is no record: {type(error).__name__}") from None


def _first(error: ValidationError) -> str:
    """The first thing that is wrong. Nothing of the file is repeated but names of keys."""
    one = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else str(one["msg"])


def record_of(provider: str, file: str) -> Record:
    """The record that an account names: a file of its own, or else a known provider's.

    Raises RecordWrong.
    """
    return read(Path(file)) if file else preset(provider)
