"""What ``manage.py check`` says of hooks that cannot work."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from apps.feedback.hooks import esp


@register()
def anymail_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The hooks of providers need django-anymail."""
    needed = {
        "HOOK_POSTMARK_LOGIN": settings.HOOK_POSTMARK_LOGIN,
        "HOOK_MAILGUN_KEY": settings.HOOK_MAILGUN_KEY,
        "HOOK_SES_TOPICS": settings.HOOK_SES_TOPICS,
    }
    names = [name for name, value in needed.items() if value]
    if esp.INSTALLED or not names:
        return []
    return [
        Warning(
            f"{', '.join(names)}: these hooks answer 404, because django-anymail is missing.",
            hint="poetry install --extras esp (or: pip install django-anymail)",
            id="feedback.W001",
        )
    ]
