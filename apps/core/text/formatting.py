"""Times, numbers and refusals in people's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from apps.core.content.template_language import RenderRefused, TemplateRefused
from apps.core.errors import ContentRefused, DomainError, Refused
from apps.core.responses import stored as responses
from apps.core.responses.texts import REPLY, VALUES

R = TypeVar("R", bound=Refused)
#: Values of our own sentences that are written as numbers are written.
_FIGURES = frozenset({"count", "sent", "share", "limit", "used"})


def humanize_time(value: datetime, now: datetime) -> str:
    """``14:05`` today, ``tomorrow 10:00``, otherwise the date; in the project's time zone."""
    return time_on_day(timezone.localtime(value), timezone.localtime(now).date())


def time_on_day(local: datetime, today: date) -> str:
    """The same of a time that is in the reader's zone already."""
    clock = f"{local:%H:%M}"
    days = (local.date() - today).days
    if days == 0:
        return clock
    if days == 1:
        return _("tomorrow %(time)s") % {"time": clock}
    if days == -1:
        return _("yesterday %(time)s") % {"time": clock}
    return date_format(local, "j E, H:i" if local.year == today.year else "j E Y, H:i")


def exact(value: datetime, now: datetime) -> str:
    """The moment with its date and zone, for readers elsewhere or later."""
    local = timezone.localtime(value)
    offset = local.strftime("%z")
    zone = f"{timezone.get_current_timezone_name()}, UTC{offset[:3]}:{offset[3:]}"
    return f"{date_format(local, 'j E Y, H:i')} ({zone})"


def grouped(number: float) -> str:
    """``6742`` as ``6 742`` or ``6,742``, by the language of the page."""
    if isinstance(number, int) and -1000 < number < 1000:
        return str(number)
    return number_format(number, force_grouping=True)


def refusal(kind: type[R], text: str, **params: object) -> R:
    """A refusal in the language of now, which can be kept and said in another one later."""
    made = kind(_(text) % params if params else _(text))
    made.words, made.params = text, params
    return made


def facts_of(refused: Refused) -> dict[str, Any]:
    """A refusal as it is kept: its code, its words and their values."""
    facts: dict[str, Any] = {"code": refused.code, "words": refused.words or str(refused)}
    if refused.params:
        facts["params"] = {name: _kept(value) for name, value in refused.params.items()}
    if isinstance(refused, TemplateRefused) and (refused.part or refused.line):
        facts["part"], facts["line"] = refused.part, refused.line
    return facts


def _kept(value: object) -> object:
    """A number as it is: its words may ask for one."""
    return value if isinstance(value, int) else str(value)


def kept_words(facts: Mapping[str, Any]) -> str:
    """A kept refusal in the language of now."""
    text = _(facts["words"]) % facts["params"] if "params" in facts else _(facts["words"])
    return _placed(text, facts.get("part", ""), facts.get("line", 0))


def in_words(stored: str) -> str:
    """A stored response for people: our own sentence in their language, a reply as it came."""
    found = responses.read(stored)
    if found is None:
        return responses.as_it_came(stored)
    sentence, values = found
    if not values:
        return _(sentence.words)
    return _(sentence.words) % {name: _value(name, text) for name, text in values.items()}


def figure(text: str) -> str:
    """A stored number as the reader's language writes it."""
    return grouped(int(text)) if text.isdigit() else number_format(text)


def _value(name: str, text: str) -> str:
    if name == REPLY:
        return in_words(text)
    if name in _FIGURES:
        return figure(text) if text else ""
    named = VALUES.get(name.partition("_")[0], {}).get(text)
    return _(named) if named else text


def refusal_text(refusal: DomainError) -> str:
    """What was refused and why, in the language of the page."""
    if isinstance(refusal, RenderRefused):
        return in_words(refusal.response)
    if not isinstance(refusal, ContentRefused):
        return _(str(refusal)) if str(refusal) else refusal.code
    text = _(refusal.words) % refusal.params if refusal.params else _(refusal.words)
    if not isinstance(refusal, TemplateRefused):
        return text
    return _placed(text, refusal.part, refusal.line)


def _placed(text: str, part: str, line: int) -> str:
    place = [_(part)] if part else []
    place += [_("line %(number)d") % {"number": line}] if line else []
    return f"{', '.join(place)}: {text}" if place else text
