"""Columns that say who must not be written to: statuses, dates of leaving, yes and no.

Who left another system must not come back by a file. So a column that says so is asked about;
once somebody has said that it is a status, the addresses of its rows are suppressed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.mailings.models import Channel, Suppression

UNSUBSCRIBED: Final = Suppression.Reason.UNSUBSCRIBED.value
BOUNCED: Final = Suppression.Reason.BOUNCED.value
COMPLAINED: Final = Suppression.Reason.COMPLAINED.value
BLOCKED: Final = Suppression.Reason.BLOCKED.value
#: In an export of one's own: in the archive, and brought in by nobody.
ARCHIVED: Final = "archived"
ACTIVE: Final = "subscribed"

#: Values that say it whatever the column is called. The first reason of a word counts.
_UNMISTAKABLE: Final = {
    UNSUBSCRIBED: "unsubscribed unsub opted_out optedout opted-out opt_out opt-out optout"
    " unsubscribe отписан отписана отписался отписалась отписались отписано отписавшийся"
    " отказ_от_рассылки"
    " désinscrit desinscrit désabonné desabonne abgemeldet dado_de_baja non-subscribed"
    " nonsubscribed not_subscribed не_подписан не_подписана globally_unsubscribed",
    BOUNCED: "bounced hard_bounce hard_bounced hard-bounced hardbounce hard_bounces cleaned"
    " unreachable undeliverable недоступен не_существует недоставлен",
    COMPLAINED: "complained complaint spam_complaint spam_report spammed marked_as_spam"
    " abuse жалоба пожаловался пожаловалась жалоба_на_спам",
    BLOCKED: "blacklisted blocklisted blacklist blocklist unconfirmed чёрный_список черный_список"
    " заблокирован заблокирована blocked",
}
#: Values that say it in a column that is called a status.
_IN_A_STATUS: Final = {
    UNSUBSCRIBED: "inactive deleted removed left нет неактивен неактивна неактивный неактивно"
    " удален удалён удалена отказ отказался отказалась отключен отключена отключён do_not_contact"
    " do_not_email dnc suppressed disabled no false off stopped cancelled canceled declined",
    BOUNCED: "invalid bounce bouncing soft_bounced soft_bounce soft-bounced недействителен"
    " несуществующий неверный failed dead error not_available unavailable",
    COMPLAINED: "spam abused спам",
    BLOCKED: "banned suspended pending not_confirmed waiting неподтвержден неподтверждён"
    " не_подтвержден не_подтверждён ожидает_подтверждения new_unconfirmed unverified invited",
}
_NO: Final = frozenset("no false 0 n f off нет н ложь non nein - — none null n/a never".split())

#: Words of a header: the values are words, or a yes that means no, or a no, or a moment.
_WORDS_OF_A_STATUS: Final = re.compile(
    r"(?:^|_)(?:status|state|availability|статус|состояние|statut|estado|подписка|subscription"
    r"|lifecycle|доступность)(?:_|$)"
)
_LEFT: Final = (
    (COMPLAINED, r"complain\w*|spam|жалоб\w*"),
    (BOUNCED, r"bounced?|hard_?bounced?|clean(?:ed)?|undeliverable|недоступен|invalid"),
    (
        UNSUBSCRIBED,
        r"unsub\w*|opt(?:ed)?_?out|do_not_\w+|donot\w+|отпис\w+|désinscri\w+|desinscri\w+"
        r"|abgemeldet|baja|removed|deleted|удал\w+|не_писать|не_беспокоить|запрет\w*|отказ\w*",
    ),
    (
        BLOCKED,
        r"black_?list\w*|block(?:ed|list\w*)?|suppressed|banned|ч[её]рн\w+_спис\w+|заблок\w+",
    ),
)
_HAS_LEFT: Final = tuple(
    (reason, re.compile(rf"(?:^|_)(?:{words})(?:_|$)")) for reason, words in _LEFT
)
_STAYS: Final = re.compile(
    r"(?:^|_)(?:subscribed?\w*|opt(?:ed)?_?in|double_opt_in|accepts?_\w+|consent\w*|newsletter"
    r"|permission|подписан\w*|рассыл\w+|согласи\w+|einwilligung|consentement|active|активен"
    r"|is_active|enabled|marketing)(?:_|$)"
)
#: What stands beside such a word and makes the column mean something else.
_DETAIL: Final = re.compile(
    r"(?:^|_)(?:campaign|title|ids?|reason|other|count|counts|number|comment|lists?|причина|ip"
    r"|double"
    r"|plan|tiers?|url|link|score|by|source|автор|кем|количество)(?:_|$)"
)


_SEVERAL: Final = re.compile(r"[,;|:]")
#: What parts several values in one cell.
PARTS: Final = re.compile(r"[,;|]")
#: A status that nobody knows.
UNKNOWN: Final = "unknown"
#: Values that say that somebody is on a list, or has not confirmed it yet.
_SUBSCRIBED: Final = frozenset(
    "subscribed active enabled confirmed opted_in optedin opt_in yes true 1 y on available"
    " allowed verified ok valid member sub да активен активна активный подписан подписана"
    " подписался подписалась подтверждён подтвержден действует доступен доступен_для_рассылки"
    " abonné abonne angemeldet suscrito".split()
)
_UNCONFIRMED: Final = frozenset(
    "unconfirmed pending not_confirmed waiting new new_unconfirmed unverified invited"
    " неподтверждён неподтвержден не_подтверждён не_подтвержден не_подтверждено"
    " ожидает_подтверждения новый приглашён приглашен".split()
)


class Sense(Enum):
    """How the values of a column are to be understood."""

    WORDS = "words"  # active, unsubscribed, bounced
    LEFT = "left"  # yes, or a date, says that somebody left
    STAYS = "stays"  # no says that somebody left


@cache
def sense_of(name: str) -> tuple[Sense, str] | None:
    """What a column of this name says, and why somebody is left out when it does; None: nothing.

    The name is one of ``attribute_name``.
    """
    if _DETAIL.search(name):
        return None
    for reason, pattern in _HAS_LEFT:
        if pattern.search(name):
            return Sense.LEFT, reason
    if _STAYS.search(name):
        return Sense.STAYS, UNSUBSCRIBED
    return (Sense.WORDS, UNSUBSCRIBED) if _WORDS_OF_A_STATUS.search(name) else None


@lru_cache(maxsize=4096)
def left(name: str, value: str, *, certain: bool = False) -> str:
    """Why the person of this value must not be written to; empty when nothing says so.

    ``certain``: somebody has said that the column is a status, whatever it is called.
    """
    word = _word(value)
    if not word or word == ACTIVE:
        return ""
    found = _unmistakable().get(word, "")
    sense = sense_of(name) or ((Sense.WORDS, UNSUBSCRIBED) if certain else None)
    if found or sense is None:
        return found
    kind, reason = sense
    if kind is Sense.WORDS:
        return _in_a_status().get(word, "")
    if kind is Sense.STAYS:
        return reason if word in _NO else ""
    return "" if word in _NO else reason


def is_yes(value: str) -> bool:
    """True for whatever says neither nothing nor no, such as a yes or a date."""
    return bool(word := _word(value)) and word not in _NO


def somebody_left(name: str, values: Iterable[str]) -> str | None:
    """A value of the column that says so, as it is written; None when there is none."""
    if sense_of(name) is None:
        common = _any_case() & set(values)
        return min(common) if common else None
    return next((value for value in sorted(set(values)) if left(name, value)), None)


def _word(value: str) -> str:
    return re.sub(r"\s+", "_", value.strip().lstrip("'").lower())


@cache
def _any_case() -> frozenset[str]:
    spaced = {form for word in _unmistakable() for form in (word, word.replace("_", " "))}
    return frozenset(form for word in spaced for form in (word, word.capitalize(), word.upper()))


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {word: reason for reason, words in table.items() for word in words.split()}


@cache
def _unmistakable() -> Mapping[str, str]:
    return _by_word(_UNMISTAKABLE)


@cache
def _in_a_status() -> Mapping[str, str]:
    return _by_word(_IN_A_STATUS)


def status_words() -> dict[str, str]:
    """What a status of an export is called in the language of the moment, by its codes."""
    reasons = {code: str(label) for code, label in Suppression.Reason.choices}
    channels = {code: str(label) for code, label in Channel.choices}
    states = {ACTIVE: _("active"), ARCHIVED: _("archived")}
    return {**reasons, **channels, **states}


@cache
def _own_words() -> Mapping[str, str]:
    """The codes of an export of one's own, by code and by label in each language."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {_word(word): code for code, word in status_words().items()}
    return found | {code: code for code in found.values()}


