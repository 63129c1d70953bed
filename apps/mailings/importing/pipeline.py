"""The import of a file into a list of recipients: read, check, stage, settle, report."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from django.db import IntegrityError
from django.utils.translation import gettext as _

from apps.mailings.attribute_values import define, kinds_of
from apps.mailings.importing.column_keys import labels_of
from apps.mailings.importing.columns import Columns, map_columns
from apps.mailings.importing.errors import ListChanged, TooManyRows
from apps.mailings.importing.files.readers import Block, Table
from apps.mailings.importing.reject_reasons import Reason, Reject, in_short
from apps.mailings.importing.rejects import RejectFile, RejectSpool, Tally
from apps.mailings.importing.staging.backends import staging_for
from apps.mailings.importing.staging.commit_marker import CommitMarker
from apps.mailings.importing.staging.copy_rows import CopyRows
from apps.mailings.importing.staging.tables import ImportJob, StagingTables
from apps.mailings.importing.validation import check
from apps.mailings.suppression.tombstones import Tombstones

T = TypeVar("T")

#: Called now and then with the number of rows that have been read.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row, once for each:
    ``rows == added + updated + unchanged + suppressed + rejected``.

    A row is rejected, or it suppressed an address, or it added somebody, changed somebody, or
    changed nothing. ``reasons`` counts the rejected rows by code, ``warnings`` the values that were
    not taken of rows that were; ``examples`` are the first of both. ``kept`` counts the rows whose
    people stay off a list because they had left or are suppressed, ``missing`` the people who had
    come from the same source and are in it no more. ``columns`` says which column went where.
    ``resumed`` is True when an earlier run of the same import had been killed after its commit, and
    this one only finished its report.
    """

    rows: int
    added: int
    updated: int
    rejected: int
    reasons: Mapping[str, int]
    columns: Mapping[str, str]
    form: str
    dry_run: bool = False
    resumed: bool = False
    suppressed: int = 0
    unchanged: int = 0
    kept: int = 0
    missing: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)
    rejects: Path | None = None
    examples: Sequence[Reject] = field(default=(), repr=False)

    @property
    def rejected_words(self) -> str:
        """Why rows are rejected, in words with counts."""
        return in_short(self.reasons)

    @property
    def warned_words(self) -> str:
        """Which values are not taken, in words with counts."""
        return in_short(self.warnings)

    @property
    def warned(self) -> int:
        """How many values were not taken of rows that were."""
        return sum(self.warnings.values())


