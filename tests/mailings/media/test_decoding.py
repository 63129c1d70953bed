"""Foreign pictures: what is taken becomes ours, what is hostile is refused and harms nobody."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from apps.mailings.media import decoding
from apps.mailings.media.decoding import MAX_BYTES, MAX_WIDTH, colours_in, decoded
from apps.mailings.media.errors import MediaRefused, MediaTooLarge
from tests.mailings.media.pictures import (
    drawing,
    gif_of,
    jpeg,
    moving,
    photograph,
    png_of,
    saved,
    text_bomb,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of a processor and the memory of a small picture: who needs more is ended."""
    monkeypatch.setattr(decoding, "_CPU_SECONDS", 2)
    monkeypatch.setattr(decoding, "_MEGABYTES", 400)


def seen(content: bytes) -> Any:
    return Image.open(BytesIO(content))


def zipped() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
    return buffer.getvalue()


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda: b"", MediaRefused, "empty"),
        (lambda: SVG, MediaRefused, "SVG"),
        (lambda: b"\xef\xbb\xbf <?xml version='1.0'?>" + SVG, MediaRefused, "SVG"),
        (lambda: b"<!-- -->" + SVG, MediaRefused, "SVG"),
        (lambda: b"<html><img src=x onerror=alert(1)></html>", MediaRefused, "no picture"),
        (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", MediaRefused, "HEIC"),
        (lambda: b"%PDF-1.7\n" + jpeg(), MediaRefused, "no picture"),
        (lambda: b"MZ" + bytes(2000), MediaRefused, "no picture"),
        (lambda: saved(photograph(), "BMP"), MediaRefused, "no picture"),
        (lambda: saved(photograph(), "TIFF"), MediaRefused, "no picture"),
        (lambda: b"GIF89a/*<svg/onload=alert(1)>*/=1;", MediaRefused, "picture"),
        (lambda: gif_of(10_000), MediaTooLarge, "200 frames"),
        (lambda: gif_of(1_000_000), MediaTooLarge, "200 frames"),
        (lambda: png_of(65_000, 65_000), MediaTooLarge, "40 megapixels"),
        (lambda: png_of(65_000, 1), MediaTooLarge, "40 megapixels"),
        (lambda: png_of(30_000, 30_000, lines=300), MediaTooLarge, "40 megapixels"),
        (lambda: png_of(0, 10), MediaRefused, "picture"),
        (text_bomb, MediaRefused, "broken"),
        (lambda: jpeg()[:4000], MediaRefused, "broken"),
        (lambda: drawing()[:60], MediaRefused, "broken"),
        (lambda: moving()[:300], MediaRefused, "broken"),
        (lambda: moving(frames=3, size=(5000, 5000)), MediaTooLarge, "5 MB"),
        (lambda: moving("WEBP", frames=201, size=(8, 8)), MediaTooLarge, "200 frames"),
    ],
)
def test_a_hostile_file_is_refused_with_the_reason(
    make: Callable[[], bytes], kind: type[MediaRefused], text: str
) -> None:
    with pytest.raises(MediaRefused, match=text) as refused:
        decoded(make(), [0])
    assert type(refused.value) is kind


def test_what_is_larger_than_a_file_may_be_starts_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    with pytest.raises(MediaTooLarge, match="20 MB"):
        decoded(bytes(MAX_BYTES + 1), [0])


