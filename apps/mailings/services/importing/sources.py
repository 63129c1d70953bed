"""Pulls: people brought in from a source of ``.env``. Each is an import like any other.

``SOURCES__<NAME>__…`` says where they are (apps.mailings.importing.sources); a page and a command
know the name alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.contracts import Actor, BackgroundJob
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.resources import disk_full_refused
from apps.mailings.importing.column_keys import ColumnFinder, key_of
from apps.mailings.importing.columns import attribute_name
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.importing.sources.contract import Bounds, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.importing.sources.kinds import source_of
from apps.mailings.models import RecipientImport
from apps.mailings.services.importing import files, page_imports
from apps.mailings.services.importing.page_imports import State
from apps.mailings.services.importing.permission import list_named
from apps.mailings.services.permission.subscribing import ListsRefused
from apps.users.models import User
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import user_named

log = structlog.get_logger(__name__)

#: Seconds that a check of a source may take.
_CHECK_SECONDS: Final = 10.0
_DAY: Final = 24 * 3600
#: After so long, nobody is carrying out a nightly pull any more: the process has ended.
_PULL_ENDS: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Pull:
    """What a pull is asked for beside what its source declares; an empty field leaves that."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    list: str = ""
    statement: str = ""
    dry_run: bool = False
    night: date | None = None


def sources_for(actor: Actor) -> list[Declaration]:
    """The sources that this user may pull, by name."""
    return [one for _name, one in sorted(settings.SOURCES.items()) if one.is_for(actor)]


def source_named(name: str, actor: Actor) -> Declaration:
    """One of them. Raises SourceRefused."""
    found: Declaration | None = settings.SOURCES.get(name.strip().lower())
    if found is None or not found.is_for(actor):
        raise SourceRefused(_("There is no source “%(name)s” for this user.") % {"name": name})
    return found


def owner_of(name: str) -> str:
    """The email of the user whose recipients a source brings in; empty when it names none."""
    found: Declaration | None = settings.SOURCES.get(name.strip().lower())
    return found.owner if found is not None else ""


def missing_tag_of(found: RecipientImport) -> str:
    """The tag of those who are in the source no more; empty when there is none."""
    declaration: Declaration | None = settings.SOURCES.get(found.pulled_from)
    return declaration.missing_tag if declaration is not None else ""


def check_source(declaration: Declaration) -> None:
    """See that it can be read, and be pulled for whom it names. Raises what refuses it."""
    if declaration.owner:
        owner = user_named(declaration.owner)
        source_named(declaration.name, owner)
        if declaration.list:
            list_named(owner, declaration.list)
    source_of(declaration).check(_bounds(_CHECK_SECONDS))


def pull_soon(*, owner: User, name: str) -> RecipientImport:
    """Have a source read in the background, to be looked at before anything is imported.

    Raises SourceRefused, ImportQuota, ImportBusy.
    """
    declaration = source_named(name, owner)
    files.make_sure_of_room(owner, 0)
    files.make_sure_nothing_is_read(owner)
    found = _begin(owner, declaration, Pull())
    transaction.on_commit(lambda: page_imports.in_background(read_source, found.pk))
    return found


def read_source(number: int) -> None:
    """Read the source of one import that waits for it. Whatever comes of it is said in the row."""
    wrong = files.settle(number, _read)
    if isinstance(wrong, Refused):
        log.warning("source_refused", import_id=number, error=str(wrong))


def pull_now(*, owner: User, name: str, pull: Pull) -> tuple[RecipientImport, ImportReport]:
    """Read a source and import what it gives. Raises SourceRefused, and what an import raises."""
    declaration = source_named(name, owner)
    wanted = pull.list or declaration.list
    list_id = list_named(owner, wanted) if wanted else 0
    found = _begin(owner, declaration, pull)
    if (wrong := files.settle(found.pk, _read)) is not None:
        raise wrong
    found.refresh_from_db()
    found.mapping |= _by_position(found.preview["header"], pull.mapping)
    found.options |= {"tags": [*pull.tags], "list": list_id, "dry_run": pull.dry_run}
    found.state, found.dry_run = State.QUEUED, pull.dry_run
    found.save()
    report = page_imports.carry_out_now(found.pk)
    found.refresh_from_db()
    if report is None:
        raise page_imports.ImportBusy(_("This import has been started already."))
    return found, report


