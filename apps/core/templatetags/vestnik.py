"""What the templates need beyond Django's own tags."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from apps.core.text.formatting import humanize_time
from apps.core.text.formatting import in_words as words_of

register = template.Library()


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """A time as people say it, with the exact one for machines and in the tooltip."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "j E Y, H:i:s") + f" ({timezone.get_current_timezone_name()})",
        humanize_time(value, timezone.now()),
    )


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


@register.inclusion_tag("partials/nav_link.html", takes_context=True)
def nav_link(context: Context, url_name: str, label: str, section: str) -> dict[str, object]:
    """A link of the navigation; ``section`` (URL namespaces or names) says when it is lit."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match is not None and bool({match.namespace, match.view_name} & set(section.split()))
    return {"url": reverse(url_name), "label": label, "here": here}


@register.simple_tag
def languages() -> list[tuple[str, str, str]]:
    """The languages of the site: code, short form, and each one's own name for itself."""
    found = [get_language_info(code) for code, _name in settings.LANGUAGES]
    return [(info["code"], info["code"].upper(), info["name_local"].capitalize()) for info in found]
