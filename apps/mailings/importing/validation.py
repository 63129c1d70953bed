"""Checks a block of rows, a column at a time.

Every check first scans the whole column in one go; only a column in which something is unusual
is looked at value by value. That is what makes a million rows a matter of seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from apps.core.exports.formulas import any_formula, bare, is_formula
from apps.core.values.languages import language
from apps.core.values.time_zones import time_zone
from apps.mailings.attribute_values import TEXT, AttributeKind, encoder
from apps.mailings.fields import RECIPIENT_FIELDS, Target
from apps.mailings.importing import addresses, statuses
from apps.mailings.importing.columns import ADDRESSES, Columns, attribute_name
from apps.mailings.importing.errors import StatusUndecided
from apps.mailings.importing.files.readers import Block
from apps.mailings.importing.json_columns import unfolded
from apps.mailings.importing.permission.rows import Terms, permissions, speaks_of_lists
from apps.mailings.importing.reject_reasons import Reason, Reject
from apps.mailings.importing.tags import CONTROL, tag_list
from apps.mailings.models.audience import ADDRESS
from apps.mailings.suppression.tombstones import Tombstones

Verdict = str | Reason
Quote = Callable[[str], str]

_FIELDS: Final = {one.target: one for one in RECIPIENT_FIELDS}
_TARGETS: Final = {one.name: one.target for one in RECIPIENT_FIELDS}
_LONGEST_ATTRIBUTE = 1_000

_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: How a database reads a yes.
REFUSED: Final = "1"
#: What CRMs write for nothing.
_NOTHING = frozenset("-–—")
_MISSED = {
    Target.EMAIL: (Reason.EMAIL_NOT_TAKEN, Reason.EMAIL_IN_PART),
    Target.PHONE: (Reason.PHONE_NOT_TAKEN, Reason.PHONE_IN_PART),
    Target.TELEGRAM: (Reason.TELEGRAM_NOT_TAKEN, Reason.TELEGRAM_NOT_TAKEN),
    Target.MAX: (Reason.MAX_NOT_TAKEN, Reason.MAX_NOT_TAKEN),
    Target.VK: (Reason.VK_NOT_TAKEN, Reason.VK_NOT_TAKEN),
}
#: Messengers, and what is said of a number that is none.
_MESSENGERS: Final = {
    Target.TELEGRAM: Reason.BAD_TELEGRAM,
    Target.MAX: Reason.BAD_MAX,
    Target.VK: Reason.BAD_VK,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that passed every check a row can pass alone: columns of equally many values.

    The names are those of Target plus ``attributes``, and of channels with ``left_`` in front: why
    the address must not be written to. A missing value is an empty string; ``attributes`` and
    ``tags`` are JSON. ``unmeasured`` is there where somebody refuses to be measured.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class _Draft:
    """A block that is becoming a batch."""

    block: Block
    quote: Quote
    rejects: dict[int, tuple[Reason, str]] = field(default_factory=dict)
    warnings: list[tuple[int, Reason, str]] = field(default_factory=list)
    #: Why the first address of a row that is none is none: it costs the row when there is no other.
    missed: dict[int, tuple[Reason, str]] = field(default_factory=dict)

    def reject(self, at: int, reason: Reason, detail: str) -> None:
        self.rejects.setdefault(at, (reason, detail))

    def warn(self, at: int, reason: Reason, detail: str) -> None:
        self.warnings.append((at, reason, detail))

    def miss(self, at: int, target: Target, reason: Reason, value: str) -> None:
        self.missed.setdefault(at, (reason, value))
        self.warn(at, _MISSED[target][0], value)

    def reported(self) -> list[Reject]:
        """The rejected rows, and the warnings of those that were taken."""
        rejected = [(at, *why) for at, why in self.rejects.items()]
        warned = [one for one in self.warnings if one[0] not in self.rejects]
        block = self.block
        found = [
            Reject(block.lines[at], reason, detail, block.row(at))
            for at, reason, detail in (*rejected, *warned)
        ]
        return sorted([*block.misfits, *found], key=attrgetter("line"))


def check(
    block: Block,
    columns: Columns,
    quote: Quote,
    *,
    terms: Terms | None = None,
    erased: Tombstones | None = None,
) -> tuple[Batch, list[Reject]]:
    """The rows of the block that are good alone; the others and the warnings with reasons.

    ``quote`` writes a JSON string the way the database keeps it; ``terms`` say how people are put
    on lists, ``erased`` knows who was erased. Raises StatusUndecided.
    """
    if not block.lines:
        return Batch((), {}), list(block.misfits)
    refuse_undecided(columns, block.columns)
    draft = _Draft(block, quote)
    raw = block.columns
    checked = {
        str(target): _checked(target, _merged(raw, indexes, target), draft)
        for target, indexes in columns.fields.items()
        if target in _FIELDS and target is not Target.STATUS
    }
    if REFUSED not in checked.get(Target.UNMEASURED, ()):
        checked.pop(Target.UNMEASURED, None)
    if columns.attributes:
        checked["attributes"] = _attributes(raw, columns, draft)
    checked |= _left(columns, checked, draft)
    if terms is not None and speaks_of_lists(columns, terms):
        checked |= permissions(raw, columns, checked, draft, terms)
    _require_an_address(checked, draft)
    _keep_out(erased, checked, draft)
    if not draft.rejects:
        return Batch(block.lines, checked), draft.reported()
    kept = [at for at in range(len(block.lines)) if at not in draft.rejects]
    good = {name: [values[at] for at in kept] for name, values in checked.items()}
    return Batch([block.lines[at] for at in kept], good), draft.reported()


def refuse_undecided(columns: Columns, values: Sequence[Sequence[str]]) -> None:
    """Raises StatusUndecided: nobody who left comes back because nobody was asked."""
    for at in columns.undecided:
        name = attribute_name(columns.header[at])
        if (value := statuses.somebody_left(name, values[at])) is not None:
            raise StatusUndecided(columns.header[at], at, value)


def _merged(raw: Sequence[Sequence[str]], indexes: Sequence[int], target: Target) -> Sequence[str]:
    """The parts of a name together; of several addresses the first that is there."""
    if len(indexes) == 1:
        return raw[indexes[0]]
    parts = zip(*(map(str.strip, raw[at]) for at in indexes), strict=True)
    if target is Target.FULL_NAME:
        return [" ".join(part for part in row if part and part not in _NOTHING) for row in parts]
    return [next(filter(None, row), "") for row in parts]


def _left(
    columns: Columns, checked: Mapping[str, Sequence[str]], draft: _Draft
) -> dict[str, list[str]]:
    """Why addresses must not be written to: a column for each channel that has one, or none."""
    places = [*columns.fields.get(Target.STATUS, ())]
    names = [attribute_name(columns.header[at]) for at in places]
    for at in columns.fields.get(Target.UNSUBSCRIBED_DATE, ()):
        places, names = [*places, at], [*names, "unsubscribed"]
    if not places:
        return {}
    rows = list(zip(*(draft.block.columns[at] for at in places), strict=True))
    known = {row: statuses.by_channel(names, row) for row in set(rows)}
    if not any(known.values()):
        return {}
    for at, row in enumerate(rows):
        if statuses.ARCHIVED in known[row]:
            draft.reject(at, Reason.ARCHIVED, "")
    return {
        f"left_{channel}": [
            known[row].get(str(channel)) or known[row].get(statuses.ALL, "") for row in rows
        ]
        for channel in ADDRESSES
        if channel in checked
    }


def _checked(target: Target, values: Sequence[str], draft: _Draft) -> Sequence[str]:
    return _CHECKERS[_FIELDS[target].checker](values, target, draft)


def _phones(values: Sequence[str], target: Target, draft: _Draft) -> Sequence[str]:
    if addresses.plain_phones(values):
        return values
    return _one_by_one(values, draft, target, addresses.phone, Reason.BAD_PHONE)


def _messenger_ids(values: Sequence[str], target: Target, draft: _Draft) -> Sequence[str]:
    return _one_by_one(values, draft, target, addresses.NORMAL[target], _MESSENGERS[target])


def _one_by_one(
    values: Sequence[str],
    draft: _Draft,
    target: Target,
    normalise: Callable[[str], str | None],
    reason: Reason,
) -> list[str]:
    found = []
    for at, value in enumerate(values):
        empty = not value.strip() or value.strip() in _NOTHING
        normal = "" if empty else normalise(value)
        if normal is None and target not in _MESSENGERS:
            normal = addresses.first_of(value, normalise)
            if normal is not None:
                draft.warn(at, _MISSED[target][1], value)
        if normal is None:
            draft.miss(at, target, _control(value) or reason, value)
        found.append(normal or "")
    return found


def _emails(values: Sequence[str], target: Target, draft: _Draft) -> Sequence[str]:
    lowered = [value.strip().lower() for value in values]
    # An equals sign may begin an address, but in a spreadsheet it begins a formula.
    plain = addresses.plain_emails(lowered) and "".join(values).isprintable()
    if plain and not any_formula(lowered):
        return lowered
    cleared = list(values)
    for at, value in enumerate(values):
        if is_formula(value):
            draft.miss(at, target, Reason.FORMULA, value)
        elif len(value) > _FIELDS[target].longest:
            draft.miss(at, target, Reason.TOO_LONG, target)
        else:
            continue
        cleared[at] = ""
    return _one_by_one(cleared, draft, target, addresses.email, Reason.BAD_EMAIL)


def _plain(values: Sequence[str]) -> list[str]:
    """Texts as they were meant: without blanks around them, and without a spreadsheet's marks."""
    stripped = list(map(str.strip, values))
    if "'" not in "".join(stripped):
        return stripped
    return [bare(value).strip() for value in stripped]


