"""A tag that every form of the site needs: its key (apps.users.form_submissions)."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.users.form_submissions.keys import FIELD, new_key

register = template.Library()


@register.simple_tag(takes_context=True)
def form_key(context: RequestContext, *, edit: Any = False) -> SafeString:
    """A hidden field. ``edit``: the form changes something that is there, from a known version."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return SafeString("")
    text = '<input type="hidden" name="{}" value="{}">'
    return format_html(text, FIELD, new_key(user.pk, edits=bool(edit)))