def _begin(owner: User, declaration: Declaration, pull: Pull) -> RecipientImport:
    found = files.new_import(owner, declaration.name, ReadOptions())
    found.pulled_from, found.night = declaration.name, pull.night
    found.state = State.READING
    found.options = {
        "language": get_language() or "ru",
        "update": True,
        "statement": pull.statement or declaration.statement,
        "list": _list_of(owner, pull.list or declaration.list),
    }
    with transaction.atomic():
        found.save()
    return found


def _list_of(owner: User, title: str) -> int:
    """The list that a form offers first; 0 when there is none of this title."""
    try:
        return list_named(owner, title) if title else 0
    except ListsRefused:
        return 0


def _read(found: RecipientImport) -> None:
    declaration = source_named(found.pulled_from, found.owner)
    source = source_of(declaration)
    with tempfile.TemporaryDirectory(prefix="vestnik-pull-") as directory, disk_full_refused():
        path = Path(directory) / "table"
        source.save(path, _bounds())
        with path.open("rb") as file:
            files.keep_file(found, File(file))
    found.reading = source.reading.kept()
    files.look_into(found)
    header = found.preview["header"]
    found.mapping = _by_position(header, {**source.mapping, **declaration.mapping})


def _bounds(seconds: float | None = None) -> Bounds:
    limits: dict[str, Any] = {} if seconds is None else {"seconds": seconds}
    rows, megabytes = settings.IMPORT_MAX_ROWS, settings.IMPORT_MAX_MEGABYTES
    return Bounds.of(rows=rows, megabytes=megabytes, **limits)


def _by_position(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping as a form keeps it. Raises UnknownColumn."""
    finder = ColumnFinder(header, list(map(attribute_name, header)))
    return {key_of(finder.find(column)): target for column, target in mapping.items()}


class NightlyPulls(BackgroundJob):
    """Pulls the sources that are to be pulled every night, each once a day.

    The row of the import says that it is done, so that of several processes one does it.
    """

    name = "nightly_pulls"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        local = timezone.localtime(now)
        for declaration in settings.SOURCES.values():
            if declaration.hour is None or local.hour < declaration.hour or stopping():
                continue
            pulls = RecipientImport.objects.filter(pulled_from=declaration.name)
            # What is refused before there is a row is not tried all day long, either.
            tried = f"pull:{declaration.name}:{local.date()}"
            if _give_up(pulls, now) and cache.add(f"{tried}:again", 1, _DAY):
                cache.delete(tried)
            if not pulls.filter(night=local.date()).exists() and cache.add(tried, 1, _DAY):
                _pull_tonight(declaration, local.date())


def _give_up(pulls: OwnedQuerySet[RecipientImport], now: datetime) -> int:
    """A pull whose process ended was none: the night is tried once more. Returns how many."""
    reading = Q(state=State.READING, updated_at__lt=now - files.READING_ENDS)
    begun = Q(state__in=(State.UPLOADED, State.QUEUED, State.RUNNING))
    stale = pulls.filter(reading | begun & Q(updated_at__lt=now - _PULL_ENDS), night__isnull=False)
    error, code = _("The process that read the source has ended."), SourceRefused.code
    return stale.update(
        state=State.FAILED, night=None, error=error, error_code=code, updated_at=now
    )


def _pull_tonight(declaration: Declaration, night: date) -> None:
    """Pull one source; the owner is notified when it fails, and it is tried again the next day."""
    owner = None
    try:
        owner = user_named(declaration.owner)
        with override(settings.LANGUAGE_CODE):
            pull_now(owner=owner, name=declaration.name, pull=Pull(night=night))
    except IntegrityError:
        return  # another process does it
    except Refused as refusal:
        log.error("source_refused", source=declaration.name, error=str(refusal))
        if owner is not None:
            _notify(owner, declaration.name, night)
    except Exception:  # said in the log and in the row; the other sources are pulled all the same
        log.error("source_refused", source=declaration.name, error="broken")
        if owner is not None:
            _notify(owner, declaration.name, night)


def _notify(owner: User, name: str, night: date) -> None:
    failed = RecipientImport.objects.filter(owner=owner, pulled_from=name, night=night)
    facts = {"source": name, "import": failed.values_list("pk", flat=True).first()}
    notify([NewNotification(owner.pk, "pull_failed", f"source:{name}", facts, mark=str(night))])
