"""Why somebody of an audience gets nothing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy


class LeftOut(models.TextChoices):
    """Why somebody of a run's audience gets nothing: one reason each, the strongest first."""

    UNSUBSCRIBED = "unsubscribed", pgettext_lazy("left out", "Unsubscribed")
    UNCONFIRMED = "unconfirmed", pgettext_lazy("left out", "Subscription not confirmed")
    NO_CONSENT = "no_consent", pgettext_lazy("left out", "No consent")
    PAUSED = "paused", pgettext_lazy("left out", "Paused by the person")
    EXCLUDED = "excluded", pgettext_lazy("left out", "Excluded by the mailing")
    NO_LANGUAGE = "no_language", pgettext_lazy("left out", "No translation in their language")
    CAP = "cap", pgettext_lazy("left out", "Frequency rule reached")
    SUPPRESSED = "suppressed", pgettext_lazy("left out", "Address suppressed")
    NO_ADDRESS = "no_address", pgettext_lazy("left out", "No address")
    GONE = "gone", pgettext_lazy("left out", "Archived, erased or address changed")