@dataclass(frozen=True, slots=True)
class Import:
    """The import of one table into one list. ``rejects``: the file of the rejected rows.

    Everything or nothing: the rows come in by one transaction. Killed at any moment and run again
    with the same source and orders, it ends as if it had not been killed.
    """

    table: Table
    job: ImportJob
    mapping: Mapping[str, str]
    rejects: Path | None
    progress: Progress

    def run(self) -> ImportReport:
        """Do it. Raises an ImportRefused when nothing could be done, and then nothing was."""
        columns = map_columns(self.table.header, self.mapping)
        if self.rejects is None:
            return self._import_rows(columns, None, None)
        file = RejectFile(self.rejects, self._fingerprint())
        marker = CommitMarker(self.rejects, self._fingerprint())
        try:
            figures = marker.figures()
            if figures is None:
                report = self._import_rows(columns, file, marker)
            else:
                rejects = self.rejects if figures["rejected"] or figures["warnings"] else None
                report = ImportReport(**figures, resumed=True, rejects=rejects)
        except BaseException:
            # From the receipt on, the commit may have happened: then the next run must find both.
            if not marker.exists():
                file.discard()
            raise
        file.publish(report.rejected + report.warned)
        marker.destroy()
        return report

    def _import_rows(
        self, columns: Columns, file: RejectFile | None, marker: CommitMarker | None
    ) -> ImportReport:
        tally = Tally()
        kinds = kinds_of(self.job.owner_id)
        columns = replace(columns, kinds=kinds)
        stage = staging_for(self.job)
        try:
            with RejectSpool() as spool, stage.session():
                erased = Tombstones.of(self.job.owner_id)
                batches = self._copy_batches(columns, spool, stage, erased)
                for copy_rows in _prefetched(batches):
                    stage.take(copy_rows)
                with stage.deciding():
                    stage.settle()
                    rejects = tally.over(spool, self._duplicates(stage))
                    if file is None:
                        deque(rejects, maxlen=0)
                    else:
                        file.write(rejects, self.table.header, self.table.delimiter)
                    report = self._report(stage, columns, tally)
                    if not self.job.dry_run:
                        define(self.job.owner_id, columns.attributes, kinds)
                    if marker is not None and not self.job.dry_run:
                        marker.write(stage.proof_row(), _figures(report))
        except IntegrityError:
            raise ListChanged(
                _("The same recipients were changed meanwhile. Nothing was imported; try again.")
            ) from None
        return report

    def _copy_batches(
        self, columns: Columns, spool: RejectSpool, stage: StagingTables, erased: Tombstones
    ) -> Iterator[CopyRows]:
        rows = 0
        terms = stage.job.permission.terms if stage.job.permission else None
        for block in self.table.blocks():
            batch, rejects = check(block, columns, stage.quote, terms=terms, erased=erased)
            spool.add(rejects)
            rows += len(batch.lines) + sum(not reject.is_warning for reject in rejects)
            if 0 < self.job.most_rows < rows:
                raise TooManyRows(
                    _("The file has more than %(most)d rows: split it.")
                    % {"most": self.job.most_rows}
                )
            yield stage.pack(batch)
            self.progress(rows)

    def _duplicates(self, stage: StagingTables) -> Iterator[Reject]:
        """The rows that lost to another one. The source is read again for what they say."""
        left = stage.lost
        blocks = self.table.blocks() if left else iter(())
        for block in blocks:
            lost = {found.line: found for found in stage.duplicates(block.first, block.last)}
            if lost:
                yield from _rejected(block, lost)
            left -= len(lost)
            if not left:
                return

    def _report(self, stage: StagingTables, columns: Columns, tally: Tally) -> ImportReport:
        rejected = tally.by_reason.total()
        taken = stage.added + stage.updated + stage.unchanged + stage.suppressed
        return ImportReport(
            rows=taken + rejected,
            added=stage.added,
            updated=stage.updated,
            rejected=rejected,
            reasons=dict(tally.by_reason),
            columns=_meaning(columns),
            form=self.table.form,
            dry_run=self.job.dry_run,
            suppressed=stage.suppressed,
            unchanged=stage.unchanged,
            kept=stage.kept,
            missing=stage.missing,
            warnings=dict(tally.warnings),
            rejects=self.rejects if rejected or tally.warnings else None,
            examples=tuple(tally.examples),
        )

    def _fingerprint(self) -> str:
        """The same for the same import, another for any other."""
        job = self.job
        what = (self.table.fingerprint, job.owner_id, job.update, job.dry_run)
        layout = (self.table.header, self.table.form)
        right = job.permission and (job.permission.list_id, job.permission.statement)
        how = (sorted(self.mapping.items()), sorted(job.tags), right)
        return blake2b(
            repr((what, layout, how)).encode("utf-8", "backslashreplace"), digest_size=8
        ).hexdigest()


def _rejected(block: Block, lost: Mapping[int, Any]) -> Iterator[Reject]:
    for at, line in enumerate(block.lines):
        if (found := lost.get(line)) is not None:
            reason = Reason.DUPLICATE_IN_FILE if found.first_line else Reason.DUPLICATE_IN_DATABASE
            yield Reject(line, reason, str(found.first_line or ""), block.row(at))


def _prefetched(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made by another thread while the one before is being used.

    Reading holds Python's lock and the database driver does not, so both cores have work.
    """
    context = copy_context()  # messages in the caller's language

    def following() -> T | None:
        return context.run(lambda: next(items, None))

    with ThreadPoolExecutor(1, thread_name_prefix="import") as pool:
        coming = pool.submit(following)
        while (item := coming.result()) is not None:
            coming = pool.submit(following)
            yield item


def _meaning(columns: Columns) -> dict[str, str]:
    targets = [(at, str(target)) for target, places in columns.fields.items() for at in places]
    pairs = chain(targets, ((at, name) for name, at in columns.attributes.items()))
    labels = labels_of(columns.header)
    return {labels[at]: name for at, name in sorted(pairs)}


def _figures(report: ImportReport) -> dict[str, Any]:
    figures = asdict(report)
    for name in ("rejects", "examples", "resumed"):
        del figures[name]
    return figures
