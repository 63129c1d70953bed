"""What a file is: its first bytes give the kind, and its name must end as that kind does.

A name that says something else is refused: a file is opened by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of file: the bytes it begins with, its endings, and what else it holds."""

    magic: bytes
    mime_type: str
    endings: frozenset[str]
    holds: bytes = b""  # somewhere in the file
    also: tuple[int, bytes] = (0, b"")  # at that offset


def _kind(
    magic: bytes,
    mime_type: str,
    endings: str,
    holds: bytes = b"",
    also: tuple[int, bytes] = (0, b""),
) -> _Kind:
    return _Kind(magic, mime_type, frozenset(endings.split()), holds, also)


_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."

#: An office document is a container: the folder or the type in it says which one.
_KINDS: Final = (
    _kind(b"%PDF-", "application/pdf", "pdf"),
    _kind(b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    _kind(b"\xff\xd8\xff", "image/jpeg", "jpg jpeg jpe jfif"),
    _kind(b"GIF87a", "image/gif", "gif"),
    _kind(b"GIF89a", "image/gif", "gif"),
    _kind(b"RIFF", "image/webp", "webp", also=(8, b"WEBP")),
    _kind(_ZIP, f"{_OPEN_XML}wordprocessingml.document", "docx", b"word/"),
    _kind(_ZIP, f"{_OPEN_XML}spreadsheetml.sheet", "xlsx", b"xl/"),
    _kind(_ZIP, f"{_OPEN_XML}presentationml.presentation", "pptx", b"ppt/"),
    _kind(_ZIP, f"{_OPEN_DOCUMENT}text", "odt", b"opendocument.text"),
    _kind(_ZIP, f"{_OPEN_DOCUMENT}spreadsheet", "ods", b"opendocument.spreadsheet"),
    _kind(_ZIP, "application/zip", "zip"),
    _kind(_OLE, "application/msword", "doc", "WordDocument".encode("utf-16-le")),
    _kind(_OLE, "application/vnd.ms-excel", "xls", "ook".encode("utf-16-le")),  # Workbook, Book
)
_TEXTS: Final = {
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
}
_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: What a text may hold below the blank: tab, line ends, form feed, and the DOS end of file.
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b"))


def type_of(data: bytes, name: str) -> str | None:
    """The MIME type of a file that holds ``data``; None for one that is not let in.

    The last ending counts, as it does when the file is opened.
    """
    ending = name.rpartition(".")[2].lower()
    begins = [kind for kind in _KINDS if data.startswith(kind.magic) and _is_whole(kind, data)]
    if begins:
        return next((kind.mime_type for kind in begins if ending in kind.endings), None)
    return _TEXTS.get(ending) if is_text(data) else None


def _is_whole(kind: _Kind, data: bytes) -> bool:
    offset, word = kind.also
    return data.startswith(word, offset) and kind.holds in data


def is_text(data: bytes) -> bool:
    """True for a text of any encoding: nothing in it steers a program."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decodes(data, encoding)
    return len(data.translate(None, _CONTROLS)) == len(data)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
