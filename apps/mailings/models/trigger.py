"""Who sets a run or an attempt going."""

from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy


class Trigger(models.TextChoices):
    """Who set it going."""

    MANUAL = "manual", pgettext_lazy("started by", "manually")
    SCHEDULED = "scheduled", pgettext_lazy("started by", "scheduler")
    COMMAND = "command", pgettext_lazy("started by", "command line")
    API = "api", pgettext_lazy("started by", "API")
