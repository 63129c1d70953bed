"""Spreadsheets on their way to becoming tables: what may be read, and where it is read."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from apps.mailings.transfer.refusals import NotATable

#: What the parts of a spreadsheet may unpack to, in bytes, and how much memory reading may take.
MAX_UNPACKED: Final = 500 * 1024 * 1024
MAX_MEGABYTES: Final = 1500
MAX_SECONDS: Final = 120.0
_CHILD: Final = Path(__file__).with_name("sheet_child.py")


def is_spreadsheet(path: Path) -> bool:
    """By its content: XLSX and ODS are zip files."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


@contextmanager
def as_delimited(path: Path) -> Iterator[Path]:
    """The file itself, or the first sheet of a spreadsheet as a CSV file that lives as long.

    Raises NotATable for what is broken, too big or too slow.
    """
    if not is_spreadsheet(path):
        yield path
        return
    _check_size(path)
    with tempfile.TemporaryDirectory(prefix="vestnik-sheet-") as directory:
        target = Path(directory) / f"{path.stem}.csv"
        _convert(path, target)
        yield target


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotATable(_("The spreadsheet is broken.")) from error
    if unpacked > MAX_UNPACKED:
        raise NotATable(_("The spreadsheet is too big: save it as CSV."))


def _convert(path: Path, target: Path) -> None:
    command = [sys.executable, str(_CHILD), str(path), str(target), str(MAX_MEGABYTES)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MAX_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NotATable(_("The spreadsheet takes too long to read: save it as CSV.")) from error
    if done.returncode:
        raise NotATable(_("The spreadsheet cannot be read: save it as CSV."))
