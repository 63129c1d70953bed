"""The parent's side: a foreign letter goes to a process with limits, and comes back as HTML."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from django.utils.translation import gettext as _

from apps.core.files.limited_process import NoAnswer, ask
from apps.core.http.costly import Busy
from apps.mailings.importing.letters.errors import LetterRefused, LetterTooDeep
from apps.mailings.importing.letters.worker.job import Findings, Job

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 20 * 1024 * 1024
#: Memory for one letter with its pictures, seconds of a processor, and seconds for the whole.
_MEGABYTES: Final = 500
_CPU_SECONDS: Final = 10
_SECONDS: Final = 30.0
#: One letter at a time in a process: it may take as much memory as a picture.
_turn: Final = threading.Lock()
_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter as it was read, and the pictures that came with it: name and bytes."""

    found: Findings
    pictures: list[tuple[str, bytes]]


def read_letter(content: bytes, name: str = "") -> ReadLetter:
    """The letter in a file of HTML, MJML, a ZIP archive or a saved email.

    Raises LetterRefused, LetterTooDeep, Busy.
    """
    if len(content) > MAX_BYTES:
        raise LetterRefused(_("The file is larger than 20 MB."))
    with tempfile.TemporaryDirectory(prefix="vestnik-letter-") as directory:
        source, target = Path(directory) / "source", Path(directory) / "pictures"
        source.write_bytes(content)
        target.mkdir()
        job = Job(str(source), str(target), name[:100], _MEGABYTES, _CPU_SECONDS)
        found = _read(job)
        pictures = [(called, (target / file).read_bytes()) for file, called in found.pictures]
    return ReadLetter(found, pictures)


def _read(job: Job) -> Findings:
    try:
        with _my_turn():
            found = ask("apps.mailings.importing.letters.worker", job, seconds=_SECONDS)
    except NoAnswer as end:
        if not end.status:
            raise refusal("too_slow") from end
        log.warning("letter_reader_died", status=end.status, size=end.size)
        raise refusal("too_big") from None
    if code := found.get("error"):
        raise refusal(code)
    return Findings.read(found)


@contextmanager
def _my_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=_WAIT):
        raise Busy(_("The site is working on other files. Try again shortly."))
    try:
        yield
    finally:
        _turn.release()


def refusal(code: str) -> LetterRefused:
    """The refusal with this code of the reader, in a sentence."""
    if code == "too_deep":
        text = _("The HTML has more than 20,000 elements, or they stand too deep in each other.")
        return LetterTooDeep(text)
    texts = {
        "empty": _("The file is empty."),
        "binary": _("This is no HTML, no ZIP archive and no saved email."),
        "no_html": _("There is no HTML in it."),
        "no_page": _("There is no HTML page in the archive."),
        "too_long": _("The HTML is longer than 480 kB without its images."),
        "too_many_tags": _("There are too many placeholders and commands in it."),
        "too_big": _("The file takes too much memory, or unpacks to more than 60 MB."),
        "too_slow": _("The file takes too long to read."),
        "too_many_files": _("There are more than 300 files in the archive."),
        "path": _("A file of the archive lies outside it, or is a link: pack it anew."),
        "password": _("The archive is protected by a password. Save it without one."),
        "broken_archive": _("The archive is broken."),
        "broken_mail": _("The saved email is broken."),
        "mjml_include": _("The MJML includes other files: put them into it, or export HTML."),
        "mjml_broken": _("The MJML has an error: export HTML instead."),
    }
    return LetterRefused(texts.get(code, _("The file cannot be read.")))
