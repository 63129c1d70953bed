"""A foreign file as a picture of ours: upright, in sRGB, of a kind that mail programs show."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, UnidentifiedImageError

from apps.mailings.media.worker.animation import frames_of, write_moving
from apps.mailings.media.worker.colours import colours_of
from apps.mailings.media.worker.job import CannotDecode, Findings, Job, Made
from apps.mailings.media.worker.kinds import why_not

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITY: Final = 82
_COLOURS: Final = 256
_LOSSLESS_WORTH: Final = 2
_ORIENTATION: Final = 0x0112
#: What EXIF says about how the camera was held, and what puts the picture upright.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_THE_SIDE: Final = frozenset({5, 6, 7, 8})


def convert(job: Job) -> Findings:
    """Make the files of the job. Raises CannotDecode.

    1. The head alone says whether it is a picture, and how large; only then it is decoded.
    2. One that is wider than any letter needs is made narrower before anything else.
    3. Nothing but its pixels goes on: no EXIF, no profile, no text, nothing behind its end.
    """
    Image.MAX_IMAGE_PIXELS = None  # judged by _check_size, before anything is decoded
    with Path(job.source).open("rb") as file:
        reason = why_not(file.read(1024))
    if reason:
        raise CannotDecode(reason)
    try:
        with Image.open(job.source, formats=_FORMATS) as picture:
            _check_size(picture, job)
            frames = frames_of(picture, job)
            return _moving(picture, frames, job) if frames > 1 else _still(picture, job)
    except (CannotDecode, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise CannotDecode("no_picture") from error
    except Exception as error:  # decoders raise whatever occurs to them at a hostile file
        raise CannotDecode("broken") from error


def _check_size(picture: Image.Image, job: Job) -> None:
    width, height = picture.size
    if not width or not height:
        raise CannotDecode("broken")
    if width * height > job.max_pixels or max(width, height) > job.max_side:
        raise CannotDecode("too_many_pixels")


def _moving(picture: Image.Image, frames: int, job: Job) -> Findings:
    found = Findings(kind="gif", animated=True)
    found.width, found.height = _fitted(picture.size, job.max_width)
    if job.colours:
        found.colours = colours_of(picture, job.colours)
    for asked in job.widths:
        size = _fitted(picture.size, asked or job.max_width)
        path = Path(job.target) / f"{asked}.gif"
        write_moving(picture, frames, size, path)
        if path.stat().st_size > job.max_moving_bytes:
            raise CannotDecode("animation_too_large")
        found.made.append(Made(asked, path.name, size))
    return found


def _still(picture: Image.Image, job: Job) -> Findings:
    source = picture.format or ""
    whole = _in_srgb(_upright_and_narrow(picture, job.max_width))
    if job.box:
        left, top, right, bottom = job.box
        whole = whole.crop((left, top, right, bottom))
    kind, data = (job.keep, _encoded(job.keep, whole)) if job.keep else _best(whole, source)
    found = Findings(kind=kind, width=whole.width, height=whole.height)
    if job.colours:
        found.colours = colours_of(whole, job.colours)
    for asked in job.widths:
        size, content = _fitted(whole.size, asked or whole.width), data
        if size != whole.size:
            made = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
            content = _encoded(kind, made)
        path = Path(job.target) / f"{asked}.{kind}"
        path.write_bytes(content)
        found.made.append(Made(asked, path.name, size))
    return found


def _fitted(size: tuple[int, int], width: int) -> tuple[int, int]:
    """As wide as that, or as wide as it is; never without a line."""
    if width >= size[0]:
        return size
    return width, max(1, round(size[1] * width / size[0]))


def _upright_and_narrow(picture: Image.Image, width: int) -> Image.Image:
    """Decode it; a JPEG at the nearest scale that is still wide enough, for half of the work."""
    turn = picture.getexif().get(_ORIENTATION, 1)
    profile = picture.info.get("icc_profile")
    across = picture.height if turn in _ON_THE_SIDE else picture.width
    size = picture.size
    if across > width:
        size = (max(1, size[0] * width // across), max(1, size[1] * width // across))
        picture.draft(None, size)
    made = _plain(picture)
    if made.width > size[0]:
        made = made.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if turn in _TURNS:
        made = made.transpose(_TURNS[turn])
    made.info = {"icc_profile": profile} if profile else {}
    return made


def _plain(picture: Image.Image) -> Image.Image:
    """In one of the modes that can be scaled: RGB, RGBA, CMYK, L."""
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    seen_through = picture.mode in ("PA", "LA", "La", "RGBa") or "transparency" in picture.info
    if seen_through:
        return picture.convert("RGBA")
    picture.load()
    return picture if picture.mode in ("RGB", "RGBA", "CMYK", "L") else picture.convert("RGB")


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The colours as every program shows them; a profile that cannot be read is none."""
    profile = picture.info.get("icc_profile")
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    made = picture.convert("RGB") if alpha is not None else picture
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            ours = ImageCms.createProfile("sRGB")
            made = ImageCms.profileToProfile(made, source, ours, outputMode="RGB") or made
    made = made if made.mode == "RGB" else made.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):  # not transparent in name only
        made.putalpha(alpha)
    made.info = {}
    return made


def _best(picture: Image.Image, source: str) -> tuple[str, bytes]:
    """JPEG for photographs, PNG for what is transparent or drawn."""
    if picture.mode == "RGBA":
        return "png", _encoded("png", picture)
    photograph = _encoded("jpeg", picture)
    if source in ("JPEG", "MPO"):
        return "jpeg", photograph
    drawn = _encoded("png", picture)
    # One of few colours loses nothing as PNG, and may be larger for that.
    worth = _LOSSLESS_WORTH if picture.getcolors(_COLOURS) is not None else 1
    is_drawn = len(drawn) <= worth * len(photograph)
    return ("png", drawn) if is_drawn else ("jpeg", photograph)


def _encoded(kind: str, picture: Image.Image) -> bytes:
    made = BytesIO()
    if kind == "jpeg":
        picture.convert("RGB").save(made, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    else:
        _with_palette(picture).save(made, "PNG", optimize=True)
    return made.getvalue()


def _with_palette(picture: Image.Image) -> Image.Image:
    """256 colours at most; a picture that has no more loses none."""
    method = Image.Quantize.FASTOCTREE if picture.mode == "RGBA" else Image.Quantize.MEDIANCUT
    return picture.quantize(_COLOURS, method=method)
