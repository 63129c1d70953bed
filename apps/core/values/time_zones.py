"""Time zones as people write them: «МСК+2», UTC+5, «Казань», Europe/Berlin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from django.utils.translation import get_language

_SHIFT = re.compile(r"(?:utc|gmt|z)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.ASCII)
_FROM_MOSCOW = re.compile(r"(?:мск|msk|москва|moscow)([+-])([0-9]{1,2})(?::?00)?")
#: A city of the list below that is no abbreviation.
_IN_RUSSIAN = re.compile(r"(?!мск$|екб$|нск$|спб$)[а-яё_-]{3,}")
#: Russia's zones by their distance from Moscow.
_MOSCOW_PLUS: Final = {
    -1: "Europe/Kaliningrad",
    0: "Europe/Moscow",
    1: "Europe/Samara",
    2: "Asia/Yekaterinburg",
    3: "Asia/Omsk",
    4: "Asia/Krasnoyarsk",
    5: "Asia/Irkutsk",
    6: "Asia/Yakutsk",
    7: "Asia/Vladivostok",
    8: "Asia/Magadan",
    9: "Asia/Kamchatka",
}
#: Distances from Greenwich that are not whole hours, without a summer time.
_UNEVEN: Final = {
    (1, 3, 30): "Asia/Tehran",
    (1, 4, 30): "Asia/Kabul",
    (1, 5, 30): "Asia/Kolkata",
    (1, 5, 45): "Asia/Kathmandu",
    (1, 6, 30): "Asia/Yangon",
    (1, 9, 30): "Australia/Darwin",
}
_CITIES: Final = {
    "Europe/Kaliningrad": "калининград",
    "Europe/Moscow": "мск msk москва московское санкт-петербург петербург питер спб казань"
    " нижний_новгород воронеж ростов-на-дону краснодар сочи ярославль тула рязань тверь белгород"
    " мурманск архангельск калуга смоленск брянск курск липецк тамбов пенза вологда махачкала"
    " ставрополь чебоксары иваново владимир saint_petersburg st_petersburg kazan",
    "Europe/Samara": "самара тольятти ижевск",
    "Europe/Saratov": "саратов",
    "Europe/Ulyanovsk": "ульяновск",
    "Europe/Astrakhan": "астрахань",
    "Europe/Volgograd": "волгоград",
    "Europe/Kirov": "киров",
    "Europe/Simferopol": "симферополь севастополь",
    "Asia/Yekaterinburg": "екатеринбург челябинск пермь уфа тюмень оренбург курган сургут"
    " магнитогорск ekb екб ekaterinburg",
    "Asia/Omsk": "омск",
    "Asia/Novosibirsk": "новосибирск нск",
    "Asia/Barnaul": "барнаул",
    "Asia/Tomsk": "томск",
    "Asia/Novokuznetsk": "новокузнецк кемерово",
    "Asia/Krasnoyarsk": "красноярск абакан",
    "Asia/Irkutsk": "иркутск улан-удэ",
    "Asia/Chita": "чита",
    "Asia/Yakutsk": "якутск благовещенск",
    "Asia/Vladivostok": "владивосток хабаровск",
    "Asia/Magadan": "магадан",
    "Asia/Sakhalin": "южно-сахалинск сахалин",
    "Asia/Kamchatka": "петропавловск-камчатский камчатка",
    "Asia/Anadyr": "анадырь",
    "Europe/Minsk": "минск",
    "Europe/Kyiv": "киев київ kiev",
    "Asia/Almaty": "алматы алма-ата астана нур-султан astana",
    "Asia/Tashkent": "ташкент",
    "Asia/Bishkek": "бишкек",
    "Asia/Dushanbe": "душанбе",
    "Asia/Ashgabat": "ашхабад",
    "Asia/Baku": "баку",
    "Asia/Yerevan": "ереван",
    "Asia/Tbilisi": "тбилиси",
    "Europe/Chisinau": "кишинёв кишинев",
    "Europe/Riga": "рига",
    "Europe/Vilnius": "вильнюс",
    "Europe/Tallinn": "таллин",
    "Europe/London": "лондон",
    "Europe/Berlin": "берлин мюнхен munich münchen hamburg frankfurt",
    "Europe/Paris": "париж",
    "Europe/Istanbul": "стамбул",
    "Asia/Dubai": "дубай",
    "America/New_York": "нью-йорк",
    "America/Los_Angeles": "pst pt",
}


def time_zone(value: str) -> str | None:
    """The zone's name in the IANA database; empty for nothing; None when there is no such zone.

    Of the names of zones of many years only those that are unmistakable are understood.
    """
    text = value.strip().lower()
    found = _names().get(re.sub(r"[\s_]+", "_", text))
    if found is not None:
        return found
    bare = re.sub(r"\s", "", text).replace("\u2212", "-").strip("()")
    return _near_moscow(bare) or _by_distance(bare)


def city_of(zone: str) -> str:
    """What a zone is called in the language of now: its city, or its distance from Greenwich."""
    area, _slash, tail = zone.rpartition("/")
    if area == "Etc" and tail.startswith("GMT") and tail[3:]:
        return f"UTC{'-' if tail[3] == '+' else '+'}{tail[4:]}"
    if (get_language() or "").startswith("ru"):
        known = [name for name in _CITIES.get(zone, "").split() if _IN_RUSSIAN.fullmatch(name)]
        if known:
            return re.sub(r"[а-яё]+", lambda word: word[0].capitalize(), known[0].replace("_", " "))
    return tail.replace("_", " ")


@cache
def _names() -> Mapping[str, str]:
    zones = available_timezones()
    # «Berlin» alone, where one zone of that name is in the world.
    tails = Counter(zone.rpartition("/")[2] for zone in zones if "/" in zone)
    places = {
        zone.rpartition("/")[2].lower(): zone
        for zone in zones
        if tails[zone.rpartition("/")[2]] == 1 and not zone.startswith(("Etc/", "SystemV/"))
    }
    cities = {city: zone for zone, names in _CITIES.items() for city in names.split()}
    return places | cities | {zone.lower(): zone for zone in zones} | {"": ""}


def _near_moscow(text: str) -> str | None:
    found = _FROM_MOSCOW.fullmatch(text)
    return _MOSCOW_PLUS.get(int(f"{found[1]}{found[2]}")) if found else None


def _by_distance(text: str) -> str | None:
    found = _SHIFT.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes = 1 if found[1] == "+" else -1, int(found[2]), int(found[3] or 0)
    if minutes:
        return _UNEVEN.get((sign, hours, minutes))
    # POSIX counts to the west: Etc/GMT-5 is five hours ahead of Greenwich.
    name = "Etc/UTC" if hours == 0 else f"Etc/GMT{'-' if sign > 0 else '+'}{hours}"
    return _names().get(name.lower())
