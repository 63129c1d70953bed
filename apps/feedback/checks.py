"""What ``manage.py check`` says of hooks that cannot work."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from apps.feedback.hooks import esp
from apps.feedback.providers import PROVIDERS


@register()
def anymail_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The hooks of providers need django-anymail."""
    names = [one.key for one in PROVIDERS.values() if one.is_open]
    if esp.INSTALLED or not names:
        return []
    return [
        Warning(
            f"{', '.join(names)}: these hooks answer 404, because django-anymail is missing.",
            hint="poetry install --extras esp (or: pip install django-anymail)",
            id="feedback.W001",
        )
    ]
