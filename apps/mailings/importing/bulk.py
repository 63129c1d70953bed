"""Rows that a program hands over, by the same checks and tables as those of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.db import IntegrityError
from django.utils.translation import gettext as _

from apps.mailings.attribute_values import define, kinds_of
from apps.mailings.fields import Target
from apps.mailings.importing.columns import ADDRESSES, Columns
from apps.mailings.importing.errors import ImportRefused, ListChanged
from apps.mailings.importing.files.readers import Block
from apps.mailings.importing.reject_reasons import Reason, Reject
from apps.mailings.importing.staging.backends import staging_for
from apps.mailings.importing.staging.tables import ImportJob
from apps.mailings.importing.validation import check
from apps.mailings.suppression.tombstones import Tombstones

#: Every name is a column: so many different ones in one call.
MOST_ATTRIBUTES: Final = 100


class TooManyAttributes(ImportRefused):
    """More names of attributes than one list can sensibly have."""

    code = "import_too_many_attributes"


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as it was handed over: text by field, and its attributes."""

    fields: Mapping[Target, str]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: the recipient it made or changed, or why it was rejected; and what of
    it was not taken."""

    recipient_id: int | None = None
    is_new: bool = False
    reject: Reject | None = None
    warnings: tuple[Reject, ...] = ()


def upsert_rows(rows: Sequence[Row], job: ImportJob) -> list[RowResult]:
    """Take the good rows into the list, in one transaction. One answer for each row, in order.

    Raises ListChanged and TooManyAttributes; then nothing was done.
    """
    block, columns = _table(rows)
    kinds = kinds_of(job.owner_id)
    columns = replace(columns, kinds=kinds)
    stage = staging_for(job)
    found: dict[int, RowResult] = {}
    try:
        with stage.session():
            batch, rejects = check(block, columns, stage.quote, erased=Tombstones.of(job.owner_id))
            stage.take(stage.pack(batch), whole=True)
            with stage.deciding():
                stage.settle()
                define(job.owner_id, columns.attributes, kinds)
                for line, recipient_id, is_new in stage.placed():
                    found[line] = RowResult(recipient_id, is_new)
                lost = stage.duplicates(block.first, block.last) if stage.lost else []
    except IntegrityError:
        raise ListChanged(
            _("The same recipients were changed meanwhile. Nothing was imported; try again.")
        ) from None
    for lone in lost:
        reason = Reason.DUPLICATE_IN_FILE if lone.first_line else Reason.DUPLICATE_IN_DATABASE
        rejects.append(Reject(lone.line, reason, str(lone.first_line or ""), ()))
    for one in rejects:
        if one.is_warning and (placed := found.get(one.line)) is not None:
            found[one.line] = replace(placed, warnings=(*placed.warnings, one))
    found |= {one.line: RowResult(reject=one) for one in rejects if not one.is_warning}
    return [found[line] for line in block.lines]


def _table(rows: Sequence[Row]) -> tuple[Block, Columns]:
    """The rows as columns: those of the fields, then one of every attribute that occurs."""
    names = list(dict.fromkeys(name for row in rows for name in row.attributes))
    if len(names) > MOST_ATTRIBUTES:
        raise TooManyAttributes(_("More than 100 different attributes in one call."))
    given = {target for row in rows for target, value in row.fields.items() if value}
    targets = [target for target in Target if target in given or target in ADDRESSES]
    columns = [[row.fields.get(target, "") for row in rows] for target in targets]
    columns += [[row.attributes.get(name, "") for row in rows] for name in names]
    width = len(targets)
    block = Block(range(1, len(rows) + 1), columns, (), 1, len(rows))
    return block, Columns(
        fields={target: [at] for at, target in enumerate(targets)},
        attributes={name: width + at for at, name in enumerate(names)},
        header=[*targets, *names],
    )
