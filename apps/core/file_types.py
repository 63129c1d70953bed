"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

from typing import Final

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Which office document a container is, no reader of mail can tell but by its name.
_IN_ZIP: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
}
_IN_OLE: Final = {"doc": "application/msword", "xls": "application/vnd.ms-excel"}
_TEXT: Final = {"txt": "text/plain", "csv": "text/csv", "ics": "text/calendar"}


def type_of(head: bytes, name: str) -> str | None:
    """The MIME type of a file whose beginning is ``head``; None for one that is not let in.

    The name only chooses between kinds that the content allows.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    ending = name.rpartition(".")[2].lower()
    if head.startswith(_ZIP):
        return _IN_ZIP.get(ending)
    if head.startswith(_OLE):
        return _IN_OLE.get(ending)
    if ending in _TEXT and _is_text(head):
        return _TEXT[ending]
    return None


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # cut in the middle of a character
    return True