def _texts(values: Sequence[str], target: Target, draft: _Draft) -> Sequence[str]:
    texts = _plain(values)
    if not _NOTHING.isdisjoint(values):
        texts = ["" if value in _NOTHING else text for value, text in zip(values, texts)]
    if max(map(len, texts)) <= _FIELDS[target].longest and "".join(values).isprintable():
        return texts
    control = _CONTROL_IN_TEXT if _FIELDS[target].checker == "text" else CONTROL
    for at, text in enumerate(texts):
        if control.search(text):
            draft.reject(at, Reason.CONTROL_CHARACTERS, target)
        elif len(text) > _FIELDS[target].longest:
            draft.reject(at, Reason.TOO_LONG, target)
    return texts


def _control(value: str) -> Reason | None:
    return Reason.CONTROL_CHARACTERS if CONTROL.search(value.strip()) else None


def _time_zones(values: Sequence[str], _target: Target, draft: _Draft) -> list[str]:
    known = {value: time_zone(value.lstrip("'")) for value in set(values)}
    if None in known.values():
        for at, value in enumerate(values):
            if known[value] is None:
                draft.warn(at, Reason.TIME_ZONE_NOT_TAKEN, value)
    return [known[value] or "" for value in values]


def _languages(values: Sequence[str], _target: Target, draft: _Draft) -> list[str]:
    known = {value: language(value) for value in set(values)}
    if None in known.values():
        for at, value in enumerate(values):
            if known[value] is None:
                draft.warn(at, Reason.LANGUAGE_NOT_TAKEN, value)
    return [known[value] or "" for value in values]


