"""What a file is, by its first bytes, and the letter and the pictures in it."""

from __future__ import annotations

import email
import re
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as policy
from html import escape
from pathlib import PurePosixPath
from typing import Final

from apps.mailings.importing.files.declared_encoding import declared
from apps.mailings.importing.letters.worker.job import (
    LONGEST_SOURCE,
    MOST_FILES,
    MOST_UNPACKED,
    CannotRead,
)

_HEADER: Final = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}")
_MAIL: Final = re.compile(rb"^(?:mime-version|content-type|subject|from|date):", re.I | re.M)
_MARKUP: Final = re.compile(r"<(?:!doctype|[a-z][a-z0-9-]{0,30})(?:\s[^<>]*)?/?>")
_MJML: Final = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<mjml\b", re.DOTALL)
_PICTURES: Final = frozenset("jpg jpeg png gif webp svg bmp".split())
_PAGES: Final = frozenset("html htm xhtml mjml".split())
_ENCRYPTED: Final = 0x1
_DEEPEST_MAIL: Final = 20
_MOST_PARTS: Final = 400
_HEAD: Final = 64 * 1024
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError),
)


@dataclass(slots=True)
class Source:
    """A letter as it came: HTML, or MJML, and the files that belong to it by their names."""

    markup: str
    is_mjml: bool = False
    subject: str = ""
    #: As the markup may call them: ``cid:…``, or a path from where the markup lies.
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def source_of(content: bytes) -> Source:
    """The letter in a file of any kind. Raises CannotRead."""
    if not content.strip():
        raise CannotRead("empty")
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_archive(content)
    head = content[:_HEAD].lstrip()
    if _HEADER.match(head) and len(_MAIL.findall(head)) > 1:
        return _of_mail(content)
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CannotRead("binary")
    return _of_markup(declared(content))


def _of_markup(text: str) -> Source:
    if len(text) > LONGEST_SOURCE:
        raise CannotRead("too_long")
    if _MJML.match(text[:_HEAD]):
        return Source(text, is_mjml=True)
    if not _MARKUP.search(text.lower()):
        raise CannotRead("no_html")
    return Source(text)


def _of_archive(content: bytes) -> Source:
    """The page of an archive, and what lies beside it. Nothing of it is written to a path."""
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _of_files(_unpacked(archive))
    except _BROKEN as error:
        raise CannotRead("broken_archive") from error


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [one for one in archive.infolist() if not one.is_dir()]
    if len(entries) > MOST_FILES:
        raise CannotRead("too_many_files")
    if sum(one.file_size for one in entries) > MOST_UNPACKED:
        raise CannotRead("too_big")
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if is_link or name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise CannotRead("path")
        if entry.flag_bits & _ENCRYPTED:
            raise CannotRead("password")
        if name.parts[0] == "__MACOSX" or name.name.startswith("."):
            continue
        if _ending(name.name) not in _PICTURES | _PAGES | {"css"}:
            continue
        with archive.open(entry) as file:
            data = file.read(left + 1)  # what it says of its size need not be true
        left -= len(data)
        if left < 0:
            raise CannotRead("too_big")
        found[str(name)] = data
    return found


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _of_files(files: dict[str, bytes]) -> Source:
    pages = [name for name in files if _ending(name) in _PAGES]
    if not pages:
        raise CannotRead("no_page")
    # The nearest to the top, and of several there the one that is called as pages are.
    page = min(pages, key=lambda name: (name.count("/"), _ending(name) == "mjml", _rank(name)))
    found = _of_markup(declared(files[page]))
    folder = page.rpartition("/")[0]
    for name, data in files.items():
        if name != page and _ending(name) not in _PAGES:
            inner = name[len(folder) + 1 :] if folder and name.startswith(f"{folder}/") else name
            found.files[inner] = (PurePosixPath(name).name, data)
    found.left_out["pages"] += len(pages) - 1
    return found


def _rank(name: str) -> tuple[bool, str]:
    return "index" not in name.lower(), name


def _of_mail(content: bytes) -> Source:
    """The HTML of a message, or its text as HTML; its pictures by their ids."""
    if content.count(b"\n--") > _MOST_PARTS or content.lower().count(b"multipart/") > _DEEPEST_MAIL:
        raise CannotRead("too_deep")  # its parser takes time by the square of that
    try:
        message = email.message_from_bytes(content, policy=policy)
        assert isinstance(message, EmailMessage)
        parts = list(_parts(message, 0))
        html = next((one for one in parts if one.get_content_type() == "text/html"), None)
        plain = next((one for one in parts if one.get_content_type() == "text/plain"), None)
        if html is None and plain is None:
            raise CannotRead("no_html")
        found = _of_markup(_text(html) if html is not None else _paragraphs(_text(plain)))
        found.subject = " ".join(str(message["subject"] or "").split())
        for part in parts:
            _take_part(part, found)
    except (ValueError, LookupError, RecursionError, AttributeError, AssertionError) as error:
        raise CannotRead("broken_mail") from error
    return found


def _parts(message: EmailMessage, depth: int) -> list[EmailMessage]:
    if depth > _DEEPEST_MAIL:
        raise CannotRead("too_deep")
    if not message.is_multipart():
        return [message]
    found: list[EmailMessage] = []
    for part in message.iter_parts():
        if isinstance(part, EmailMessage):
            found += _parts(part, depth + 1)
    return found


def _take_part(part: EmailMessage, found: Source) -> None:
    kind = part.get_content_maintype()
    if kind == "image":
        data = part.get_payload(decode=True)
        name = part.get_filename() or ""
        if isinstance(data, bytes):
            label = str(part["content-id"] or "").strip().strip("<>")
            for key in filter(None, (f"cid:{label}" if label else "", name)):
                found.files[key] = (name, data)
    elif kind != "text" or part.get_content_disposition() == "attachment":
        found.left_out["attachments"] += 1


def _text(part: EmailMessage | None) -> str:
    data = part.get_payload(decode=True) if part is not None else b""
    data = data if isinstance(data, bytes) else b""
    charset = part.get_content_charset("") if part is not None else ""
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return declared(data)


def _paragraphs(text: str) -> str:
    pieces = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{'<br>'.join(escape(one, quote=False).splitlines())}</p>" for one in pieces)
