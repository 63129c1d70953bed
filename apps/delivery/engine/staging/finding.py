"""Files that lie here already: in an archive that was uploaded, or given by a program."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from apps.core.contracts import StagedFile
from apps.delivery.engine.staging.results import WAIT, Result
from apps.mailings.models import FileArchive, FileArchiveEntry, PersonalFile
from apps.mailings.personal_files import store
from apps.mailings.personal_files.archives import MISSING, judged
from apps.mailings.personal_files.naming import Wanted

#: Keys that are looked for in one statement.
_CHUNK: Final = 400


class LocalFiles:
    """The files of one wanted file that need no journey, found by key."""

    def __init__(self, wanted: Wanted, mailing_id: int, keys: Collection[str]) -> None:
        self._found = _entries(wanted, mailing_id, keys)
        self._given = wanted.source == PersonalFile.Source.API

    def name_of(self, key: str, name: str) -> str:
        """What it is called: a program may have said so."""
        entry = self._found.get(key)
        return entry.name[-150:] if entry is not None and self._given and entry.name else name

    def result(self, key: str, name: str) -> Result:
        """What is known of the file with this key, for a letter in which it has this name."""
        entry = self._found.get(key) if key else None
        if entry is None:
            return Result(MISSING)
        if entry.code:
            return Result(entry.code)
        if not entry.sha256:
            return WAIT
        found = Result("", "", entry.content_type, entry.sha256, entry.size)
        if _ending(name) == _ending(entry.name):
            return found
        try:  # it was judged under another kind of name
            data = store.bytes_of(StagedFile(name, "", entry.sha256, entry.size))
        except store.FileGone:
            return Result(MISSING)
        again = judged(data, name)
        return Result(again.code) if again.code else replace(found, content_type=again.content_type)


def _entries(
    wanted: Wanted, mailing_id: int, keys: Iterable[str]
) -> Mapping[str, FileArchiveEntry]:
    """By key, those of the newest archive that has one."""
    archives = FileArchive.objects.filter(file_id=wanted.file_id)
    given = wanted.source == PersonalFile.Source.API
    archives = archives.filter(mailing_id=mailing_id if given else None)
    ids = list(archives.values_list("pk", flat=True))
    some = sorted({key for key in keys if key})
    found: dict[str, FileArchiveEntry] = {}
    for start in range(0, len(some) if ids else 0, _CHUNK):
        rows = FileArchiveEntry.objects.filter(
            archive_id__in=ids, key__in=some[start : start + _CHUNK]
        )
        found |= {row.key: row for row in rows.order_by("archive_id")}
    return found


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()