def _refusals(values: Sequence[str], _target: Target, _draft: _Draft) -> list[str]:
    known = {value: REFUSED if statuses.is_yes(value) else "0" for value in set(values)}
    return [known[value] for value in values]


def _tags(values: Sequence[str], target: Target, draft: _Draft) -> list[str]:
    known: dict[str, Verdict] = {value: tag_list(value) for value in set(values)}
    for at, value in enumerate(values):
        verdict = known[value]
        if isinstance(verdict, Reason):
            draft.reject(at, verdict, target)
    return [str(known[value]) for value in values]


def _attributes(raw: Sequence[Sequence[str]], given: Columns, draft: _Draft) -> list[str]:
    """JSON objects without the empty values."""
    columns, objects = [], []
    for name, at in given.attributes.items():
        values, found = unfolded(raw[at]) if at in given.foldable else (raw[at], [])
        columns.append(_attribute(values, name, draft))
        objects += [found] if found else []
    names, kinds = list(given.attributes), given.kinds
    if objects:
        return _with_objects(names, columns, objects, kinds, draft)
    labels = [draft.quote(name) for name in names]
    encoders = [encoder(kinds.get(name, TEXT), draft.quote) for name in names]
    if not any("" in column for column in columns):
        form = "{" + ", ".join(f"{label.replace('%', '%%')}: %s" for label in labels) + "}"
        return list(map(form.__mod__, zip(*map(map, encoders, columns), strict=True)))
    rows = zip(*columns, strict=True)
    return ["{" + ", ".join(_pairs(labels, row, encoders)) + "}" for row in rows]


