"""Files of recipients before they are imported: taken in, looked into once, thrown away."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.errors import Refused
from apps.core.http.outbound import download
from apps.core.resources import disk_full_refused
from apps.core.text.storable import storable
from apps.mailings.importing.column_keys import labels_of
from apps.mailings.importing.columns import AS_IT_IS, attribute_name, guess, map_columns
from apps.mailings.importing.errors import StatusUndecided
from apps.mailings.importing.files.formats import Format, format_at_a_glance
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.importing.headers import BY_NAME
from apps.mailings.importing.json_columns import names_in
from apps.mailings.importing.statuses import somebody_left
from apps.mailings.models import RecipientImport
from apps.mailings.services.importing import page_imports
from apps.mailings.services.importing.page_imports import ImportBusy, State
from apps.users.models import User

log = structlog.get_logger(__name__)

SHOWN: Final = 10
#: Rows in which it is looked for who has left. The rest is looked at when it is imported.
_LOOKED_AT: Final = 2000
#: Of a value, what a preview shows.
_SHOWN_SIGNS: Final = 60
#: A file that nobody went on with is removed after so long.
KEPT: Final = timedelta(days=1)
#: Files of one user that may lie and wait, and how many of the largest size they may be together.
MOST_WAITING: Final = 10
_LARGEST_FILES: Final = 2
#: After so long, nobody is reading any more: the process has ended.
READING_ENDS: Final = timedelta(minutes=5)
_UNSTARTED: Final = (State.READING, State.UPLOADED, State.FAILED)


class ImportTooLarge(Refused):
    """The file is larger than the site takes."""

    code = "import_too_large"


class ImportQuota(Refused):
    """Too many files of this user wait to be imported."""

    code = "import_quota"


class ImportExpired(Refused):
    """Nobody went on with the file in time."""

    code = "import_expired"


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What the head of a file showed: its layout, its columns and the first rows."""

    form: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    header_row: int
    delimiter: str
    encoding: str
    sheet: str = ""
    sheets: Sequence[tuple[str, bool]] = ()
    hidden_rows: int = 0
    #: Columns that say that somebody has left, by position, and a value that says so.
    leaving: Sequence[tuple[int, str]] = ()
    #: Columns whose cells hold JSON objects, by position, and the attributes that these make.
    objects: Sequence[tuple[int, Sequence[str]]] = ()

    @classmethod
    def of(cls, found: RecipientImport) -> FilePreview | None:
        """The look that was taken when the file came in. None before that."""
        return cls(**found.preview) if found.preview.get("header") else None

    @property
    def questions(self) -> dict[int, str]:
        """Of which columns a person must say whether they are a status."""
        undecided = guess(self.header, {}).undecided
        return {at: value for at, value in self.leaving if at in undecided}

    @property
    def labels(self) -> list[str]:
        return labels_of(self.header)

    @property
    def columns(self) -> list[tuple[str, str, Sequence[str]]]:
        """Of every column: its label, where it would go (empty: left out), the first values."""
        guessed = self._guessed()
        return [
            (label, guessed.get(at, ""), [row[at] for row in self.rows])
            for at, label in enumerate(self.labels)
        ]

    @property
    def attributes(self) -> list[str]:
        """Of every column: the name that it would have as an attribute, each another one."""
        guessed = self._guessed()
        names: list[str] = []
        taken = set(guessed.values()) | set(BY_NAME)
        for at, column in enumerate(self.header):
            name = guessed.get(at, "")
            if not name or name in BY_NAME:
                name = attribute_name(column) or f"column_{at + 1}"
                name = f"{name[:50]}_{at + 1}" if name in taken else name
            taken.add(name)
            names.append(name)
        return names

    def _guessed(self) -> dict[int, str]:
        columns = guess(self.header, {})
        found = {at: str(field) for field, places in columns.fields.items() for at in places}
        own = {at: AS_IT_IS if name in BY_NAME else name for name, at in columns.attributes.items()}
        return own | found


def most_bytes() -> int:
    """The size of the largest file that is taken."""
    return int(settings.IMPORT_MAX_MEGABYTES) * 1024 * 1024


