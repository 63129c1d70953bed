"""What each column of a table means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from apps.mailings.transfer.column_keys import ColumnFinder
from apps.mailings.transfer.refusals import NoAddressColumn, TooManyColumns, UnknownColumn

LONGEST_ATTRIBUTE_NAME = 64
#: More columns than any address book has. A line of a megabyte could hold half a million.
MOST_COLUMNS = 200


class Target(StrEnum):
    """Where a column goes. Everything else is an attribute, or left out."""

    EMAIL = "email"
    PHONE = "phone"
    TELEGRAM = "telegram"
    FULL_NAME = "full_name"
    COMMENT = "comment"
    TIME_ZONE = "time_zone"
    TAGS = "tags"


ADDRESSES = (Target.EMAIL, Target.PHONE, Target.TELEGRAM)

#: The columns that a file of rejected rows adds; such a file can be mended and imported again.
REJECT_COLUMNS = ("rejected_line", "rejected_code", "rejected_reason")

_NAMES = {
    Target.EMAIL: "email e_mail mail почта эл_почта электронная_почта эл_адрес имейл емейл "
    "email_address адрес_электронной_почты адрес_эл_почты адрес_почты",
    Target.PHONE: "phone tel mobile телефон тел мобильный мобильный_телефон номер_телефона "
    "phone_number",
    Target.TELEGRAM: "telegram telegram_id telegram_chat_id chat_id телеграм телеграмм",
    Target.FULL_NAME: "full_name fullname name фио ф_и_о полное_имя имя_полностью",
    Target.COMMENT: "comment comments note notes комментарий примечание заметка",
    Target.TIME_ZONE: "time_zone timezone tz часовой_пояс таймзона временная_зона",
    Target.TAGS: "tags tag labels теги тэги тег тэг метки метка",
}
_BY_NAME = {name: target for target, names in _NAMES.items() for name in names.split()}
#: «Адрес» is often a street, «имя» often stands beside «фамилия»: taken when nothing better is.
_SECOND_CHOICE = {"адрес": Target.EMAIL, "address": Target.EMAIL}
_NAME_PARTS = frozenset("имя фамилия отчество first_name last_name middle_name surname".split())


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns feed which field, by position; ``full_name`` may come in several parts."""

    fields: Mapping[Target, Sequence[int]]
    attributes: Mapping[str, int]
    header: Sequence[str]


def attribute_name(header: str) -> str:
    """A name that a template can use: «Дата рождения» becomes ``дата_рождения``."""
    name = re.sub(r"\W+", "_", header.strip().lower()).strip("_")
    return (f"_{name}" if name[:1].isdigit() else name)[:LONGEST_ATTRIBUTE_NAME]


def arrange(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Where the columns go. ``mapping`` (a key of column_keys to a field) has the last word.

    Raises NoAddressColumn, UnknownColumn and TooManyColumns.
    """
    columns = guess(header, mapping)
    if not any(target in columns.fields for target in ADDRESSES):
        raise NoAddressColumn(
            _("No column with e-mails, phones or Telegram ids among: %(names)s.")
            % {"names": ", ".join(header)}
        )
    return columns


def guess(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Guess by Russian and English names, whether or not there is an address among them.

    A field of ``mapping`` is one of Target, ``-`` (leave the column out) or an attribute's name.
    """
    if len(header) > MOST_COLUMNS:
        raise TooManyColumns(
            _("The file has %(count)d columns; %(most)d are taken. Leave some out.")
            % {"count": len(header), "most": MOST_COLUMNS}
        )
    names = [attribute_name(column) for column in header]
    told = _told(header, names, mapping)
    fields: dict[Target, list[int]] = {}
    for at, target in sorted(told.items()):
        if isinstance(target, Target):
            fields.setdefault(target, []).append(at)
    left = [at for at in range(len(names)) if at not in told]
    for at in list(left):
        known = _BY_NAME.get(names[at])
        if known is not None and known not in fields:
            fields[known] = [at]
            left.remove(at)
    _second_choices(names, left, fields)
    attributes = {str(name): at for at, name in told.items() if name and name not in fields}
    numbers: dict[str, int] = {}
    for at in left:
        if names[at] and names[at] not in REJECT_COLUMNS:
            attributes[_unused(names[at], attributes, numbers)] = at
    return Columns(fields, attributes, tuple(header))


def _told(
    header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> dict[int, Target | str]:
    told: dict[int, Target | str] = {}
    finder = ColumnFinder(header, names)
    for column, field in mapping.items():
        name = attribute_name(field)
        if not name and field.strip() not in ("", "-"):
            raise UnknownColumn(_("“%(field)s” is not a field.") % {"field": field})
        told[finder.find(column)] = _BY_NAME.get(name, name)
    taken = [target for target in told.values() if target and target is not Target.FULL_NAME]
    if len(taken) != len(set(taken)):
        raise UnknownColumn(_("Two columns are given for the same field."))
    return told


def _second_choices(names: Sequence[str], left: list[int], fields: dict[Target, list[int]]) -> None:
    parts = [at for at in left if names[at] in _NAME_PARTS]
    if parts and Target.FULL_NAME not in fields:
        fields[Target.FULL_NAME] = parts
        left[:] = [at for at in left if at not in parts]
    for at in list(left):
        known = _SECOND_CHOICE.get(names[at])
        if known is not None and not any(target in fields for target in ADDRESSES):
            fields[known] = [at]
            left.remove(at)


def _unused(name: str, attributes: Mapping[str, int], numbers: dict[str, int]) -> str:
    """The name, or the next free one; ``numbers`` remembers how far each name has been counted."""
    free = name
    while free in attributes:
        numbers[name] = numbers.get(name, 1) + 1
        free = f"{name}_{numbers[name]}"
    return free
