"""What the templates need beyond Django's own tags."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from apps.core.text.formatting import in_words as words_of
from apps.core.text.formatting import kept_words as words_of_refusal
from apps.core.text.formatting import time_on_day

register = template.Library()


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """A time as people say it, with the exact one for machines and in the tooltip."""
    if value is None:
        return "—"
    zone, language = timezone.get_current_timezone(), get_language() or ""
    return _moment(value, zone, timezone.now().astimezone(zone).date(), language)


@lru_cache(maxsize=4096)
def _moment(value: datetime, zone: tzinfo, today: date, language: str) -> SafeString:
    """The moment in the zone and the language of now: tables show the same ones many times."""
    local = value.astimezone(zone)
    title = date_format(local, "j E Y, H:i:s") + f" ({zone.tzname(None) or zone})"
    shown = time_on_day(local, today)
    text = '<time datetime="{}" title="{}">{}</time>'
    return format_html(text, local.isoformat(timespec="seconds"), title, shown)


@register.filter
def full_moment(value: datetime | None) -> str:
    """Date and time in full, without the zone."""
    return date_format(timezone.localtime(value), "j E Y, H:i") if value else "—"


@register.simple_tag
def zone() -> str:
    """The reader's zone with its present distance from UTC: ``Europe/Moscow, UTC+03:00``."""
    offset = timezone.localtime().strftime("%z")
    return f"{timezone.get_current_timezone_name()}, UTC{offset[:3]}:{offset[3:]}"


@register.filter
def in_words(value: str) -> str:
    """A stored response, with our own sentences in the reader's language."""
    return words_of(value)


@register.filter
def kept_words(facts: dict[str, Any]) -> str:
    """A kept refusal in the reader's language."""
    return words_of_refusal(facts) if facts else ""


@register.filter
def rate(value: float | None) -> str:
    """A share in percent."""
    return "—" if value is None else f"{floatformat(value, 1)}\N{NO-BREAK SPACE}%"


@register.filter
def label(row: Any, name: str) -> str:
    """The word for what this field of choices holds: ``get_…_display``, for the rows of a table."""
    value = getattr(row, name)
    found = _labels(row._meta.get_field(name), get_language() or "").get(value)
    return str(value) if found is None else found


@lru_cache(maxsize=256)
def _labels(field: Any, language: str) -> dict[Any, str]:
    """The words of a field of choices in the language of now."""
    return {value: str(word) for value, word in field.flatchoices}


@register.filter
def span(value: timedelta | None) -> str:
    """A length of time in two units at most."""
    if value is None:
        return "—"
    seconds = max(int(value.total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    return _("%(seconds)d s") % {"seconds": seconds}


@register.simple_tag(takes_context=True)
def nav_link(context: Context, url_name: str, label: str, section: str) -> SafeString:
    """A link of the navigation; ``section`` (URL namespaces or names) says when it is lit."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match is not None and bool({match.namespace, match.view_name} & set(section.split()))
    lit = mark_safe(' class="here" aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}</a>', reverse(url_name), lit, label)


@register.simple_tag
def languages() -> list[tuple[str, str, str]]:
    """The languages of the site: code, short form, and each one's own name for itself."""
    found = [get_language_info(code) for code, _name in settings.LANGUAGES]
    return [(info["code"], info["code"].upper(), info["name_local"].capitalize()) for info in found]
