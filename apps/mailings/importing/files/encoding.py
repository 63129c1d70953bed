"""Which encoding a file is in, by reading all of it once."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from django.utils.translation import gettext as _

from apps.mailings.importing.errors import NotATable, SourceEmpty, SourceUnreadable
from apps.mailings.importing.files.languages import eight_bit_encoding

#: Also the longest line that is accepted, more or less.
_BLOCK = 1 << 20
_SAMPLE = 1 << 15

#: What a person may choose from; the command line takes whatever Python knows.
ENCODINGS: Final = (
    *("utf-8", "utf-16", "cp1251", "cp1252", "koi8-r", "cp866", "mac_cyrillic", "iso-8859-5"),
    *("cp1250", "cp1254", "iso-8859-1", "iso-8859-2", "iso-8859-15", "mac_roman", "cp850"),
)


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Stand in for undecodable bytes by lone surrogates, as surrogateescape does for ASCII kin.

    UTF-16 cannot use surrogateescape itself: that refuses bytes below 128.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("vestnik_mark", _mark)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a file after it was read once.

    Opened with ``encoding`` and ``errors``, bytes that do not fit become lone surrogates, so that
    one broken line spoils only itself.
    """

    encoding: str
    errors: str
    fingerprint: str


def survey(path: Path, encoding: str = "", *, head_only: bool = False) -> Survey:
    """Read the file once: its encoding, unless it is given, and a digest of its bytes.

    A byte order mark decides. Without one it is UTF-8 when more of the lines with letters outside
    ASCII are UTF-8 than are not: eight-bit Russian is UTF-8 by accident in hardly any line.
    Otherwise the letters choose between the eight-bit encodings (languages.py). ``head_only`` looks
    at the first megabyte alone, for a preview. Raises a ImportRefused.
    """
    digest = hashlib.blake2b(digest_size=16)
    evidence = _Evidence()
    try:
        with path.open("rb") as file:
            marked = _marked(file.read(_BLOCK // 16))
            file.seek(0)
            sure = encoding or marked
            for block in _blocks(_head(file).read if head_only else file.read):
                digest.update(block)
                if not sure:
                    evidence.take(block)
    except OSError as error:
        raise SourceUnreadable(
            _("Can’t read %(name)s: %(why)s.") % {"name": path.name, "why": error.strerror or error}
        ) from None
    found = _with_its_mark(encoding, marked) if encoding else marked or evidence.encoding
    return Survey(found, errors_of(found), digest.hexdigest())


def errors_of(encoding: str) -> str:
    """How bytes that do not fit are marked in this encoding."""
    return "vestnik_mark" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def known_encoding(name: str) -> str:
    """The encoding by Python's name for it. Raises NotATable when it is none for text."""
    try:
        found = codecs.lookup(name)
        if found.name in ENCODINGS or b"a".decode(found.name) == "a":
            return name if name in ENCODINGS else found.name
    except (LookupError, UnicodeError, ValueError):
        pass
    raise NotATable(_("There is no encoding “%(name)s”.") % {"name": name})


def _head(file: BinaryIO) -> BinaryIO:
    """The first megabyte, to its last whole line."""
    block = file.read(_BLOCK)
    cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
    return io.BytesIO(block[:cut] if cut and len(block) == _BLOCK else block)


def _with_its_mark(encoding: str, marked: str) -> str:
    """The encoding that was chosen; a byte order mark is no part of the text."""
    if encoding == "utf-8" and marked == "utf-8-sig":
        return marked
    if encoding == "utf-16" and not marked.startswith("utf-16"):
        return "utf-16-le"
    return encoding


def _marked(head: bytes) -> str:
    """The encoding that the first bytes show beyond doubt."""
    if not head:
        raise SourceEmpty(_("The file is empty."))
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _unmarked_utf_16(head)


def _unmarked_utf_16(head: bytes) -> str:
    """Digits, @ and dots of ASCII have a zero byte in UTF-16: nearly all even or odd bytes."""
    if b"\0" not in head:
        return ""
    for order, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        line_end = "\n" in head[: len(head) // 2 * 2].decode(order, "replace")
        if line_end and zeros.count(0) == head.count(0) > len(zeros) // 4:
            return order
    return ""


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Blocks that end with a line; the last one may not."""
    rest = b""
    while block := read(_BLOCK):
        cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not cut and len(block) == _BLOCK:
            raise NotATable(_("The file is not a table: it has a line of more than a megabyte."))
        yield rest + block[:cut] if cut else b""
        rest = block[cut:] if cut else rest + block
    yield rest


@dataclass(slots=True)
class _Evidence:
    """What the bytes of a file without a mark say."""

    as_utf8: int = 0
    against: int = 0
    sample: bytearray = field(default_factory=bytearray)

    def take(self, block: bytes) -> None:
        if b"\0" in block:
            raise NotATable(_("This isn’t a table (binary data). Choose CSV, XLSX or ODS."))
        if block.isascii():
            return
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            self._take_lines(block)
        else:
            self.as_utf8 += 1 + block.count(b"\n")

    def _take_lines(self, block: bytes) -> None:
        for line in block.splitlines():
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                self.against += 1
                if len(self.sample) < _SAMPLE:
                    self.sample += line + b"\n"
            else:
                self.as_utf8 += 1

    @property
    def encoding(self) -> str:
        if self.as_utf8 >= self.against:
            return "utf-8"
        return eight_bit_encoding(bytes(self.sample[:_SAMPLE]))
