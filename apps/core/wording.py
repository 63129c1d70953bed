"""Times, numbers and refusals in people's words."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from apps.core.errors import ContentRefused, DomainError
from apps.core.template_language import TemplateRefused


def spoken(value: datetime, now: datetime) -> str:
    """``14:05`` today, ``tomorrow 10:00``, otherwise the date; in the project's time zone."""
    local, today = timezone.localtime(value), timezone.localtime(now).date()
    clock = date_format(local, "H:i")
    days = (local.date() - today).days
    if days == 0:
        return clock
    if days == 1:
        return _("tomorrow %(time)s") % {"time": clock}
    if days == -1:
        return _("yesterday %(time)s") % {"time": clock}
    return date_format(local, "j E, H:i" if local.year == today.year else "j E Y, H:i")


def grouped(number: int) -> str:
    """``6742`` as ``6 742`` or ``6,742``, by the language of the page."""
    return number_format(number, force_grouping=True)


def refusal_words(refusal: DomainError) -> str:
    """What was refused and why, in the language of the page."""
    if not isinstance(refusal, ContentRefused):
        return _(str(refusal)) if str(refusal) else refusal.code
    words = _(refusal.words) % refusal.params if refusal.params else _(refusal.words)
    if not isinstance(refusal, TemplateRefused):
        return words
    place = [_(refusal.part)] if refusal.part else []
    place += [_("line %(number)d") % {"number": refusal.line}] if refusal.line else []
    return f"{', '.join(place)}: {words}" if place else words
