"""The letters of the gallery, read from their folders.

A folder holds the document without its words, the words of each language, a thumbnail, and the
hash of what the thumbnail shows (``scripts/gallery.py`` draws it). The number of a picture in these
documents is that of a file in ``pictures``: who starts a message puts the file into the owner's
library and its id in the number's place (``Template.document``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import pgettext_lazy

from apps.core.content.blocks.document import Document, dump, read
from apps.core.content.blocks.media import MEDIA_KEYS, media_in
from apps.core.content.blocks.strings import strings, with_texts

FOLDER: Final = Path(__file__).resolve().parent
PICTURES: Final = FOLDER / "pictures"
LANGUAGES: Final = ("ru", "en")
CATEGORIES: Final = {
    "news": pgettext_lazy("gallery", "News"),
    "shop": pgettext_lazy("gallery", "Shop"),
    "relations": pgettext_lazy("gallery", "Relationship"),
    "notices": pgettext_lazy("gallery", "Notices"),
}
#: The order on the page, and the category of each.
ORDER: Final = {
    "digest": "news",
    "announcement": "news",
    "sale": "shop",
    "product": "shop",
    "welcome": "relations",
    "event": "news",
    "personal": "relations",
    "receipt": "notices",
    "code": "notices",
    "survey": "relations",
    "birthday": "relations",
    "comeback": "relations",
    "feed": "news",
    "school": "notices",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of a letter of the gallery in one language."""

    name: str
    description: str
    subject: str
    preheader: str
    strings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """One letter of the gallery."""

    slug: str
    category: str
    texts: dict[str, Texts]
    bare: Document  # without its words

    def document(self, language: str, media: Callable[[int], int] = int) -> Document:
        """The letter in this language; ``media`` gives the id that a file has in the library."""
        written = with_texts(self.bare, self.texts[language].strings)
        return read(with_media(dump(written), media))

    def translation(
        self, language: str, base: str, media: Callable[[int], int] = int
    ) -> dict[str, dict[str, str]]:
        """Every string in this language, as a translation of ``base`` keeps it.

        Addresses and pictures are those of the base.
        """
        own = self.texts[language].strings
        return {
            one.key: {"of": one.hash, "text": own.get(one.key, one.text)}
            for one in strings(self.document(base, media))
        }

    def pictures(self) -> dict[int, Path]:
        """The files that the document asks for, by their numbers."""
        numbers = sorted(set(media_in(dump(self.bare))))
        return {number: picture(number) for number in numbers}

    @property
    def thumbnail(self) -> Path:
        return FOLDER / self.slug / "thumbnail.webp"

    @property
    def fingerprint(self) -> str:
        """The hash of everything that the thumbnail shows."""
        shown = hashlib.sha256()
        shown.update(_canonical(dump(self.document(LANGUAGES[0]))))
        for path in self.pictures().values():
            shown.update(hashlib.sha256(path.read_bytes()).digest())
        return shown.hexdigest()

    @property
    def drawn_fingerprint(self) -> str:
        """The hash that was written beside the thumbnail when it was drawn."""
        return (FOLDER / self.slug / "thumbnail.sha256").read_text(encoding="utf-8").strip()


@cache
def templates() -> tuple[Template, ...]:
    """The gallery in the order of its page."""
    return tuple(_template(slug, category) for slug, category in ORDER.items())


def template(slug: str) -> Template | None:
    """The letter of this name, or None."""
    return next((one for one in templates() if one.slug == slug), None)


def picture(number: int) -> Path:
    """The file of the picture of this number. Raises LookupError when there is none."""
    for path in PICTURES.glob(f"{number:02}-*.png"):
        return path
    raise LookupError(f"the gallery has no picture {number}")


def _template(slug: str, category: str) -> Template:
    texts = {language: Texts(**_json(slug, language)) for language in LANGUAGES}
    return Template(slug, category, texts, read(_json(slug, "document")))


def _json(slug: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / slug / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _canonical(stored: dict[str, Any]) -> bytes:
    return json.dumps(stored, sort_keys=True, ensure_ascii=False).encode()


def with_media(value: Any, media: Callable[[int], int | None]) -> Any:
    """The same with other pictures in the places of its own, however deep they lie."""
    if isinstance(value, dict):
        return {
            name: (
                media(inner)
                if name in MEDIA_KEYS and inner is not None
                else with_media(inner, media)
            )
            for name, inner in value.items()
        }
    return [with_media(inner, media) for inner in value] if isinstance(value, list) else value
