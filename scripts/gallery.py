"""Draw the gallery: ``python -m scripts.gallery pictures|thumbnails|photos FOLDER``.

``pictures`` makes the PNG of every SVG in ``apps/mailings/gallery/pictures``; ``thumbnails`` makes
the small picture of every letter, and writes beside it the hash of what it shows; ``photos`` takes
every letter as its readers see it: desktop, phone, dark, without pictures, in both languages.
Needs a Chromium.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import Part
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.mailings.gallery.reading import LANGUAGES, PICTURES, Template, picture, templates
from config.environment import BASE_DIR

ADDRESS: Final = "https://gallery.invalid/"
ICONS: Final = f"{ADDRESS}networks/"
NETWORKS: Final = BASE_DIR / "static" / "letters" / "networks"
THUMBNAIL: Final = (600, 800)
MAX_BYTES: Final = 40_000
#: What the letters of the gallery show for one reader.
VALUES: Final = {
    "unsubscribe_url": f"{ADDRESS}unsubscribe",
    "preferences_url": f"{ADDRESS}preferences",
    "view_url": f"{ADDRESS}view",
    "item.name": "Чай «Утро», 100 г",
    "item.count": "2",
    "item.total": "640 ₽",
    "item.title": "Как устроен городской парк",
    "item.summary": "Кто решает, где будет тропа, и почему скамейки стоят именно там, где стоят.",
    "item.link": f"{ADDRESS}article",
}
#: Of a photo: width, dark or not, pictures or none.
VIEWS: Final = {
    "desktop": (760, "light", True),
    "phone": (390, "light", True),
    "dark": (760, "dark", True),
    "images_off": (760, "light", False),
}
_CODE: Final = re.compile(r"\{\{\s*([\w.]+)\s*(?:\|\s*default:\s*[\"'](.*?)[\"']\s*)?\}\}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts.gallery")
    parser.add_argument("what", choices=["pictures", "thumbnails", "photos"])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var/gallery"))
    parser.add_argument("--only", help="the name of one letter")
    arguments = parser.parse_args()
    chosen = [one for one in templates() if arguments.only in (None, one.slug)]
    with chromium() as browser:
        if arguments.what == "pictures":
            draw_pictures(browser)
        elif arguments.what == "thumbnails":
            draw_thumbnails(browser, chosen)
        else:
            take_photos(browser, chosen, arguments.folder)


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


def draw_pictures(browser: Browser) -> None:
    """A PNG of twice the size of each drawing, in a palette."""
    page = browser.new_page(device_scale_factor=2)
    for source in sorted(PICTURES.glob("*.svg")):
        page.set_content(f"<body style='margin:0'>{source.read_text(encoding='utf-8')}</body>")
        page.add_style_tag(content="svg{display:block}")
        image = Image.open(io.BytesIO(page.locator("svg").screenshot()))
        image.convert("RGB").quantize(192).save(source.with_suffix(".png"), optimize=True)


def draw_thumbnails(browser: Browser, chosen: Sequence[Template]) -> None:
    width, height = THUMBNAIL
    page = browser.new_page(viewport={"width": 640, "height": 640 * height // width})
    page.route(f"{ADDRESS}**", _answer)
    for one in chosen:
        page.set_content(letter(one, LANGUAGES[0]), wait_until="networkidle")
        whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        small = whole.resize(THUMBNAIL, Image.Resampling.LANCZOS)
        one.thumbnail.write_bytes(_webp(small))
        fingerprint = one.thumbnail.with_name("thumbnail.sha256")
        fingerprint.write_text(f"{one.fingerprint}\n", encoding="utf-8", newline="\n")


def _webp(image: Image.Image) -> bytes:
    """The best quality that fits."""
    for quality in (82, 74, 66, 58, 50, 40):
        written = io.BytesIO()
        image.save(written, "WEBP", quality=quality, method=6)
        if len(written.getvalue()) <= MAX_BYTES:
            return written.getvalue()
    raise ValueError("no quality is small enough")


def take_photos(browser: Browser, chosen: Sequence[Template], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for view, (width, scheme, pictures) in VIEWS.items():
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=_scheme(scheme)
        )
        page.route(f"{ADDRESS}**", _answer if pictures else _no_picture)
        for one in chosen:
            for language in LANGUAGES:
                _photo(page, letter(one, language), folder / f"{one.slug}.{language}.{view}.png")
        page.close()


def _photo(page: Page, source: str, path: Path) -> None:
    page.set_content(source, wait_until="networkidle")
    page.screenshot(path=path, full_page=True)


def _scheme(name: str) -> Any:
    return name


def _answer(route: Route) -> None:
    address = route.request.url
    number = address.removeprefix(ADDRESS).split("/")[0]
    if address.startswith(ICONS):
        route.fulfill(path=NETWORKS / address.removeprefix(ICONS))
    else:
        route.fulfill(path=picture(int(number)))


def _no_picture(route: Route) -> None:
    route.abort()


def letter(one: Template, language: str) -> str:
    """The HTML of one reader."""
    surroundings = Surroundings(
        phrases_of(language), lambda media, width: f"{ADDRESS}{media}/{width}", ICONS
    )
    texts = one.texts[language]
    compiled = compile_letter(
        one.document(language), surroundings, title=texts.subject, preheader=texts.preheader
    )
    return filled(compiled.html)


def filled(parts: Sequence[Part]) -> str:
    """The parts for somebody: every condition holds, every list has two items."""
    written: list[str] = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
        elif "placeholder" in part:
            written.append(_CODE.sub(_value, part["placeholder"]))
        elif "liquid" in part:
            written.append(part["liquid"])
        else:
            written.append(filled(part["parts"]) * (2 if "each" in part else 1))
    return "".join(written)


def _value(found: re.Match[str]) -> str:
    return VALUES.get(found[1]) or found[2] or ""


if __name__ == "__main__":
    main()
