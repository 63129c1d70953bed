"""vCards 2.1, 3.0 and 4.0: one row a card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import vobject

from apps.mailings.importing.files.spreadsheet_worker.job import (
    Findings,
    Job,
    declared_text,
    text_of,
    write_rows,
)

#: So many addresses of one kind are read of a card.
_MOST: Final = 3
HEADER: Final = (
    *("email", "full_name", "phone", "tags", "comment", "organization", "position", "birthday"),
    *("email_2", "email_3", "phone_2", "phone_3"),
)
_END: Final = re.compile(r"^END:VCARD[ \t]*$", re.IGNORECASE | re.MULTILINE)
_CHARSET: Final = re.compile(
    rb"CHARSET=([\w.:-]{1,40})(?=[^\r\n]*:)(?![^\r\n]*QUOTED)", re.IGNORECASE
)
#: Pictures and sounds are long, and nobody asks for them here.
_BULKY: Final = re.compile(
    r"^(?:\w+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:][^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)


def convert(job: Job) -> Findings:
    """Write a header and a row for every card, also for one that cannot be read."""
    write_rows(job, _rows(declared_text(job, _CHARSET)))
    return Findings()


def _rows(text: str) -> Iterator[list[str]]:
    yield list(HEADER)
    begin = 0
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for end in _END.finditer(text):
        yield _row(_BULKY.sub("", text[begin : end.end()]))
        begin = end.end()
    if text[begin:].strip():
        yield _unreadable(text[begin:])


def _row(card: str) -> list[str]:
    try:
        found = vobject.readOne(card.strip() + "\n", ignoreUnreadable=True, allowQP=True).contents
    except Exception:  # the library raises whatever its parts raise
        return _unreadable(card)
    emails = [value.removeprefix("mailto:") for value in _preferred(found.get("email", []))]
    phones = [value.removeprefix("tel:") for value in _preferred(found.get("tel", []))]
    first = [_first(emails), _name(found), _first(phones)]
    rest = [_listed(found, "categories"), *(_one(found, key) for key in ("note", "org"))]
    rest += [_one(found, "title"), _one(found, "bday")]
    more = [*_padded(emails), *_padded(phones)]
    return [text_of(value) for value in (*first, *rest, *more)]


def _unreadable(card: str) -> list[str]:
    """No address, so that the row is among the rejected ones, and what shows which card it was."""
    return ["", text_of(card.strip()[:200]), *[""] * (len(HEADER) - 2)]


def _preferred(lines: list[Any]) -> list[str]:
    ordered = sorted(lines, key=lambda line: not _is_preferred(line))
    return [value for line in ordered if (value := str(line.value).strip())]


def _is_preferred(line: Any) -> bool:
    types = [value.upper() for value in line.params.get("TYPE", ())]
    return "PREF" in types or "PREF" in line.singletonparams or line.params.get("PREF") == ["1"]


def _name(found: dict[str, list[Any]]) -> str:
    for line in found.get("fn", []):
        if str(line.value).strip():
            return str(line.value)
    for line in found.get("n", []):
        parts = (getattr(line.value, part, "") for part in ("given", "additional", "family"))
        names = (" ".join(part) if isinstance(part, list) else str(part) for part in parts)
        return " ".join(filter(None, map(str.strip, names)))
    return ""


def _one(found: dict[str, list[Any]], key: str) -> str:
    for line in found.get(key, []):
        value = line.value
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ""


def _listed(found: dict[str, list[Any]], key: str) -> str:
    values: list[str] = []
    for line in found.get(key, []):
        values += line.value if isinstance(line.value, list) else str(line.value).split(",")
    return ",".join(value.strip() for value in values)


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _padded(values: list[str]) -> list[str]:
    more = values[1:_MOST]
    return more + [""] * (_MOST - 1 - len(more))
