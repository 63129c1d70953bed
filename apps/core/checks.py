"""What ``manage.py check`` says of settings that do not fit together."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register()
def processes_share_a_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Several processes, each with figures and rate limits of its own, disagree."""
    own = settings.CACHES["default"]["BACKEND"].endswith("LocMemCache")
    if settings.DEBUG or settings.DISPATCH_BACKEND != "celery" or not own:
        return []
    return [
        Warning(
            "DISPATCH_BACKEND=celery means several processes, and each has a cache of its own.",
            hint="Name a Redis in CACHE_URL.",
            id="core.W001",
        )
    ]
