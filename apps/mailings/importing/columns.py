"""What each column of a table means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from apps.core.content.template_language import RESERVED
from apps.mailings.attribute_values import AttributeKind
from apps.mailings.fields import LISTINGS, RECIPIENT_FIELDS, SAYINGS, Target
from apps.mailings.importing import headers
from apps.mailings.importing.column_keys import ColumnFinder
from apps.mailings.importing.errors import NoAddressColumn, TooManyColumns, UnknownColumn
from apps.mailings.importing.headers import BY_NAME

__all__ = ["Columns", "map_columns", "attribute_name", "guess"]

LONGEST_ATTRIBUTE_NAME = 64
#: More columns than any address book has. A line of a megabyte could hold half a million.
MOST_COLUMNS = 200
#: A column that begins so is an attribute and nothing else, as in a template.
ATTRIBUTE = "attributes."
#: In front of an attribute's name, in a mapping: nobody was asked whether the column is a status.
UNASKED = "?"
_EXACT = re.compile(rf"\w{{1,{LONGEST_ATTRIBUTE_NAME}}}")
#: For a column, in a mapping: an attribute that is called as the column is.
AS_IT_IS = "attribute"

#: Fields as a mapping names them: what is guessed by a header, and what is not.
_MEANT = {**BY_NAME, **{target.value: target for target in SAYINGS}}
_AS_ATTRIBUTE = frozenset((AS_IT_IS, Target.ATTRIBUTES_JSON.value))
ADDRESSES = tuple(one.target for one in RECIPIENT_FIELDS if one.is_address)
#: Fields that several columns may feed.
_SEVERAL = frozenset(one.target for one in RECIPIENT_FIELDS if one.several)

#: The columns that a file of rejected rows adds; such a file can be fixed and imported again.
REJECT_COLUMNS = ("rejected_line", "rejected_code", "rejected_reason")

#: The columns of an export of one's own, apart from lists and attributes.
OWN_COLUMNS = ("id", *(one.name for one in RECIPIENT_FIELDS if one.in_export), "source")
#: The same where somebody is on a list: in each column the lists on which people stand so.
EXPORT_COLUMNS = (*OWN_COLUMNS, *(target.value for target in LISTINGS))
#: Those that an export always had.
_LATER = frozenset(("max_user_id", "vk_user_id", "language", "unmeasured", "source"))
_ALWAYS = frozenset(OWN_COLUMNS) - _LATER


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns feed which field, by position.

    ``full_name`` may come in several parts, ``status`` from several columns; of several columns
    with addresses of one kind the first that is filled counts. ``undecided`` are columns of which
    nobody has said whether they mark who has left. Of ``foldable`` attributes a cell with a JSON
    object becomes as many attributes as it has names. ``kinds`` are the owner's custom fields.
    ``own``: an export of one's own, whose status is that of the addresses and not of the lists.
    """

    fields: Mapping[Target, Sequence[int]]
    attributes: Mapping[str, int]
    header: Sequence[str]
    undecided: Sequence[int] = ()
    foldable: frozenset[int] = frozenset()
    kinds: Mapping[str, AttributeKind] = field(default_factory=dict)
    own: bool = False


def attribute_name(header: str) -> str:
    """A name that a template can use: «Дата рождения» becomes ``дата_рождения``."""
    name = re.sub(r"\W+", "_", header.strip().lower()).strip("_")
    if name and not name[0].isalpha():
        name = f"n{name}"
    name = name[:LONGEST_ATTRIBUTE_NAME].rstrip("_")
    return f"{name}_" if name in RESERVED else name


def _name_of(header: str) -> str:
    exact = header.removeprefix(ATTRIBUTE)
    return exact if exact != header and _EXACT.fullmatch(exact) else attribute_name(exact)


def export_header(attributes: Sequence[str], headings: Sequence[str] = OWN_COLUMNS) -> list[str]:
    """The columns of an export, each called so that it comes back as what it was."""
    plain = _guessed([*headings, *attributes]).attributes
    width, taken = len(headings), set(map(attribute_name, headings))
    return [
        *headings,
        *(
            name if plain.get(name) == width + at and name not in taken else f"{ATTRIBUTE}{name}"
            for at, name in enumerate(attributes)
        ),
    ]


def export_headings() -> list[str]:
    """What an export calls its own columns in the language of the moment."""
    headings = [one.heading for one in RECIPIENT_FIELDS if one.in_export]
    lists = [capfirst(str(SAYINGS[target])) for target in LISTINGS]
    return ["ID", *headings, pgettext("recipient", "Source"), *lists]


@cache
def own_headings() -> Sequence[Sequence[str]]:
    """What an export may call its own columns: by their codes, and in each language."""
    found: list[Sequence[str]] = [EXPORT_COLUMNS]
    for language, _name in settings.LANGUAGES:
        with override(language):
            found.append(tuple(export_headings()))
    return found


@cache
def _own_names() -> Sequence[Sequence[str]]:
    return [tuple(map(attribute_name, headings)) for headings in own_headings()]