@pytest.mark.parametrize(
    ("limit", "value", "text"),
    [("_MEGABYTES", 20, "memory"), ("_CPU_SECONDS", 0, "memory"), ("_SECONDS", 0.0, "too long")],
)
def test_a_process_that_reaches_a_limit_is_ended_and_the_site_goes_on(
    limit: str, value: float, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(decoding, limit, value)
        with pytest.raises(MediaTooLarge, match=text):
            decoded(jpeg(3000, 3000), [0])
    assert decoded(jpeg(), [0]).kind == "jpeg"


def test_what_stands_behind_a_picture_or_in_it_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    hostile = jpeg(exif=exif, comment=b"<script>alert(1)</script>") + zipped()
    (made,) = decoded(hostile, [0]).files
    for part in (b"script", b"secret", b"PK\x03\x04", b"Exif", b"ICC_PROFILE"):
        assert part not in made.content
    assert seen(made.content).size == (900, 600)


class TestWhatBecomesOfAPicture:
    def test_a_photograph_is_a_progressive_jpeg(self) -> None:
        for content in (jpeg(), saved(photograph(), "PNG"), saved(photograph(), "WEBP")):
            found = decoded(content, [0, 320])
            assert (found.kind, found.width, found.height) == ("jpeg", 900, 600)
            whole, small = (seen(one.content) for one in found.files)
            assert (whole.format, whole.info["progressive"]) == ("JPEG", 1)
            assert small.size == (320, 213)

    def test_a_drawing_is_a_png_with_the_very_colours(self) -> None:
        found = decoded(drawing("#1c5d86"), [0])
        (made,) = found.files
        picture = seen(made.content)
        assert (found.kind, picture.format, picture.mode) == ("png", "PNG", "P")
        assert picture.convert("RGB").getpixel((1, 1)) == (0x1C, 0x5D, 0x86)

    def test_what_is_transparent_stays_so(self) -> None:
        picture = photograph().convert("RGBA")
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
        for kind in ("PNG", "WEBP"):
            found = decoded(saved(picture, kind), [0, 100])
            assert found.kind == "png"
            for one in found.files:
                low, high = seen(one.content).convert("RGBA").getchannel("A").getextrema()
                assert low < 20 and high > 235

    def test_a_transparent_picture_of_a_palette_and_a_grey_one_of_sixteen_bits(self) -> None:
        palette = Image.new("P", (20, 20), 1)
        palette.putpalette([255, 0, 0, 0, 0, 255])
        made = decoded(saved(palette, "PNG", transparency=1), [0]).files[0]
        assert seen(made.content).convert("RGBA").getpixel((1, 1))[3] == 0
        deep = decoded(saved(Image.new("I;16", (20, 20), 40_000), "PNG"), [0]).files[0]
        assert seen(deep.content).convert("L").getpixel((1, 1)) == 156

    def test_the_camera_is_turned_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        picture = Image.new("RGB", (400, 200), "white")
        picture.paste("black", (0, 0, 200, 200))
        (made,) = decoded(saved(picture, "JPEG", exif=exif), [0]).files
        upright = seen(made.content)
        assert upright.size == (200, 400)
        assert upright.getpixel((100, 50))[0] < 60 and upright.getpixel((100, 350))[0] > 200

    def test_colours_of_another_profile_are_made_srgb(self) -> None:
        """By this profile red is what sRGB calls green."""
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for before, after in ((b"rXYZ", b"****"), (b"gXYZ", b"rXYZ"), (b"****", b"gXYZ")):
            profile = profile.replace(before, after)
        red = saved(Image.new("RGB", (20, 20), (255, 0, 0)), "PNG", icc_profile=profile)
        (made,) = decoded(red, [0]).files
        assert seen(made.content).convert("RGB").getpixel((1, 1)) == (0, 255, 0)

    def test_a_profile_that_cannot_be_read_is_none(self) -> None:
        plain = decoded(jpeg(), [0]).files[0].content
        assert decoded(jpeg(icc_profile=b"no profile at all"), [0]).files[0].content == plain

    def test_the_colours_of_a_printer_are_made_those_of_a_screen(self) -> None:
        cmyk = decoded(saved(photograph().convert("CMYK"), "JPEG"), [0]).files[0]
        assert seen(cmyk.content).mode == "RGB"

    def test_one_that_is_wider_than_any_letter_is_made_narrower(self) -> None:
        found = decoded(jpeg(4000, 3000), [0])
        assert (found.width, found.height) == (MAX_WIDTH, 1800)
        exif = Image.Exif()
        exif[0x0112] = 8
        turned = decoded(jpeg(4000, 3000, exif=exif), [0])
        assert (turned.width, turned.height) == (MAX_WIDTH, 3200)

    def test_the_name_says_nothing(self) -> None:
        """Only the bytes count; there is no name to be trusted at all."""
        assert decoded(moving("PNG", frames=1), [0]).kind == "png"

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
    def test_what_moves_goes_on_moving_as_a_gif(self, kind: str) -> None:
        found = decoded(moving(kind), [0, 30])
        assert (found.kind, found.animated, found.width) == ("gif", True, 60)
        for one, width in zip(found.files, (60, 30), strict=True):
            picture = seen(one.content)
            assert (picture.format, picture.n_frames, picture.width) == ("GIF", 4, width)
            picture.seek(2)
            assert picture.info["duration"] == 120  # in hundredths of a second
            assert picture.info["loop"] == 0

    def test_a_gif_that_does_not_move_is_a_png(self) -> None:
        found = decoded(saved(Image.new("P", (30, 30)), "GIF"), [0])
        assert (found.kind, found.animated) == ("png", False)

    def test_one_of_ours_keeps_its_kind(self) -> None:
        found = decoded(saved(photograph(), "PNG"), [200], keep="png")
        assert found.kind == "png"
        assert seen(found.files[0].content).format == "PNG"


class TestColours:
    def flag(self, *colours: str) -> bytes:
        """Stripes, each half as wide as the one before it."""
        picture = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
        at, width = 0, 32
        for colour in colours:
            picture.paste(colour, (at, 0, at + width, 32))
            at, width = at + width, width // 2
        return saved(picture, "PNG")

    def test_the_largest_come_first_and_what_is_transparent_counts_for_nothing(self) -> None:
        found = colours_in(self.flag("#a11d45", "#1c5d86", "#2e8b57"), 5)
        assert found == ["#a11d45", "#1c5d86", "#2e8b57"]
        assert colours_in(self.flag("#a11d45", "#1c5d86", "#2e8b57"), 2) == found[:2]

    def test_black_white_and_greys_are_left_where_there_is_a_colour(self) -> None:
        assert colours_in(self.flag("#ffffff", "#000000", "#888888", "#1c5d86"), 5) == ["#1c5d86"]
        assert colours_in(self.flag("#ffffff", "#000000", "#888888"), 5) == ["#888888"]
        assert colours_in(self.flag("#ffffff", "#000000"), 5) == []

    def test_shades_of_one_colour_are_one(self) -> None:
        assert colours_in(self.flag("#a11d45", "#a51f49", "#9c1b41"), 5) == ["#a11d45"]

    def test_of_a_photograph_there_are_few(self) -> None:
        assert 1 <= len(colours_in(jpeg(), 5)) <= 5

    def test_what_is_no_picture_is_refused(self) -> None:
        with pytest.raises(MediaRefused):
            colours_in(SVG, 5)
