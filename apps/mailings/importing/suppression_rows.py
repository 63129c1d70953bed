"""Files and texts of addresses that must not be written to, as rows: channel, address and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from apps.core.exports.formulas import bare
from apps.core.values.addresses import NORMAL, phone
from apps.mailings.importing import statuses
from apps.mailings.importing.columns import ADDRESSES, attribute_name, guess
from apps.mailings.importing.errors import NoAddressColumn
from apps.mailings.importing.files.readers import Table
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.models import Channel

_ADDRESS: Final = frozenset("address адрес".split())
_CHANNEL: Final = frozenset("channel канал".split())
_REASON: Final = frozenset("reason причина status статус".split())


@dataclass(frozen=True, slots=True)
class StopRow:
    """One address of a file. ``address`` is empty when ``text`` is none; ``reason`` when unsaid."""

    line: int
    channel: str
    address: str
    reason: str
    text: str


def rows_of_file(path: Path, *, most_bytes: int) -> Iterator[StopRow]:
    """The addresses of a table in any format that an import reads. Raises an ImportRefused."""
    with opened(path, most_bytes=most_bytes) as source:
        yield from _rows(source.table)


def rows_of_text(text: str) -> Iterator[StopRow]:
    """The addresses of a text, one a line."""
    for line, value in enumerate(text.splitlines(), start=1):
        if value.strip():
            yield normal_row(line, "", value, "")


def _rows(table: Table) -> Iterator[StopRow]:
    names = [attribute_name(column) for column in table.header]
    places = _places(table.header, names)
    channel_at, reason_at = _first(names, _CHANNEL), _first(names, _REASON)
    known = statuses.reason_codes()
    for block in table.blocks():
        for at, line in enumerate(block.lines):
            row = block.row(at)
            said = known(row[reason_at]) if reason_at is not None else ""
            written = statuses.channel_code(row[channel_at]) if channel_at is not None else ""
            for place, channel in places.items():
                if row[place].strip():
                    yield normal_row(line, channel or written, row[place], said)
        for reject in block.misfits:
            yield StopRow(reject.line, "", "", "", " ".join(reject.fields)[:60])


def _places(header: Sequence[str], names: Sequence[str]) -> Mapping[int, str]:
    """The columns with addresses, and of which channel each is; empty: another column says."""
    if (at := _first(names, _ADDRESS)) is not None and _first(names, _CHANNEL) is not None:
        return {at: ""}
    fields = guess(header, {}).fields
    codes = dict(zip(ADDRESSES, Channel.values, strict=True))
    found = {at: codes[target] for target in ADDRESSES for at in fields.get(target, ())}
    if not found:
        raise NoAddressColumn(
            _("No column holds addresses among: %(names)s.") % {"names": ", ".join(header)}
        )
    return found


def _first(names: Sequence[str], wanted: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(names) if name in wanted), None)


def normal_row(line: int, channel: str, value: str, reason: str) -> StopRow:
    """A row with its address in the stored form; without a channel, what it looks like."""
    text = bare(value.strip()).strip()
    if not channel:
        channel = Channel.EMAIL if "@" in text else Channel.PHONE
    normal = phone(text) if channel == Channel.PHONE else NORMAL[channel](text)
    return StopRow(line, channel, normal or "", reason, text[:60])
