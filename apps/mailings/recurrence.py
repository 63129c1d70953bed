"""When a repeated mailing comes next: recurrence rules of RFC 5545.

They are counted in the wall-clock time of the zone in which they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import MAXYEAR, datetime, timedelta, tzinfo
from itertools import islice, pairwise, takewhile
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrule, rrulestr
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.mailings.models import Mailing

#: More often than daily is no mailing any more, and a rule by seconds would never come to an end.
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS: Final = {
    "MO": gettext_lazy("Mon"),
    "TU": gettext_lazy("Tue"),
    "WE": gettext_lazy("Wed"),
    "TH": gettext_lazy("Thu"),
    "FR": gettext_lazy("Fri"),
    "SA": gettext_lazy("Sat"),
    "SU": gettext_lazy("Sun"),
}
#: The last day of the month that every month has.
_EVERY_MONTH_HAS: Final = 28
#: Occurrences that are looked through for the next one: a daily rule of fifty years.
_LOOKED_AT: Final = 20_000
_PARTS: Final = frozenset(
    "FREQ INTERVAL COUNT UNTIL BYDAY BYMONTHDAY BYMONTH BYSETPOS BYWEEKNO BYYEARDAY WKST".split()
)
_RAREST: Final = timedelta(days=3660)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
#: What the library raises for rules that are none.
_UNREADABLE: Final = (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError)
#: Occurrences whose distances are looked at: more than a year of a rule by weekdays.
_COMPARED: Final = 400


def rule_text(frequency: str, interval: int = 1, weekdays: Sequence[str] = (), day: int = 1) -> str:
    """The rule as text; empty for no repetition.

    A monthly one that begins on a ``day`` that not every month has comes on the last day of those.
    """
    if not frequency:
        return ""
    parts = [f"FREQ={frequency}"]
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    if frequency == "WEEKLY" and weekdays:
        parts.append("BYDAY=" + ",".join(day for day in WEEKDAYS if day in weekdays))
    if frequency == "MONTHLY" and day > _EVERY_MONTH_HAS:
        days = ",".join(map(str, range(_EVERY_MONTH_HAS, day + 1)))
        parts.append(f"BYMONTHDAY={days};BYSETPOS=-1")
    return ";".join(parts)


def last_day_of(parts: Mapping[str, str]) -> int:
    """The day of a rule for "the 31st, or the last day"; 0 for every other rule."""
    if parts.get("FREQ") != "MONTHLY" or parts.get("BYSETPOS") != "-1":
        return 0
    days = parts.get("BYMONTHDAY", "").split(",")
    known = [str(day) for day in range(_EVERY_MONTH_HAS, _EVERY_MONTH_HAS + len(days))]
    return int(days[-1]) if days == known and 2 <= len(days) <= 4 else 0


def zone_of(mailing: Mailing) -> ZoneInfo:
    """The zone in which the rule of this mailing was written."""
    return ZoneInfo(mailing.repeat_zone or settings.TIME_ZONE)


def rule_words(text: str) -> str:
    """The rule as people say it; one that cannot be said shortly is shown as it stands."""
    parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
    rule = {
        "DAILY": _("every day") if "INTERVAL" not in parts else _("every %(n)s days"),
        "WEEKLY": _("every week") if "INTERVAL" not in parts else _("every %(n)s weeks"),
        "MONTHLY": _("every month") if "INTERVAL" not in parts else _("every %(n)s months"),
    }.get(parts.get("FREQ", ""))
    days = [day for day in parts.get("BYDAY", "").split(",") if day]
    if (last := last_day_of(parts)) and rule is not None and "BYDAY" not in parts:
        every = rule % {"n": parts.get("INTERVAL", "")}
        return _("%(every)s: on day %(day)d or the last one") % {"every": every, "day": last}
    if rule is None or parts.keys() - {"FREQ", "INTERVAL", "BYDAY"} or set(days) - set(WEEKDAYS):
        return text
    names = [str(WEEKDAYS[day]) for day in days]
    sentence = rule % {"n": parts.get("INTERVAL", "")}
    return f"{sentence}: {', '.join(names)}" if names else sentence


def check_zone(name: str) -> None:
    """Raises ValidationError for a time zone that there is not."""
    if name not in available_timezones():
        raise ValidationError(_("Choose a time zone, e.g. Europe/Moscow."), code="time_zone")


def check_rule(text: str, start: datetime, zone: tzinfo) -> None:
    """Raises ValidationError for a rule that cannot be used."""
    parts = dict(part.partition("=")[::2] for part in text.upper().split(";"))
    if (
        parts.get("FREQ") not in _FREQUENCIES
        or parts.keys() - _PARTS
        or {"COUNT", "UNTIL"} <= parts.keys()
        # A step of nothing, or backwards, would never come to an end.
        or not _NUMBER.fullmatch(parts.get("INTERVAL", "1"))
        or not _NUMBER.fullmatch(parts.get("COUNT", "1"))
    ):
        raise ValidationError(
            _("A rule looks like FREQ=WEEKLY;BYDAY=MO and is daily or rarer."), code="repeat"
        )
    try:
        comes = _comes(text, start, zone)
    except _UNREADABLE:
        raise ValidationError(_("This rule of repetition cannot be read."), code="repeat") from None
    if not comes:
        raise ValidationError(_("This rule does not come even once in ten years."), code="repeat")


def _comes(text: str, start: datetime, zone: tzinfo) -> bool:
    """True if the rule, without its end, comes at least once in ten years.

    The library searches for a day that never comes (the 30th of February) to the end of the
    calendar, which takes seconds: the search is begun near that end. The calendar is the same
    again every 400 years.
    """
    local = timezone.localtime(start, zone).replace(tzinfo=None)
    near = local.replace(year=local.year + (MAXYEAR - 16 - local.year) // 400 * 400)
    last, enough = near, near + timedelta(days=15 * 365)
    for wall in _rule(text, near).replace(count=None, until=None):
        if wall - last > _RAREST:
            return False
        if wall > enough:
            return True
        last = wall
    return False


def check_length(text: str, start: datetime, end: datetime, zone: tzinfo) -> None:
    """Raises ValidationError when an occurrence would not be over before the next one."""
    walls = list(islice(_walls(text, start, zone), _COMPARED))
    if any(later - earlier < end - start for earlier, later in pairwise(walls)):
        raise ValidationError(
            _("A repeated mailing must end before it comes again."), code="overlap"
        )


def occurrences(mailing: Mailing) -> Iterator[datetime]:
    """The starts of the series from its beginning, in order; ends with ``repeat_until``."""
    start = mailing.repeat_from or mailing.starts_at
    zone = zone_of(mailing)
    for wall in _walls(mailing.repeat, start, zone):
        moment = wall.replace(tzinfo=zone).astimezone(start.tzinfo)
        if mailing.repeat_until is not None and moment > mailing.repeat_until:
            return
        yield moment


def coming(mailing: Mailing, *, after: datetime, count: int) -> list[datetime]:
    """The next starts after a moment, for display."""
    if not mailing.repeat:
        return []
    return list(islice((at for at in occurrences(mailing) if at > after), count))


def following(mailing: Mailing, now: datetime) -> datetime | None:
    """The start that comes after the mailing's present one. None: the series is over.

    Of several that were missed only the latest whose time is not over counts.
    """
    length = mailing.ends_at - mailing.starts_at
    missed: datetime | None = None
    for at in occurrences(mailing):
        if at <= mailing.starts_at or at + length <= now:
            continue
        if at > now:
            return missed or at
        missed = at
    return missed


def tolerance() -> timedelta:
    """How late the scheduler may start a mailing."""
    return timedelta(minutes=settings.MISSED_START_MINUTES)


def missed(mailing: Mailing, now: datetime) -> bool:
    """True if the start passed with no scheduler running; then its owner decides."""
    if mailing.status != Mailing.Status.CREATED or now >= mailing.ends_at:
        return False
    if mailing.scheduled_at is None:
        return False
    return bool(now - max(mailing.starts_at, mailing.scheduled_at) > tolerance())


def _walls(text: str, start: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The wall-clock times of a rule that begins at ``start``. Raises ValueError."""
    local = timezone.localtime(start, zone).replace(tzinfo=None)
    counted = takewhile(lambda pair: pair[0] < _LOOKED_AT, enumerate(_rule(text, local)))
    return (wall for _number, wall in counted)


def _rule(text: str, local: datetime) -> rrule:
    rule = rrulestr(text, dtstart=local)
    if not isinstance(rule, rrule):
        raise ValueError("not a single rule")
    return rule
