"""Who sets a run or an attempt going."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Trigger(models.TextChoices):
    """Who set it going."""

    MANUAL = "manual", _("by hand")
    SCHEDULED = "scheduled", _("scheduler")
    COMMAND = "command", _("command line")
    API = "api", _("API")