def receive(
    *, owner: User, upload: UploadedFile[Any], reading: ReadOptions = ReadOptions()
) -> RecipientImport:
    """Keep an uploaded file. A text is looked into at once, anything else not yet (look_soon).

    Raises ImportTooLarge, ImportQuota, DiskFull, and an ImportRefused when a text is no list; then
    nothing is left behind.
    """
    make_sure_of_room(owner, upload.size or 0)
    name = Path((upload.name or "list").replace("\\", "/")).name
    found = new_import(owner, name, reading)
    keep_file(found, upload)
    try:
        if _is_text(found):
            look_into(found)
        found.save()
    except BaseException:
        found.file.delete(save=False)
        raise
    return found


def preview_soon(found: RecipientImport) -> None:
    """Look into a file in the background. Raises ImportBusy while another one is being read."""
    make_sure_nothing_is_read(found.owner)
    found.state = State.READING
    found.save()
    transaction.on_commit(lambda: page_imports.in_background(preview, found.pk))


def fetch(*, owner: User, url: str) -> RecipientImport:
    """Have a list read from an address, in the background. Raises ImportQuota, ImportBusy."""
    make_sure_of_room(owner, 0)
    make_sure_nothing_is_read(owner)
    found = new_import(owner, url, ReadOptions())
    found.state = State.READING
    found.save()
    transaction.on_commit(lambda: page_imports.in_background(_download, found.pk))
    return found


def read_again(*, found: RecipientImport, reading: ReadOptions) -> None:
    """Look into the file once more, in another way. Raises an ImportRefused, ImportBusy."""
    if not found.can_start:
        raise ImportBusy(_("This import has been started already."))
    found.reading, found.error, found.error_code = reading.kept(), "", ""
    found.dry_run = False
    if not _is_text(found):
        preview_soon(found)
        return
    look_into(found)
    found.state = State.UPLOADED
    found.save()


def preview(number: int) -> None:
    """Look into one file that waits for it. Whatever is found, it is said in the row."""
    settle(number, look_into)


def check_columns(found: RecipientImport, mapping: Mapping[str, str]) -> None:
    """Raises NoAddressColumn or UnknownColumn when the columns cannot be used so.

    What is not known yet, because the file has not been read, is found out when it is.
    """
    shown = FilePreview.of(found)
    if shown is not None:
        columns = map_columns(shown.header, mapping)
        for at, value in shown.leaving:
            if at in columns.undecided:
                raise StatusUndecided(shown.labels[at], at, value)


def discard(*, found: RecipientImport) -> None:
    """Discard an uploaded file. Raises ImportBusy once it was started."""
    unstarted = Q(state__in=_UNSTARTED) | page_imports.tried()
    if not RecipientImport.objects.filter(unstarted, pk=found.pk).delete()[0]:
        raise ImportBusy(_("This import has been started already."))
    for file in filter(None, (found.file, found.rejects)):
        file.delete(save=False)


def forget_old(*, now: datetime) -> int:
    """Remove the files of abandoned imports. Return how many."""
    old = RecipientImport.objects.filter(updated_at__lt=now - KEPT).exclude(file="")
    count = 0
    for found in old.exclude(state__in=(State.QUEUED, State.RUNNING)).iterator():
        found.file.delete(save=False)
        if found.state in _UNSTARTED:
            with override(found.options.get("language", "ru")):
                found.error = _("The file was not imported within a day, and was removed.")
            found.state, found.error_code, found.preview = State.FAILED, ImportExpired.code, {}
        found.save()
        count += 1
    return count


def new_import(owner: User, source: str, reading: ReadOptions) -> RecipientImport:
    return RecipientImport(
        owner=owner,
        source=source[:500],
        reading=reading.kept(),
        options={"language": get_language() or "ru"},
    )


def make_sure_of_room(owner: User, size: int) -> None:
    """Raises ImportTooLarge or ImportQuota. Files that were only tried give way to new ones."""
    if size > most_bytes():
        most = settings.IMPORT_MAX_MEGABYTES
        raise ImportTooLarge(_("The file is larger than %(most)d MB.") % {"most": most})
    waiting = RecipientImport.objects.filter(owner=owner).exclude(file="")
    if _has_room(waiting, size):
        return
    for one in waiting.filter(page_imports.tried()):
        one.file.delete()
    if not _has_room(waiting, size):
        raise ImportQuota(_("Too many of your files wait. Import some of them, or discard them."))


