"""Foreign bytes become files of ours: a process with limits does it, and says what it found."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog
from django.utils.translation import gettext as _

from apps.core.files.limited_process import NoAnswer, ask
from apps.core.http.costly import Busy
from apps.mailings.media.errors import MediaRefused, MediaTooLarge
from apps.mailings.media.worker.job import Findings, Job

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 20_000
#: No letter shows more: its largest width on a screen with two pixels for one, and room to crop.
MAX_WIDTH: Final = 2_400
MAX_FRAMES: Final = 200
MAX_MOVING_PIXELS: Final = 60_000_000
MAX_MOVING_BYTES: Final = 5 * 1024 * 1024
#: Memory for one picture: the smallest container that the site is meant for has a gigabyte.
_MEGABYTES = 700
#: Seconds of a processor, and for the whole: other processes may be at work, too.
_CPU_SECONDS = 20
_SECONDS = 60.0
#: One picture at a time in a process: two together would be larger than the container.
_turn: Final = threading.Lock()
_WAIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that shows the picture at the asked width (0: as it is)."""

    width: int
    pixels: tuple[int, int]
    content: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a picture is, and its files."""

    kind: str
    width: int
    height: int
    animated: bool
    files: tuple[MadeFile, ...]


def decoded(
    content: bytes, widths: Sequence[int], *, keep: str = "", box: Sequence[int] = ()
) -> Decoded:
    """The picture in these widths. ``keep``: it is one of ours, of this kind.

    ``box``: left, top, right and bottom of the part that is kept, all without. Raises MediaRefused
    for what is no picture that can be taken, MediaTooLarge, Busy.
    """
    if len(content) > MAX_BYTES:
        raise MediaTooLarge(_("The picture is larger than 20 MB."))
    with tempfile.TemporaryDirectory(prefix="vestnik-picture-") as directory:
        source, target = Path(directory) / "source", Path(directory) / "made"
        source.write_bytes(content)
        target.mkdir()
        found = _run(replace(_job(source, target, widths, keep), box=list(box)))
        files = tuple(
            MadeFile(one.width, one.pixels, (target / one.file).read_bytes()) for one in found.made
        )
    return Decoded(found.kind, found.width, found.height, found.animated, files)


def colours_in(content: bytes, most: int) -> list[str]:
    """The colours (``#rrggbb``) that a picture of ours is known by, the most frequent first.

    Raises MediaRefused, Busy.
    """
    with tempfile.TemporaryDirectory(prefix="vestnik-picture-") as directory:
        source = Path(directory) / "source"
        source.write_bytes(content)
        job = replace(_job(source, Path(directory), (), ""), colours=most)
        return _run(job).colours


def _job(source: Path, target: Path, widths: Sequence[int], keep: str) -> Job:
    return Job(
        source=str(source),
        target=str(target),
        widths=list(widths),
        megabytes=_MEGABYTES,
        seconds=_CPU_SECONDS,
        max_pixels=MAX_PIXELS,
        max_side=MAX_SIDE,
        max_width=MAX_WIDTH,
        max_frames=MAX_FRAMES,
        max_moving_pixels=MAX_MOVING_PIXELS,
        max_moving_bytes=MAX_MOVING_BYTES,
        keep=keep,
    )


def _run(job: Job) -> Findings:
    try:
        with _my_turn():
            found = ask("apps.mailings.media.worker", job, seconds=_SECONDS)
    except NoAnswer as end:
        if not end.status:
            raise _refusal("too_slow") from end
        log.warning("picture_decoder_died", status=end.status, size=end.size)
        raise _refusal("too_big") from None
    if code := found.get("error"):
        raise _refusal(code)
    return Findings.read(found)


@contextmanager
def _my_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=_WAIT):
        raise Busy(_("The site is working on other pictures. Try again shortly."))
    try:
        yield
    finally:
        _turn.release()


def _refusal(code: str) -> MediaRefused:
    large = {
        "too_many_pixels": _("The picture has more than 40 megapixels: make it smaller first."),
        "too_many_frames": _("The animation has more than 200 frames: leave some out."),
        "animation_too_large": _(
            "The animation would be larger than 5 MB as a GIF for email: make it smaller or"
            " shorter."
        ),
        "too_big": _("The picture takes too much memory: make it smaller first."),
        "too_slow": _("The picture takes too long to read: make it smaller first."),
    }
    if code in large:
        return MediaTooLarge(large[code])
    others = {
        "empty": _("The file is empty."),
        "svg": _("Email programs do not show SVG, and it may hold scripts. Save it as PNG."),
        "heic": _("Email programs do not show HEIC or AVIF. Save the picture as JPEG."),
        "no_picture": _("This is no picture that email programs show: choose JPEG, PNG or GIF."),
    }
    return MediaRefused(others.get(code, _("The picture is broken: it cannot be read.")))