def _with_objects(
    names: Sequence[str],
    columns: Sequence[Sequence[str]],
    objects: Sequence[Sequence[Mapping[str, str]]],
    kinds: Mapping[str, AttributeKind],
    draft: _Draft,
) -> list[str]:
    """The attributes that stand in objects as well; a filled column goes before them."""
    made = []
    for at, row in enumerate(zip(*columns, strict=True)):
        inside: dict[str, str] = {}
        for found in objects:
            for name, text in found[at].items():
                inside[name] = _attribute_of(text, name, at, draft)
        whole = inside | {name: text for name, text in zip(names, row, strict=True) if text}
        labels = [draft.quote(name) for name in whole]
        encoders = [encoder(kinds.get(name, TEXT), draft.quote) for name in whole]
        made.append("{" + ", ".join(_pairs(labels, list(whole.values()), encoders)) + "}")
    return made


def _attribute_of(text: str, name: str, at: int, draft: _Draft) -> str:
    if _CONTROL_IN_TEXT.search(text):
        draft.reject(at, Reason.CONTROL_CHARACTERS, name)
    elif len(text) > _LONGEST_ATTRIBUTE:
        draft.reject(at, Reason.TOO_LONG, name)
    return text


def _pairs(labels: Sequence[str], row: Sequence[str], encoders: Sequence[Quote]) -> list[str]:
    cells = zip(labels, row, encoders, strict=True)
    return [f"{label}: {encode(value)}" for label, value, encode in cells if value]


def _attribute(values: Sequence[str], name: str, draft: _Draft) -> list[str]:
    texts = _plain(values)
    if max(map(len, texts)) > _LONGEST_ATTRIBUTE or not "".join(texts).isprintable():
        for at, value in enumerate(texts):
            _attribute_of(value, name, at, draft)
    return texts


def _require_an_address(checked: Mapping[str, Sequence[str]], draft: _Draft) -> None:
    kinds = [checked[target] for target in ADDRESSES if target in checked]
    if len(kinds) == 1 and "" not in kinds[0]:
        return
    for at, row in enumerate(zip(*kinds, strict=True)):
        if not any(row):
            draft.reject(at, *draft.missed.get(at, (Reason.NO_ADDRESS, "")))


def _keep_out(
    erased: Tombstones | None, checked: Mapping[str, Sequence[str]], draft: _Draft
) -> None:
    """Who was erased is not imported again, by whichever of their addresses."""
    for channel, name in ADDRESS.items():
        target = _TARGETS[name]
        if erased is None or target not in checked or channel not in erased.found:
            continue
        for at, gone in enumerate(erased.among(channel, checked[target])):
            if gone:
                draft.reject(at, Reason.ERASED, "")


#: A status is no column of a recipient: ``_left`` reads it.
_CHECKERS: Final[Mapping[str, Callable[[Sequence[str], Target, _Draft], Sequence[str]]]] = {
    "email": _emails,
    "phone": _phones,
    "messenger": _messenger_ids,
    "line": _texts,
    "text": _texts,
    "time_zone": _time_zones,
    "language": _languages,
    "refusal": _refusals,
    "tags": _tags,
}
