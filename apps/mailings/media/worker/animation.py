"""Pictures that move: counted with care, kept as GIF, the one kind that mail programs play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from apps.mailings.media.worker.job import CannotDecode, Job

#: Milliseconds of a frame that names no duration, and the least that browsers show one for.
_DURATION: Final = 100
_SHORTEST: Final = 20


def frames_of(picture: Image.Image, job: Job) -> int:
    """How many frames it has. Raises CannotDecode for too many, or too many pixels in all.

    Those of a GIF are looked for one by one, for a count of all of them is without bound; the
    frames of the other kinds stand in their head.
    """
    if picture.format == "GIF":
        count = _counted(picture, job)
    else:  # the second picture of an MPO is the same one, seen by another eye
        count = 1 if picture.format == "MPO" else int(getattr(picture, "n_frames", 1))
        _check(picture, count, job)
    if count > 1 and Path(job.source).stat().st_size > job.max_moving_bytes:
        raise CannotDecode("animation_too_large")
    return count


def _counted(picture: Image.Image, job: Job) -> int:
    count = 1
    while True:
        try:
            picture.seek(count)
        except EOFError:
            picture.seek(0)
            return count
        count += 1
        _check(picture, count, job)


def _check(picture: Image.Image, count: int, job: Job) -> None:
    if count > job.max_frames:
        raise CannotDecode("too_many_frames")
    if count > 1 and picture.width * picture.height * count > job.max_moving_pixels:
        raise CannotDecode("animation_too_large")


def write_moving(picture: Image.Image, count: int, size: tuple[int, int], target: Path) -> None:
    """Write all frames as a GIF of this size, with their durations and turns."""
    durations: list[int] = []
    # Frame by frame: all of them at once are more than the process may have.
    frames = _scaled(picture, count, size, durations)
    first = next(frames)
    more: dict[str, Any] = {"duration": durations, "disposal": 2}
    turns = picture.info.get("loop")
    if turns is not None:
        more["loop"] = int(turns)
    first.save(target, "GIF", save_all=True, append_images=frames, **more)


def _scaled(
    picture: Image.Image, count: int, size: tuple[int, int], durations: list[int]
) -> Iterator[Image.Image]:
    for number in range(count):
        picture.seek(number)
        frame = picture.convert("RGBA")
        # Known of some kinds only once the frame is decoded.
        durations.append(max(_SHORTEST, int(picture.info.get("duration") or _DURATION)))
        if frame.size != size:
            frame = frame.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        frame.info = {}
        yield frame
