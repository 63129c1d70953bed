"""The Russian pages of docs/ru say what the English ones say: the same facts, and no others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.docs.test_catalogues import entries, forms
from tests.docs.test_retired_words import TEXTS

DOCS = Path(__file__).resolve().parents[2] / "docs"
RUSSIAN = DOCS / "ru"
INDEX = "README.md"
NAMES = sorted(path.name for path in RUSSIAN.glob("*.md") if path.name != INDEX)
PAIRS = [path for name in NAMES for path in (DOCS / name, RUSSIAN / name)]

#: What stands between « and » and is no name of a button, a page or a label.
QUOTED: Final = frozenset(
    {
        *("Вестник", "Вестника", "Вестнику", "Вестником"),
        *("за последние 7 дней", "не открыл", "не перешёл"),  # conditions, in one's own words
        "?",  # a button without words
        *("нет такого пользователя", "не на месте"),  # what servers and machines answer
        *("Mailbox does not exist", "User unknown in local recipient table"),
        "include original headers",  # a setting of Amazon's
        "Участвует в рассылке: нет",  # a column of another system
    }
)
#: A number as it is read: groups and decimal marks are those of the language.
_NUMBER: Final = re.compile(r"(?<![\w.,/:#-])\d+(?:[ \u00a0,]\d{3}(?!\d))*(?:[.,]\d+)*(?![\w/-])")
_LINK: Final = re.compile(r"\]\(([^)]+)\)")
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
#: In a block: a remark after the command; in a diagram, the label of an arrow.
_REMARK: Final = re.compile(r"\s+# .*$", re.M)
_LABEL: Final = re.compile(r"(?<=[\w\]]): .*$", re.M)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The page without its blocks of code."""
    return _BLOCK.sub("", text)


def headings(text: str) -> list[int]:
    """The level of each heading, in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.M)]


def blocks(text: str) -> list[tuple[str, str]]:
    """Every block of code: its kind, and what a machine reads of it."""
    found = _BLOCK.findall(text)
    return [
        (kind, (_LABEL if kind == "mermaid" else _REMARK).sub("", code)) for kind, code in found
    ]


def code(text: str) -> set[str]:
    """Commands, keys and codes within sentences, however their line is broken."""
    return {" ".join(found.split()) for found in re.findall(r"`([^`]+)`", prose(text))}


def rows(text: str) -> list[int]:
    """The cells of each row of every table, in order."""
    return [line.count("|") for line in prose(text).splitlines() if line.startswith("|")]


def numbers(text: str) -> set[str]:
    """Every number, without groups and with a decimal point."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", prose(text))
    return {number(found) for found in _NUMBER.findall(plain)}


def number(text: str) -> str:
    """1,000 and 1 000 are 1000; 0.5 and 0,5 are 0.5."""
    return re.sub(r"[ \u00a0,](?=\d{3}(?:\D|$))", "", text).replace(",", ".")


def links(text: str) -> Counter[str]:
    """How often the page leads to each place, by the name that both languages share."""
    found = (link.partition("#")[0] for link in _LINK.findall(prose(text)))
    return Counter(Path(link).name if "://" not in link else link for link in found)


def anchors(text: str) -> set[str]:
    """What may stand behind # in a link to the page."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.M)
    bare = (re.sub(r"[^\w\s-]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in bare}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_leads_to_the_other_language(name: str) -> None:
    for path, other in (
        (DOCS / name, f"[По-русски](ru/{name})"),
        (RUSSIAN / name, f"[In English](../{name})"),
    ):
        assert read(path).splitlines()[2:3] == [other]


@pytest.mark.parametrize("part", [headings, blocks, code, rows, numbers])
@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_the_same(name: str, part: Callable[[str], object]) -> None:
    assert part(read(RUSSIAN / name)) == part(read(DOCS / name))


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_lead_to_the_same_pages(name: str) -> None:
    assert links(read(RUSSIAN / name)) == links(read(DOCS / name))


@pytest.mark.parametrize("name", [*NAMES, INDEX])
def test_a_link_leads_to_the_russian_page_where_there_is_one(name: str) -> None:
    text = "\n".join(read(RUSSIAN / name).splitlines()[3:])
    elsewhere = [link.partition("#")[0] for link in _LINK.findall(prose(text))]
    english = {link.removeprefix("../") for link in elsewhere if link.startswith("../")}
    assert english & {*NAMES} == set()


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in _LINK.findall(prose(read(path))):
        file, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(read(target)), link


def test_the_index_names_every_page() -> None:
    named = {link for link in _LINK.findall(read(RUSSIAN / INDEX)) if "/" not in link}
    assert named == {*NAMES}


@pytest.fixture(scope="module")
def labels() -> set[str]:
    """What the site says in Russian; a value or a number is N."""
    texts = (text for message in entries("ru") for text in forms(message.string))
    return {label(text) for text in texts} - {""}


def label(text: str) -> str:
    return " ".join(re.sub(r"%\(\w+\)[sd]|\d+", "N", text).split()).strip(" .:…").lower()


@pytest.mark.parametrize("name", NAMES)
def test_a_quoted_name_is_one_that_the_site_has(name: str, labels: set[str]) -> None:
    text = prose(read(RUSSIAN / name))
    quoted = {" ".join(found.split()) for found in re.findall(r"«([^»]+)»", text)}
    assert {found for found in quoted - QUOTED if label(found) not in labels} == set()


@pytest.mark.parametrize("name", [*NAMES, INDEX])
def test_the_words_are_those_of_the_glossary(name: str) -> None:
    text = re.sub(r"`[^`]*`", " ", prose(read(RUSSIAN / name)))
    assert re.findall(rf"\b(?:{TEXTS['ru']}|абонент|контакт|тег)\w*", text, re.IGNORECASE) == []


def test_a_difference_would_be_seen() -> None:
    page = "# A\n\n`KEY` is 1,000 or 0.5 %\n\n```\nrun 3  # a remark\n```\n\n| a | b |\n"
    assert headings(page) == [1]
    assert code(page) == {"KEY"}
    assert anchors("# С чего начать?\n") == {"с-чего-начать"}
    assert numbers(page) == {"1000", "0.5"} == numbers("1\u00a0000 и 0,5\u00a0%")
    assert blocks(page) == [("", "run 3\n")]
    assert rows(page) == [3]
    assert label("Этих %(shown)s я спросил:") == label("Этих N я спросил")
