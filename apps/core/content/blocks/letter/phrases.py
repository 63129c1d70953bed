"""What a letter itself says, in the language of its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed words of a letter in one language."""

    lang: str
    letter: str  # what a screen reader calls the whole
    view: str
    unsubscribe: str
    preferences: str
    watch: str
    old_price: str  # read out before a price that is struck through
    empty: str  # on the canvas of an editor, where nothing has been written yet
    add: str  # there, in a column that holds nothing
    company: str  # there, where a footer lacks it
    address: str


_PHRASES: Final = {
    "en": Phrases(
        lang="en",
        letter="email",
        view="View in browser",
        unsubscribe="Unsubscribe",
        preferences="Email preferences",
        watch="Watch the video",
        old_price="was",
        empty="Nothing written yet",
        add="Add a block here",
        company="Company",
        address="Postal address",
    ),
    "ru": Phrases(
        lang="ru",
        letter="письмо",
        view="Открыть в браузере",
        unsubscribe="Отписаться",
        preferences="Настроить рассылки",
        watch="Смотреть видео",
        old_price="раньше",
        empty="Пока ничего не написано",
        add="Добавьте сюда блок",
        company="Компания",
        address="Почтовый адрес",
    ),
}
FALLBACK: Final = "en"


def phrases_of(language: str) -> Phrases:
    """The words of this language, of its base (``ru-RU``: ``ru``), else English ones."""
    return _PHRASES.get(_base(language), _PHRASES[FALLBACK])


def has_phrases(language: str) -> bool:
    """True if the words are written in this language, or in its base."""
    return _base(language) in _PHRASES


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
