"""Checks a block of rows, a column at a time.

Every check first looks at the whole column in one go; only a column in which something is unusual
is looked at value by value. That is what makes a million rows a matter of seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from apps.mailings.transfer import addresses
from apps.mailings.transfer.columns import ADDRESSES, Columns, Target
from apps.mailings.transfer.readers import Block
from apps.mailings.transfer.reasons import Reason, Reject

Verdict = str | Reason
Quote = Callable[[str], str]

_LONGEST = {Target.FULL_NAME: 200, Target.COMMENT: 10_000, Target.EMAIL: 4_000}
_LONGEST_TAG = 80
_LONGEST_ATTRIBUTE = 1_000
_MOST_TAGS = 100

_FORMULA = re.compile(r"[\t\r]|\s*[=+\-@]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULAS = ("\n=", "\n+", "\n-", "\n@")
_PHONE_LIKE = re.compile(r"\s*\+[\s()\d.\u2010-\u2015-]*\Z")
_TAG_BREAK = re.compile(r"[,|]")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that passed every check a row can pass alone: columns of equally many values.

    The names are those of Target plus ``attributes``; a missing value is an empty string;
    ``attributes`` and ``tags`` are JSON.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class _Draft:
    """A block on its way to being a batch."""

    block: Block
    quote: Quote
    rejects: dict[int, tuple[Reason, str]] = field(default_factory=dict)

    def reject(self, at: int, reason: Reason, detail: str) -> None:
        self.rejects.setdefault(at, (reason, detail))


def check(block: Block, columns: Columns, quote: Quote) -> tuple[Batch, list[Reject]]:
    """The rows of the block that are good by themselves, and the others with their reasons.

    ``quote`` writes a JSON string the way the database keeps it.
    """
    rejects = list(block.misfits)
    if not block.lines:
        return Batch((), {}), rejects
    draft = _Draft(block, quote)
    raw = block.columns
    checked = {
        str(target): _checked(target, _merged(raw, indexes), draft)
        for target, indexes in columns.fields.items()
    }
    if columns.attributes:
        checked["attributes"] = _attributes(raw, columns.attributes, draft)
    _require_an_address(checked, draft)
    if not draft.rejects:
        return Batch(block.lines, checked), rejects
    for at, (reason, detail) in sorted(draft.rejects.items()):
        rejects.append(Reject(block.lines[at], reason, detail, block.row(at)))
    rejects.sort(key=lambda reject: reject.line)
    kept = [at for at in range(len(block.lines)) if at not in draft.rejects]
    good = {name: [values[at] for at in kept] for name, values in checked.items()}
    return Batch([block.lines[at] for at in kept], good), rejects


def _merged(raw: Sequence[Sequence[str]], indexes: Sequence[int]) -> Sequence[str]:
    if len(indexes) == 1:
        return raw[indexes[0]]
    parts = zip(*(map(str.strip, raw[at]) for at in indexes), strict=True)
    return [" ".join(filter(None, row)) for row in parts]


def _checked(target: Target, values: Sequence[str], draft: _Draft) -> Sequence[str]:
    match target:
        case Target.EMAIL:
            return _emails(values, draft)
        case Target.PHONE:
            if addresses.plain_phones(values):
                return values
            return _one_by_one(values, draft, addresses.phone, Reason.BAD_PHONE)
        case Target.TELEGRAM:
            return _one_by_one(values, draft, addresses.telegram_id, Reason.BAD_TELEGRAM)
        case Target.TIME_ZONE:
            return _time_zones(values, draft)
        case Target.TAGS:
            return _tags(values, draft)
        case Target.FULL_NAME | Target.COMMENT:
            return _texts(values, target, draft)


def _one_by_one(
    values: Sequence[str],
    draft: _Draft,
    normalise: Callable[[str], str | None],
    reason: Reason,
) -> list[str]:
    found = []
    for at, value in enumerate(values):
        normal = normalise(value) if value.strip() else ""
        if normal is None:
            draft.reject(at, _control(value) or reason, value)
        found.append(normal or "")
    return found


def _harmless(values: Sequence[str], stripped: Sequence[str]) -> bool:
    """True when the column has neither control characters nor anything like a formula."""
    text = "\n" + "\n".join(stripped)
    return "".join(values).isprintable() and not any(sign in text for sign in _FORMULAS)


def _emails(values: Sequence[str], draft: _Draft) -> Sequence[str]:
    lowered = [value.strip().lower() for value in values]
    # A plus or an equals sign may begin an address, but in a spreadsheet it begins a formula.
    if addresses.plain_emails(lowered) and _harmless(values, lowered):
        return lowered
    for at, value in enumerate(values):
        if _FORMULA.match(value) and value.strip():
            draft.reject(at, Reason.FORMULA, value)
        elif len(value) > _LONGEST[Target.EMAIL]:
            draft.reject(at, Reason.TOO_LONG, Target.EMAIL)
    return _one_by_one(values, draft, addresses.email, Reason.BAD_EMAIL)


def _texts(values: Sequence[str], target: Target, draft: _Draft) -> Sequence[str]:
    stripped = list(map(str.strip, values))
    if max(map(len, stripped)) <= _LONGEST[target] and _harmless(values, stripped):
        return stripped
    control = _CONTROL_IN_TEXT if target is Target.COMMENT else _CONTROL
    for at, value in enumerate(values):
        if _FORMULA.match(value) and value.strip() and not _PHONE_LIKE.match(value):
            draft.reject(at, Reason.FORMULA, value)
        elif control.search(stripped[at]):
            draft.reject(at, Reason.CONTROL_CHARACTERS, target)
        elif len(stripped[at]) > _LONGEST[target]:
            draft.reject(at, Reason.TOO_LONG, target)
    return stripped


def _control(value: str) -> Reason | None:
    return Reason.CONTROL_CHARACTERS if _CONTROL.search(value.strip()) else None


@cache
def _zones() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()} | {"": ""}


def _time_zones(values: Sequence[str], draft: _Draft) -> list[str]:
    zones = _zones()
    known = {value: zones.get(value.strip().lower()) for value in set(values)}
    if None in known.values():
        for at, value in enumerate(values):
            if known[value] is None:
                draft.reject(at, Reason.UNKNOWN_TIME_ZONE, value)
    return [known[value] or "" for value in values]


def split_tags(value: str) -> list[str]:
    """The tags of one cell, without the empty ones and without repetitions."""
    return list(dict.fromkeys(filter(None, map(str.strip, _TAG_BREAK.split(value)))))


def _tags(values: Sequence[str], draft: _Draft) -> list[str]:
    known: dict[str, Verdict] = {value: _tag_list(value) for value in set(values)}
    for at, value in enumerate(values):
        verdict = known[value]
        if isinstance(verdict, Reason):
            draft.reject(at, verdict, Target.TAGS)
    return [str(known[value]) for value in values]


def _tag_list(value: str) -> Verdict:
    tags = split_tags(value)
    if any(map(_CONTROL.search, tags)):
        return Reason.CONTROL_CHARACTERS
    if len(tags) > _MOST_TAGS or any(len(tag) > _LONGEST_TAG for tag in tags):
        return Reason.TOO_LONG
    return json.dumps(tags, ensure_ascii=False)


def _attributes(
    raw: Sequence[Sequence[str]], attributes: Mapping[str, int], draft: _Draft
) -> list[str]:
    """JSON objects without the empty values."""
    columns = [_attribute(raw[at], name, draft) for name, at in attributes.items()]
    quote = draft.quote
    labels = [quote(name) for name in attributes]
    if not any("" in column for column in columns):
        form = "{" + ", ".join(f"{label.replace('%', '%%')}: %s" for label in labels) + "}"
        encoded = [map(quote, column) for column in columns]
        return list(map(form.__mod__, zip(*encoded, strict=True)))
    rows = zip(*columns, strict=True)
    return ["{" + ", ".join(_pairs(labels, row, quote)) + "}" for row in rows]


def _pairs(labels: Sequence[str], row: Sequence[str], quote: Quote) -> list[str]:
    return [f"{label}: {quote(value)}" for label, value in zip(labels, row, strict=True) if value]


def _attribute(values: Sequence[str], name: str, draft: _Draft) -> list[str]:
    stripped = list(map(str.strip, values))
    if max(map(len, stripped)) > _LONGEST_ATTRIBUTE or not "".join(stripped).isprintable():
        for at, value in enumerate(stripped):
            if _CONTROL_IN_TEXT.search(value):
                draft.reject(at, Reason.CONTROL_CHARACTERS, name)
            elif len(value) > _LONGEST_ATTRIBUTE:
                draft.reject(at, Reason.TOO_LONG, name)
    return stripped


def _require_an_address(checked: Mapping[str, Sequence[str]], draft: _Draft) -> None:
    kinds = [checked[target] for target in ADDRESSES if target in checked]
    if len(kinds) == 1 and "" not in kinds[0]:
        return
    for at, row in enumerate(zip(*kinds, strict=True)):
        if not any(row):
            draft.reject(at, Reason.NO_ADDRESS, "")
