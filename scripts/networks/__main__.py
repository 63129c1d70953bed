"""Draw the icons of social networks: ``python -m scripts.networks``.

A letter needs PNG: no mail program shows SVG. From each shape in ``static/vendor/simple-icons``
(CC0) and in ``scripts/networks`` (ours, where there was none) two icons of 96 pixels are made in
``static/letters/networks``: a white sign on a disc, ``plain`` in a grey that is readable by day and
by night, ``colour`` in that of the network. Needs a Chromium.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from config.environment import BASE_DIR
from scripts.gallery import chromium

SHAPES: Final = (BASE_DIR / "static" / "vendor" / "simple-icons", Path(__file__).parent)
ICONS: Final = BASE_DIR / "static" / "letters" / "networks"
SIZE: Final = 96
GREY: Final = "#6f7c87"
COLOURS: Final = {
    "discord": "#5865f2",
    "dzen": "#2c3036",
    "facebook": "#0866ff",
    "github": "#181717",
    "instagram": "#ff0069",
    "linkedin": "#0a66c2",
    "max": "#5b4bf5",
    "ok": "#ee8208",
    "pinterest": "#bd081c",
    "rutube": "#14191f",
    "telegram": "#26a5e4",
    "threads": "#000000",
    "tiktok": "#000000",
    "viber": "#7360f2",
    "vk": "#0077ff",
    "whatsapp": "#25d366",
    "x": "#000000",
    "youtube": "#ff0000",
}
#: A disc already, out of which the sign is cut.
DISCS: Final = {"telegram"}
#: Of these the sign is cut out of a shape of its own, which fills more of the disc.
SCALES: Final = {"vk": 0.62, "youtube": 0.6, "whatsapp": 0.62, "dzen": 0.72}


def main() -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": SIZE, "height": SIZE})
        for kind, name, source in drawings():
            page.set_content(f"<body style='margin:0;background:transparent'>{source}</body>")
            image = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
            path = ICONS / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.quantize(48, Image.Quantize.FASTOCTREE).save(path, optimize=True)


def drawings() -> Iterator[tuple[str, str, str]]:
    """Look, name and source of every icon."""
    for folder in SHAPES:
        for path in sorted(folder.glob("*.svg")):
            shape = "".join(re.findall("<path[^>]*>", path.read_text(encoding="utf-8")))
            for kind, ground in (("plain", GREY), ("colour", COLOURS[path.stem])):
                yield kind, path.stem, drawing(path.stem, shape, ground)


def drawing(name: str, shape: str, ground: str) -> str:
    inner, outer, scale = "#fff", ground, SCALES.get(name, 0.54)
    if name in DISCS:
        inner, outer, scale = ground, "#fff", 1
    radius = 11.5 if name in DISCS else 12
    move = 12 - 12 * scale
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="{SIZE}"'
        f' height="{SIZE}" style="display:block">'
        f'<circle cx="12" cy="12" r="{radius}" fill="{outer}"/>'
        f'<g fill="{inner}" transform="translate({move} {move}) scale({scale})">{shape}</g></svg>'
    )


if __name__ == "__main__":
    main()
