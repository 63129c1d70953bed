"""What a file is, by its content: a name says nothing."""

from __future__ import annotations

import gzip
import lzma
import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from apps.mailings.importing.errors import NotATable, SourceEmpty

_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 20
_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|meta|body|table)\b"
)
_SPREADSHEET_ML: Final = re.compile(
    r"\s*<\?xml.{0,500}urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL
)
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    *(zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, ValueError, NotImplementedError),
)


class Format(StrEnum):
    """A kind of file that can be read; all but TEXT are made into CSV first."""

    TEXT = "text"
    WORKBOOK = "workbook"
    HTML = "html"
    VCARD = "vcard"
    GZIP = "gzip"
    ZIP = "zip"


def format_of(path: Path) -> Format:
    """What the file is. Raises NotATable for what is known and cannot be read.

    A file that is not there counts as text: opening it reports the error.
    """
    kind = format_at_a_glance(path)
    return _kind_of_zip(path) if kind is Format.ZIP else kind


def format_at_a_glance(path: Path) -> Format:
    """As ``format_of``, by the first bytes alone: whatever begins like a zip file counts as one."""
    if not path.is_file():
        return Format.TEXT
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Format.ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Format.WORKBOOK
    if head.startswith(b"\x1f\x8b"):
        return Format.GZIP
    for mark, text in _foreign().items():
        if head.startswith(mark):
            raise NotATable(text)
    return _kind_of_text(head)


def _foreign() -> dict[bytes, str]:
    archive = _("This is an archive that cannot be read here: unpack it and choose the list in it.")
    return {
        b"%PDF": _("This is a PDF document. Save the table in it as CSV or XLSX."),
        b"{\\rtf": _("This is a text document. Save the table in it as CSV or XLSX."),
        **dict.fromkeys((b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ\x00"), archive),
        **dict.fromkeys(
            (b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), _("This is a picture. A list is a CSV or XLSX.")
        ),
    }


def _kind_of_text(head: bytes) -> Format:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, "replace").lower().lstrip()
    if text.startswith("begin:vcard"):
        return Format.VCARD
    if _SPREADSHEET_ML.match(text):
        raise NotATable(_("This is an XML spreadsheet of Excel 2003. Save it as CSV or XLSX."))
    return Format.HTML if _HTML.match(text) and "<table" in text else Format.TEXT


def _kind_of_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    if file.read(len(_ODS)) == _ODS:
                        return Format.WORKBOOK
    except _BROKEN as error:
        raise NotATable(_("The spreadsheet is broken.")) from error
    if any(name.startswith("xl/") for name in names):
        return Format.WORKBOOK
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise NotATable(_("This is a text document. Save the table in it as CSV or XLSX."))
    return Format.ZIP


def unpacked(path: Path, kind: Format, target: Path, most: int) -> None:
    """Write what is packed into ``target``: at most so many bytes. Raises NotATable."""
    try:
        if kind is Format.GZIP:
            with gzip.open(path, "rb") as packed:
                _copied(packed, target, most)
            return
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as member:
            _copied(member, target, most)
    except _BROKEN as error:
        raise NotATable(_("The archive is broken.")) from error


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file in the archive; what a system puts beside it does not count."""
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not info.filename.rpartition("/")[2].startswith(".")
    ]
    if not files:
        raise SourceEmpty(_("The archive is empty."))
    if len(files) > 1:
        raise NotATable(
            _("The archive holds %(count)d files. Unpack it and choose the one with the list.")
            % {"count": len(files)}
        )
    if files[0].flag_bits & _ENCRYPTED:
        raise NotATable(_("The file is protected by a password. Save it without one."))
    return files[0]


def _copied(source: gzip.GzipFile | IO[bytes], target: Path, most: int) -> None:
    left = most
    with target.open("wb") as file:
        while chunk := source.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise NotATable(_("The file in the archive is too large."))
            file.write(chunk)
