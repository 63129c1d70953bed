"""``manage.py import_recipients FILE --owner EMAIL``, or ``--source NAME``"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import Refused
from apps.core.resources import disk_full_refused
from apps.mailings.fields import Target
from apps.mailings.importing.columns import AS_IT_IS
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.importing.profiles import OWN, PROFILES
from apps.mailings.importing.reject_reasons import Reject
from apps.mailings.services.importing.imports import (
    ImportOptions,
    import_recipients,
    profile_mapping,
)
from apps.mailings.services.importing.permission import list_named
from apps.mailings.services.importing.sources import Pull, owner_of, pull_now
from apps.users.models import User
from apps.users.selectors import user_named

REJECTED, UNUSABLE = 1, 2
#: What is meant by the choices for a column of statuses, as a mapping says it.
_STATUS_CHOICES = {"suppress": Target.STATUS.value, "ignore": AS_IT_IS}


class Command(BaseCommand):
    help = (
        "Imports recipients from a file (CSV, TSV, XLSX, XLS, ODS, vCard, also packed as .gz or "
        ".zip) or standard input into a user's list. "
        "Exit: 0 all rows taken (values that were not taken are reported as warnings); "
        "1 some rows rejected; 2 the source cannot be used."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", default="", metavar="FILE", help="a file, or - for standard input"
        )
        parser.add_argument(
            "--source",
            default="",
            metavar="NAME",
            help="instead of a file: a source of .env; known recipients are updated",
        )
        parser.add_argument(
            "--owner", default="", metavar="EMAIL", help="whose list it is; a source may name one"
        )
        self._add_columns(parser)
        parser.add_argument("--tag", action="append", default=[], metavar="T", help="for every row")
        parser.add_argument(
            "--list", default="", metavar="TITLE", help="subscribe them to this list of the owner"
        )
        parser.add_argument(
            "--statement",
            default="",
            metavar="TEXT",
            help="how these people agreed to be written to",
        )
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
        parser.add_argument(
            "--update", action="store_true", help="rows of known recipients change them"
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="FILE",
            help="where rejected rows go; FILE with .rejected.csv at the end by default",
        )
        self._add_reading(parser.add_argument_group("how the file is read; found by default"))

    def _add_columns(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--map",
            "--column",
            action="extend",
            nargs="+",
            default=[],
            type=_pair,
            metavar="COLUMN=FIELD",
            help="COLUMN: a name, NAME#2 for the second of that name, or #3 for the third column; "
            f"FIELD: {', '.join(one for one in Target if one is not Target.STATUS)}, "
            "status (who has left is suppressed), the name of an attribute, attribute (one called "
            "like the column), or - to leave the column out",
        )
        parser.add_argument(
            "--status-column",
            action="extend",
            nargs="+",
            default=[],
            type=_status_pair,
            metavar="COLUMN=suppress|ignore",
            help="a column that says who has left: suppress their addresses, or ignore it",
        )
        parser.add_argument(
            "--profile",
            choices=["auto", OWN, *(one.name for one in PROFILES)],
            help="the columns of another tool's export; auto: of whichever it looks like",
        )

    def _add_reading(self, group: Any) -> None:
        group.add_argument("--sheet", default="", metavar="NAME", help="of a spreadsheet")
        group.add_argument(
            "--hidden-rows", action="store_true", help="import the hidden rows of a sheet, too"
        )
        header = group.add_mutually_exclusive_group()
        header.add_argument("--header-row", type=int, metavar="N", help="the line of the header")
        header.add_argument(
            "--no-header", dest="header_row", action="store_const", const=0, help="there is none"
        )
        group.add_argument(
            "--delimiter", default="", metavar="D", help="one character, or tab, semicolon, comma"
        )
        group.add_argument("--encoding", default="", metavar="NAME", help="such as cp1251")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == bool(options["source"]):
            raise CommandError(_("Name a file, or a source by --source."), returncode=UNUSABLE)
        try:
            if options["source"]:
                report = self._pull(options)
            else:
                with _source(options["file"], sys.stdin.buffer) as source:
                    report = self._import(source, options)
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from None
        self._write_report(report)
        if report.rejected:
            sys.exit(REJECTED)

    def _pull(self, options: dict[str, Any]) -> ImportReport:
        owner = _owner(options["owner"] or owner_of(options["source"]))
        found, report = pull_now(
            owner=owner,
            name=options["source"],
            pull=Pull(
                mapping=dict([*options["map"], *options["status_column"]]),
                tags=options["tag"],
                list=options["list"],
                statement=options["statement"],
                dry_run=options["dry_run"],
            ),
        )
        if found.rejects and options["rejects"]:
            shutil.copyfile(found.rejects.path, options["rejects"])
        self.stdout.write(_("import (id:%(id)d)") % {"id": found.pk})
        return replace(report, rejects=options["rejects"] if found.rejects else None)

    def _import(self, source: Path, options: dict[str, Any]) -> ImportReport:
        owner = _owner(options["owner"])
        reading = ReadOptions.of({**options, "filtered": options["hidden_rows"]})
        return import_recipients(
            source=source,
            owner=owner,
            options=ImportOptions(
                mapping={
                    **profile_mapping(source, reading, options["profile"] or ""),
                    **dict([*options["map"], *options["status_column"]]),
                },
                reading=reading,
                tags=options["tag"],
                update=options["update"],
                dry_run=options["dry_run"],
                list_id=list_named(owner, options["list"]) if options["list"] else 0,
                statement=options["statement"],
            ),
            rejects=options["rejects"] or _default_rejects(options),
            now=timezone.now(),
            progress=_Meter() if sys.stderr.isatty() else None,
        )

    def _write_report(self, report: ImportReport) -> None:
        columns = ", ".join(f"{column} → {field}" for column, field in report.columns.items())
        self.stdout.write(f"{report.form}; {columns}")
        if report.resumed:
            self.stdout.write(_("An earlier run of this import did everything but report."))
        names = ("rows", "added", "updated", "unchanged", "suppressed", "rejected", "kept")
        figures = {name: getattr(report, name) for name in names}
        if report.dry_run:
            self.stdout.write(_("Nothing was changed. A real import would do this:"))
        self.stdout.write(
            _(
                "%(rows)d rows = %(added)d added + %(updated)d updated + %(unchanged)d unchanged"
                " + %(suppressed)d suppressed + %(rejected)d rejected"
            )
            % figures
        )
        self._write_asides(report)
        for code, count in sorted({**report.reasons, **report.warnings}.items()):
            self.stdout.write(f"  {code}: {count}")
        for reject in report.examples:
            self.stdout.write(_example(reject))
        if report.rejects is not None:
            self.stdout.write(
                ngettext(
                    "%(count)d row with its reason is in %(path)s",
                    "%(count)d rows with their reasons are in %(path)s",
                    report.rejected + report.warned,
                )
                % {"count": report.rejected + report.warned, "path": report.rejects}
            )

    def _write_asides(self, report: ImportReport) -> None:
        """Write what concerns rows that are counted already, or nobody of this file."""
        if report.kept:
            self.stdout.write(
                _("%(kept)d stay off the list: unsubscribed before, or suppressed")
                % {"kept": report.kept}
            )
        if report.missing:
            text = ngettext(
                "%(count)d recipient is no longer in the source",
                "%(count)d recipients are no longer in the source",
                report.missing,
            )
            self.stdout.write(text % {"count": report.missing})
        if report.warned:
            text = ngettext(
                "%(count)d warning: a value was not taken",
                "%(count)d warnings: values were not taken",
                report.warned,
            )
            self.stdout.write(text % {"count": report.warned})


def _owner(email: str) -> User:
    if not email:
        raise CommandError(_("Say whose recipients they are: --owner."), returncode=UNUSABLE)
    return user_named(email)


def _pair(value: str) -> tuple[str, str]:
    column, equals, field = value.rpartition("=")
    if not equals or not column:
        raise ArgumentTypeError(f"{value!r} is not COLUMN=FIELD")
    return column, field


def _status_pair(value: str) -> tuple[str, str]:
    column, choice = _pair(value)
    if choice not in _STATUS_CHOICES:
        raise ArgumentTypeError(f"{value!r} is not COLUMN=suppress or COLUMN=ignore")
    return column, _STATUS_CHOICES[choice]


def _default_rejects(options: dict[str, Any]) -> Path | None:
    """Beside the source. A dry run leaves no file unless one is asked for."""
    if options["dry_run"]:
        return None
    if options["file"] == "-":
        return Path("stdin.rejected.csv")
    source = Path(options["file"])
    return source.with_name(f"{source.stem}.rejected.csv")


@contextmanager
def _source(name: str, stdin: BinaryIO) -> Iterator[Path]:
    """The source as a file: it is read more than once, which a pipe does not allow."""
    if name != "-":
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="vestnik-import-") as directory:
        path = Path(directory) / "stdin"
        with disk_full_refused(), path.open("wb") as file:
            shutil.copyfileobj(stdin, file)
        yield path


def _example(reject: Reject) -> str:
    line = _("line %(line)d: %(reason)s") % {"line": reject.line, "reason": reject.text}
    return f"  {line}".encode("utf-8", "replace").decode("utf-8")


class _Meter:
    """Rows and rows per second, on one line of a terminal."""

    def __init__(self) -> None:
        self._began = self._shown_at = time.monotonic()

    def __call__(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._shown_at >= 0.5:
            self._shown_at = now
            rate = rows / (now - self._began)
            sys.stderr.write(f"\r{rows:_} rows, {rate:_.0f} rows/s ".replace("_", " "))
            sys.stderr.flush()
