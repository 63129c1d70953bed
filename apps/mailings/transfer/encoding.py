"""Which encoding a file is in, by reading all of it once."""

from __future__ import annotations

import codecs
import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from apps.mailings.transfer.refusals import NotATable, SourceEmpty, SourceUnreadable

#: Also the longest line that is accepted, more or less.
_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_SINGLE_BYTE = ("cp1251", "koi8-r", "cp866")

#: Letters per thousand of running Russian text.
_FREQUENCY = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17)
        + (17, 17, 16, 14, 12, 10, 9, 7, 6, 5, 4, 3, 3, 0.4, 0.4),
        strict=True,
    )
)
_LETTER = {letter: math.log(share / 1000) for letter, share in _FREQUENCY.items()}
_OTHER_SIGN = math.log(0.0002)
_ODD_CAPITAL = math.log(0.01)
_TYPOGRAPHY = frozenset("«»—–№…“”„’·\xa0°")


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


def survey(path: Path) -> Survey:
    """Read the file once: its encoding, and a digest of its bytes.

    A byte order mark decides. Without one it is UTF-8 when more of the lines with letters outside
    ASCII are UTF-8 than are not: eight-bit Russian is UTF-8 by accident in hardly any line.
    Otherwise letter frequencies choose between the Cyrillic eight-bit encodings.
    """
    digest = hashlib.blake2b(digest_size=16)
    evidence = _Evidence()
    marked = ""
    try:
        with path.open("rb") as file:
            marked = _marked(file.read(4))
            file.seek(0)
            for block in _blocks(file.read):
                digest.update(block)
                if not marked:
                    evidence.take(block)
    except OSError as error:
        raise SourceUnreadable(
            _("%(name)s cannot be read: %(why)s.")
            % {"name": path.name, "why": error.strerror or error}
        ) from None
    encoding = marked or evidence.encoding
    errors = "vestnik_mark" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return Survey(encoding, errors, digest.hexdigest())


def _marked(head: bytes) -> str:
    if not head:
        raise SourceEmpty(_("The file is empty."))
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    return "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ""


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
            raise NotATable(_("The file is not a table: it holds binary data."))
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
        return max(_SINGLE_BYTE, key=lambda name: likelihood(bytes(self.sample), name))


def likelihood(sample: bytes, encoding: str) -> float:
    """How much the sample looks like Russian when it is read in this encoding."""
    score = 0.0
    before = " "
    for char in sample[:_SAMPLE].decode(encoding, "replace"):
        if not char.isascii():
            score += _LETTER.get(char.lower(), _OTHER_SIGN if char not in _TYPOGRAPHY else -5.0)
            # «пРИВЕТ»: the mark of KOI8-R read as Windows-1251, and the other way round.
            if char.isupper() and before.islower():
                score += _ODD_CAPITAL
        before = char
    return score
