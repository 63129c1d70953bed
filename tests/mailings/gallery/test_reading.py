"""The letters of the gallery: whole in both languages, readable by every client, photographed."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from apps.core.content.blocks.compile import CLIPPED, compile_letter
from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import Document, walk
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.core.content.blocks.strings import State, put_in, states, strings
from apps.core.content.template_language import parse
from apps.mailings.gallery.reading import (
    CATEGORIES,
    FOLDER,
    LANGUAGES,
    ORDER,
    PICTURES,
    Template,
    picture,
    template,
    templates,
)
from tests.core.content.blocks.documents import html_of, text_of
from tests.core.content.blocks.strict_html import browser, word

EVERY_LETTER = pytest.mark.parametrize("one", templates(), ids=lambda one: one.slug)
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
VALUES = {"unsubscribe_url": "https://u.example/", "item.link": "https://i.example/"}


def compiled(one: Template, language: str) -> CompiledLetter:
    texts = one.texts[language]
    surroundings = Surroundings(
        phrases_of(language), lambda media, width: f"https://m.example/{media}"
    )
    return compile_letter(
        one.document(language), surroundings, title=texts.subject, preheader=texts.preheader
    )


def test_there_are_at_least_twelve_and_every_folder_is_one_of_them() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/document.json")}
    assert folders == set(ORDER) == {one.slug for one in templates()}
    assert len(ORDER) >= 12
    assert {one.category for one in templates()} == set(CATEGORIES)


@EVERY_LETTER
@EVERY_LANGUAGE
def test_a_letter_lacks_nothing(one: Template, language: str) -> None:
    assert complete(one.document(language)) == []
    texts = one.texts[language]
    assert all((texts.name, texts.description, texts.subject, texts.preheader))
    for line in (texts.subject, texts.preheader):
        assert len(re.sub(r"\{\{.*?\}\}", "", line)) <= 78
        parse(line)


@EVERY_LETTER
def test_both_languages_say_the_same_strings(one: Template) -> None:
    first, second = (set(one.texts[language].strings) for language in LANGUAGES)
    assert first == second
    assert first <= {base.key for base in strings(one.document("ru"))}


@EVERY_LETTER
def test_no_russian_word_stands_in_an_english_letter(one: Template) -> None:
    letter = one.texts["en"]
    said = [letter.name, letter.subject, letter.preheader, *letter.strings.values()]
    assert [text for text in said if re.search("[а-яё]", text, re.IGNORECASE)] == []


@EVERY_LETTER
def test_a_translation_is_whole(one: Template) -> None:
    def media(number: int) -> int:
        return number + 100

    base, there = one.document("ru", media), one.translation("en", "ru", media)
    assert set(states(base, there).values()) == {State.DONE}
    assert put_in(base, there) == one.document("en", media)


@EVERY_LETTER
@EVERY_LANGUAGE
@pytest.mark.parametrize("items", [0, 2])
def test_every_client_reads_it_without_a_fault(one: Template, language: str, items: int) -> None:
    source = html_of(compiled(one, language), VALUES, items=items)
    for reader in (browser(source), word(source)):
        assert reader.faults == []
        (page,) = reader.found("html")
        assert page["lang"] == language
        assert all("alt" in image for image in reader.found("img"))
        figures = [table for table in reader.found("table") if table.get("role") != "presentation"]
        assert len(figures) == sum(block.type == "table" for block in _blocks(one.bare))


def _blocks(document: Document) -> list[Any]:
    return [node for node in walk(document) if hasattr(node, "device")]


@EVERY_LETTER
def test_no_level_of_headings_is_left_out(one: Template) -> None:
    tags = [tag for tag, _ in browser(html_of(compiled(one, "en"), VALUES)).tags]
    levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3")]
    assert all(after <= before + 1 for before, after in pairwise([0, *levels]))


@EVERY_LETTER
@EVERY_LANGUAGE
def test_gmail_shows_it_to_the_end(one: Template, language: str) -> None:
    letter = compiled(one, language)
    assert letter.warnings == []
    assert len(html_of(letter, VALUES).encode()) < CLIPPED


@EVERY_LETTER
@EVERY_LANGUAGE
def test_its_text_leads_to_unsubscribe(one: Template, language: str) -> None:
    text = text_of(compiled(one, language), VALUES)
    assert f"{phrases_of(language).unsubscribe}: https://u.example/" in text


@EVERY_LETTER
def test_its_words_are_readable_on_their_ground(one: Template) -> None:
    """4.5 to 1 by WCAG, in the light and in the dark."""
    for palette in (one.bare.theme.light, one.bare.theme.dark):
        assert palette is not None
        pairs = [
            (palette.text, palette.surface),
            (palette.muted, palette.page),
            (palette.link, palette.surface),
            (palette.button_text, palette.button),
        ]
        assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@EVERY_LETTER
def test_its_thumbnail_shows_what_it_is_now(one: Template) -> None:
    """After a change: python -m scripts.gallery thumbnails."""
    assert one.drawn_fingerprint == one.fingerprint


@EVERY_LETTER
def test_its_thumbnail_is_small(one: Template) -> None:
    assert one.thumbnail.stat().st_size <= 40_000
    with Image.open(one.thumbnail) as image:
        assert (image.format, image.size) == ("WEBP", (600, 800))


def test_every_picture_is_drawn_and_used() -> None:
    used = {number for one in templates() for number in one.pictures()}
    drawn = {int(path.name[:2]) for path in PICTURES.glob("*.svg")}
    assert used == drawn == {int(path.name[:2]) for path in PICTURES.glob("*.png")}
    assert all(path.stat().st_size < 200_000 for path in PICTURES.glob("*.png"))


def test_the_owners_library_gives_its_own_ids() -> None:
    one = templates()[0]
    there = one.document("en", lambda number: number + 100)
    numbers = [block.picture.media for block in _blocks(one.bare) if block.type == "image"]
    ids = [block.picture.media for block in _blocks(there) if block.type == "image"]
    assert numbers
    assert ids == [number + 100 for number in numbers]


def test_a_letter_is_found_by_its_name() -> None:
    assert template("digest") is templates()[0]
    assert template("../digest") is None


def test_a_picture_that_does_not_exist_is_said_to() -> None:
    with pytest.raises(LookupError):
        picture(99)
