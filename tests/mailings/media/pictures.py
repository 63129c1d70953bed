"""Pictures for tests, honest and hostile ones, made on the spot."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    made = BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()


def photograph(width: int = 900, height: int = 600) -> Image.Image:
    """Many colours that run into each other, with the grain of a camera: the same every time."""
    across = Image.linear_gradient("L").resize((width, height))
    down = Image.radial_gradient("L").resize((width, height))
    plain = Image.merge("RGB", (across, down, across.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    grain = Image.frombytes("L", (200, 150), random.Random(7).randbytes(200 * 150))
    return Image.blend(plain, grain.resize((width, height)).convert("RGB"), 0.15)


def jpeg(width: int = 900, height: int = 600, **options: Any) -> bytes:
    return saved(photograph(width, height), "JPEG", **options)


def drawing(colour: str = "#1c5d86", side: int = 40) -> bytes:
    """A square of one colour in a white field."""
    picture = Image.new("RGB", (2 * side, 2 * side), "white")
    picture.paste(colour, (0, 0, side, side))
    return saved(picture, "PNG")


def moving(kind: str = "GIF", frames: int = 4, size: tuple[int, int] = (60, 40)) -> bytes:
    """Every frame another colour, for an eighth of a second."""
    pictures = [Image.new("RGB", size, (9 * n % 256, 80, 120)) for n in range(frames)]
    more = {"append_images": pictures[1:], "duration": 125, "loop": 0}
    return saved(pictures[0], kind, save_all=True, **more)


def gif_of(frames: int) -> bytes:
    """A GIF with so many frames of one pixel, of a few bytes each."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png_of(width: int, height: int, *more: bytes, lines: int = 1) -> bytes:
    """A PNG that says it is so large, and holds ``lines`` lines of black."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes((3 * width + 1) * lines), 9))
    return PNG_SIGNATURE + head + b"".join(more) + body + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A small PNG with a text that unpacks to 200 megabytes."""
    packed = zlib.compress(bytes(200_000_000), 9)
    return png_of(4, 4, chunk(b"zTXt", b"Comment\0\0" + packed), lines=4)


def upload(content: bytes, name: str = "menu.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