def standing(names: Sequence[str], values: Sequence[str]) -> str:
    """What one row says of the person: subscribed, unconfirmed, unsubscribed, a reason of
    suppression, or ``UNKNOWN``. Nothing said is subscribed."""
    return _standing(tuple(names), tuple(values))


@lru_cache(maxsize=65_536)
def _standing(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    reasons = {reason for reason in by_channel(names, values).values() if reason in _RANK}
    own = _own_words()
    words = {own.get(_word(value), _word(value)) for value in values if value.strip()}
    if reasons - {BLOCKED}:
        return min(reasons - {BLOCKED}, key=_RANK.index)
    if words & _UNCONFIRMED:
        return "unconfirmed"
    if reasons:
        return BLOCKED
    known = _SUBSCRIBED | {ACTIVE, ARCHIVED}
    for name, value in zip(names, values, strict=True):
        sense = sense_of(name)
        word = own.get(_word(value), _word(value))
        if word and word not in known and (sense is None or sense[0] is Sense.WORDS):
            return UNKNOWN
    return ACTIVE


def reason_codes() -> Callable[[str], str]:
    """Reads a reason by code, label or the words of another system; empty when it says none."""
    own = _own_words()
    reasons = frozenset(Suppression.Reason.values)

    def code_of(value: str) -> str:
        word = own.get(_word(value), value)
        return word if word in reasons else left("status", word, certain=True)

    return code_of


def channel_code(value: str) -> str:
    """A channel by its code or label; empty when it is none."""
    found = _own_words().get(_word(value), "")
    return found if found in Channel.values else ""


_RANK: Final = (COMPLAINED, BOUNCED, UNSUBSCRIBED, BLOCKED)
_CHANNELS: Final = (
    ("email", re.compile(r"(?:^|_)(?:e_?mails?|почт\w+)(?:_|$)")),
    ("phone", re.compile(r"(?:^|_)(?:sms|phone|whatsapp|смс|телефон\w*)(?:_|$)")),
    ("telegram", re.compile(r"(?:^|_)(?:telegram|телеграм)(?:_|$)")),
    ("vk", re.compile(r"(?:^|_)(?:vk|vkontakte|вк|вконтакте)(?:_|$)")),
)
#: All addresses of a row.
ALL: Final = "*"


@cache
def _channel_of(name: str) -> str:
    return next((channel for channel, pattern in _CHANNELS if pattern.search(name)), ALL)


def by_channel(names: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """Why the addresses of one row must not be written to, by channel; ``ALL`` is every one.

    A value may have several parts, as in an export of one's own: ``email: bounced``, say.
    Of several reasons the most exact counts: an address that bounced is often "inactive" as well.
    """
    found: dict[str, str] = {}
    own = _own_words()
    for name, value in zip(names, values, strict=True):
        for part in re.split(r"[,;|]", value) if _SEVERAL.search(value) else (value,):
            channel, colon, word = part.rpartition(":")
            known = own.get(_word(channel), "") if colon else ""
            if known not in Channel.values:
                known, word = _channel_of(name), part
            word = own.get(_word(word), word)
            if word == ARCHIVED:
                found[ARCHIVED] = ARCHIVED
            elif reason := left(name, word, certain=True):
                reasons = (reason, found.get(known, reason))
                found[known] = min(reasons, key=_RANK.index)
    return found