def map_columns(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Where the columns go. ``mapping`` (a key of column_keys to a field) has the last word.

    Raises NoAddressColumn, UnknownColumn and TooManyColumns.
    """
    columns = guess(header, mapping)
    if not any(target in columns.fields for target in ADDRESSES):
        raise NoAddressColumn(
            _("No column with emails, phones or Telegram ids among: %(names)s.")
            % {"names": ", ".join(header)}
        )
    return columns


def guess(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Guess by Russian and English names, whether or not there is an address among them.

    A field of ``mapping`` is one of Target, ``-`` (leave the column out), an attribute's name, or
    ``attribute``: one that is called as the column is.
    """
    if len(header) > MOST_COLUMNS:
        raise TooManyColumns(
            _("The file has %(count)d columns; %(most)d are taken. Leave some out.")
            % {"count": len(header), "most": MOST_COLUMNS}
        )
    return _guessed(header, mapping)


def _guessed(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    names = list(map(_name_of, header))
    own = own_export(header, names)
    mapped, armed = _mapped(header, names, mapping or {})
    fields: dict[Target, list[int]] = {}
    for at, target in sorted(mapped.items()):
        if isinstance(target, Target):
            fields.setdefault(target, []).append(at)
    left = [at for at in range(len(names)) if at not in mapped]
    open_to_guess = [at for at in left if names[at] and not header[at].startswith(ATTRIBUTE)]
    dropped = _guess_fields(names, open_to_guess, fields, own)
    attributes = {name: at for at, name in mapped.items() if name and not isinstance(name, Target)}
    numbers: dict[str, int] = {}
    taken = {places[0] for places in fields.values()} | set(fields.get(Target.FULL_NAME, ()))
    taken |= set(fields.get(Target.STATUS, ())) | dropped
    taken |= {at for target in SAYINGS for at in fields.get(target, ())}
    for at in range(len(names)):
        is_second = (
            mapped.get(at) in ADDRESSES
        )  # a second address: not to be lost when the first is used
        if names[at] and at not in taken and (at not in mapped or is_second):
            attributes[_unused(names[at], attributes, numbers)] = at
    undecided = [
        at
        for at in attributes.values()
        if (at in armed or at not in mapped) and not header[at].startswith(ATTRIBUTE)
    ]
    foldable = [at for at in attributes.values() if not header[at].startswith(ATTRIBUTE)]
    if own is not None:
        undecided, foldable = [], []
    return Columns(
        fields, attributes, tuple(header), undecided, frozenset(foldable), own=own is not None
    )


def own_export(header: Sequence[str], names: Sequence[str]) -> dict[str, int] | None:
    """Where the columns of an export of recipients stand, if all are there, in any language."""
    places = {
        name: at
        for at, name in reversed(list(enumerate(names)))
        if not header[at].startswith(ATTRIBUTE)
    }
    for own in _own_names():
        found = {
            code: places[name]
            for code, name in zip(EXPORT_COLUMNS, own, strict=True)
            if name in places
        }
        if found.keys() >= _ALWAYS:
            return found
    return None


#: What nobody needs of one's own export. People come onto lists when somebody says so.
_UNREAD = ("id", "source", *LISTINGS)


def _guess_fields(
    names: Sequence[str],
    left: Sequence[int],
    fields: dict[Target, list[int]],
    own: Mapping[str, int] | None,
) -> set[int]:
    """Give fields the columns that look like theirs. Returns the columns that nobody needs."""
    if own is not None:
        for one in RECIPIENT_FIELDS:
            at = own.get(one.name) if one.in_export else None
            if at is not None and (at in left or one.target is Target.STATUS):
                fields.setdefault(one.target, [at])
        unread = {own[name] for name in _UNREAD if name in own}
        return unread | {at for at in left if names[at] in REJECT_COLUMNS}
    dropped = {at for at in left if headers.is_noise(names[at])}
    found = headers.emails(names, left)
    if found and Target.EMAIL not in fields:
        fields[Target.EMAIL] = found
    found = headers.full_name(names, left)
    if found and Target.FULL_NAME not in fields:
        fields[Target.FULL_NAME] = found
    if Target.PHONE not in fields:
        alone = not any(target in fields for target in ADDRESSES)
        best = headers.phone(names, left, shared=alone)
        fields |= {Target.PHONE: [best]} if best is not None else {}
    dropped |= _plain_fields(names, left, fields)
    best = headers.street(names, left)
    if best is not None and not any(target in fields for target in ADDRESSES):
        fields[Target.EMAIL] = [best]
    return dropped


def _plain_fields(
    names: Sequence[str], left: Sequence[int], fields: dict[Target, list[int]]
) -> set[int]:
    """The fields whose columns are known by their names alone, and what a rejects file adds."""
    for at in left:
        known = BY_NAME.get(names[at])
        if known is not None and known not in fields and known is not Target.STATUS:
            fields[known] = [at]
    return {at for at in left if names[at] in REJECT_COLUMNS}


def _mapped(
    header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> tuple[dict[int, Target | str], set[int]]:
    """What was said of columns, and of which of them nobody thought whether they are a status."""
    mapped: dict[int, Target | str] = {}
    armed: set[int] = set()
    finder = ColumnFinder(header, names)
    for column, given in mapping.items():
        field = given.removeprefix(UNASKED)
        name = attribute_name(field)
        if not name and field.strip() not in ("", "-"):
            raise UnknownColumn(_("“%(field)s” is not a field.") % {"field": field})
        at = finder.find(column)
        armed |= {at} if field != given else set()
        mapped[at] = names[at] if name in _AS_ATTRIBUTE else _MEANT.get(name, name)
    taken = [target for target in mapped.values() if target and target not in _SEVERAL]
    if len(taken) != len(set(taken)):
        raise UnknownColumn(_("Two columns are given for the same field."))
    return mapped, armed


def _unused(name: str, attributes: Mapping[str, int], numbers: dict[str, int]) -> str:
    """The name, or the next free one; ``numbers`` remembers how far each name has been counted."""
    free = name
    while free in attributes:
        numbers[name] = numbers.get(name, 1) + 1
        end = f"_{numbers[name]}"
        free = f"{name[:LONGEST_ATTRIBUTE_NAME - len(end)]}{end}"
    return free
