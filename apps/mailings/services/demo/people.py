"""The demo's people: made up, always the same, at addresses that belong to nobody (RFC 2606)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_MEN: Final = (
    "Александр Алексей Андрей Антон Артём Борис Вадим Виктор Владимир Глеб Денис Дмитрий Евгений "
    "Иван Игорь Кирилл Константин Максим Михаил Никита Николай Олег Павел Пётр Роман Сергей"
).split()
_WOMEN: Final = (
    "Алина Анастасия Анна Валерия Вера Виктория Галина Дарья Евгения Екатерина Елена Жанна Зоя "
    "Ирина Ксения Лариса Любовь Людмила Маргарита Марина Мария Надежда Наталья Ольга Полина Юлия"
).split()
#: For men; a woman's name ends in another «а» or in «ая».
_SURNAMES: Final = (
    "Абрамов Баранов Белов Борисов Васильев Виноградов Воробьёв Герасимов Голубев Громов Данилов "
    "Егоров Ершов Жуков Зайцев Захаров Иванов Ильин Калинин Киселёв Ковалёв Комаров Крылов "
    "Кузнецов Лебедев Макаров Медведев Морозов Николаев Новиков Орлов Павлов Петров Поляков "
    "Попов Романов Семёнов Сидоров Смирнов Соколов Соловьёв Тихонов Фёдоров Филиппов Фомин "
    "Цветков Чернов Шестаков Щербаков Яковлев Вишневский Островский Раевский"
).split()
_ENGLISH: Final = (
    "Alice Benjamin Charlotte Daniel Emma Frederick Grace Henry Isla James Katherine Liam Nora "
    "Oliver Rose Samuel Theodore Violet"
).split()
_ENGLISH_SURNAMES: Final = (
    "Adams Baker Bennett Carter Clarke Davies Evans Foster Hughes Mitchell O'Brien Parker Quinn "
    "Reid Stewart Turner Walker Wright"
).split()
#: City, its time zone, how many of a hundred Russian readers live there.
_CITIES: Final = (
    ("Москва", "Europe/Moscow", 26),
    ("Санкт-Петербург", "Europe/Moscow", 16),
    ("Калининград", "Europe/Kaliningrad", 5),
    ("Нижний Новгород", "Europe/Moscow", 6),
    ("Казань", "Europe/Moscow", 7),
    ("Самара", "Europe/Samara", 6),
    ("Екатеринбург", "Asia/Yekaterinburg", 8),
    ("Омск", "Asia/Omsk", 4),
    ("Новосибирск", "Asia/Novosibirsk", 8),
    ("Красноярск", "Asia/Krasnoyarsk", 5),
    ("Иркутск", "Asia/Irkutsk", 4),
    ("Якутск", "Asia/Yakutsk", 2),
    ("Владивосток", "Asia/Vladivostok", 2),
    ("Петропавловск-Камчатский", "Asia/Kamchatka", 1),
)
_ABROAD: Final = (
    ("London", "Europe/London"),
    ("Dublin", "Europe/Dublin"),
    ("Berlin", "Europe/Berlin"),
    ("New York", "America/New_York"),
    ("Toronto", "America/Toronto"),
    ("Singapore", "Asia/Singapore"),
    ("Auckland", "Pacific/Auckland"),
)
_DOMAINS: Final = ("example.org", "example.com", "example.net")
_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch  y  e yu ya".split(" "),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to write to. ``language`` is ru or en."""

    full_name: str
    email: str
    city: str
    time_zone: str
    language: str


def people(count: int) -> list[Person]:
    """That many people, every ninth of them writing English. The same ones at every call."""
    dice = random.Random(1703)
    return [_english(dice, n) if n % 9 == 0 else _russian(dice, n) for n in range(1, count + 1)]


def _russian(dice: random.Random, number: int) -> Person:
    woman = dice.random() < 0.55
    first, last = dice.choice(_WOMEN if woman else _MEN), dice.choice(_SURNAMES)
    if woman:
        last = last.removesuffix("ий") + "ая" if last.endswith("ий") else last + "а"
    city, zone, _ = dice.choices(_CITIES, weights=[share for _, _, share in _CITIES])[0]
    return Person(f"{first} {last}", _address(dice, first, last, number), city, zone, "ru")


def _english(dice: random.Random, number: int) -> Person:
    first, last = dice.choice(_ENGLISH), dice.choice(_ENGLISH_SURNAMES)
    city, zone = dice.choice(_ABROAD)
    return Person(f"{first} {last}", _address(dice, first, last, number), city, zone, "en")


def _address(dice: random.Random, first: str, last: str, number: int) -> str:
    name = f"{first}.{last}".lower().replace("'", "")
    return "".join(_LATIN.get(sign, sign) for sign in name) + f"{number}@{dice.choice(_DOMAINS)}"