def _has_room(waiting: QuerySet[RecipientImport], size: int) -> bool:
    sizes = [_size_of(one) for one in waiting.order_by("-pk")[:MOST_WAITING]]
    return len(sizes) < MOST_WAITING and sum(sizes) + size <= _LARGEST_FILES * most_bytes()


def make_sure_nothing_is_read(owner: User) -> None:
    """One file of a user is looked into at a time. Raises ImportBusy."""
    since = timezone.now() - READING_ENDS
    reading = RecipientImport.objects.filter(owner=owner, state=State.READING, updated_at__gt=since)
    if reading.exists():
        raise ImportBusy(_("Another file of yours is being read. Wait until that is done."))


def _size_of(found: RecipientImport) -> int:
    try:
        return int(found.file.size)
    except OSError:
        return 0


def keep_file(found: RecipientImport, content: File[Any]) -> None:
    found.file.save(f"{found.owner_id}-{uuid.uuid4().hex}", content, save=False)


def _is_text(found: RecipientImport) -> bool:
    return bool(found.file) and format_at_a_glance(Path(found.file.path)) is Format.TEXT


def look_into(found: RecipientImport) -> None:
    """Read the head of the file into its preview. Raises an ImportRefused when it is no list."""
    reading = ReadOptions.of(found.reading)
    path = Path(found.file.path)
    with (
        disk_full_refused(),
        opened(path, reading, head_only=True, most_bytes=most_bytes()) as source,
    ):
        table, findings = source.table, source.findings
        guess(table.header, {})
        shown = FilePreview(
            form=table.form,
            header=table.header,
            rows=[[value[:_SHOWN_SIGNS] for value in row] for row in table.head(SHOWN)],
            header_row=table.header_row,
            delimiter=table.delimiter if source.is_text else "",
            encoding=table.encoding if source.is_text else "",
            sheet=findings.sheet,
            sheets=findings.sheets,
            hidden_rows=findings.hidden_rows,
            leaving=_leaving(table.header, table.head(_LOOKED_AT)),
            objects=_objects(table.header, table.head(_LOOKED_AT)),
        )
    found.preview = _storable(asdict(shown))


def _leaving(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    found = []
    for at in guess(header, {}).undecided:
        value = somebody_left(attribute_name(header[at]), [row[at] for row in rows])
        found += [(at, value[:_SHOWN_SIGNS])] if value is not None else []
    return found


def _objects(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> list[tuple[int, Sequence[str]]]:
    found = [(at, names_in([row[at] for row in rows])) for at in guess(header, {}).foldable]
    return [(at, names[:SHOWN]) for at, names in sorted(found) if names]


def _storable(value: Any) -> Any:
    """The same with texts that a database takes, however deep they lie."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {key: _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


def _download(number: int) -> None:
    """Read a list from its address, and look into it."""
    settle(number, _download_and_look)


def _download_and_look(found: RecipientImport) -> None:
    with tempfile.TemporaryDirectory(prefix="vestnik-fetch-") as directory, disk_full_refused():
        path = Path(directory) / "list"
        download(found.source, path, max_bytes=most_bytes())
        with path.open("rb") as file:
            keep_file(found, File(file))
    look_into(found)


def settle(number: int, act: Callable[[RecipientImport], None]) -> Exception | None:
    """Read one file in this way. What went wrong is returned, and said in the row."""
    found = RecipientImport.objects.select_related("owner").get(pk=number)
    values: dict[str, Any] = {"state": State.UPLOADED}
    wrong: Exception | None = None
    try:
        with override(found.options.get("language", "ru")):
            act(found)
    except Refused as refusal:
        text, wrong = str(refusal)[:500], refusal
        values = {"state": State.FAILED, "error": text, "error_code": refusal.code}
    except Exception as error:  # the row must not say "being read" for ever
        log.exception("import_broke", import_id=number)
        values, wrong = {"state": State.FAILED, "error": type(error).__name__}, error
    values |= {name: getattr(found, name) for name in ("preview", "reading", "mapping")}
    values |= {"file": found.file.name or "", "updated_at": timezone.now()}
    mine = RecipientImport.objects.filter(pk=number, state=State.READING)
    if not mine.update(**values) and found.file:
        found.file.delete(save=False)  # discarded meanwhile
    return wrong
