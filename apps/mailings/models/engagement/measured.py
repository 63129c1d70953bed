"""What a mailing says of its measuring."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.mailings.models.engagement.figures import Tracking


class MeasuredMailing(models.Model):
    """``tracking`` is what its letters measure; empty: what TRACKING says.

    ``tracking_text``: the links of the text part as well; null: as TRACKING_TEXT says.
    ``again_of`` is the run to whose silent people it writes again; each of them is asked once.
    """

    tracking: models.CharField[str, str] = models.CharField(
        _("measured"),
        max_length=7,
        choices=Tracking.choices,
        blank=True,
        default="",
        db_default="",
    )
    tracking_text: models.BooleanField[bool | None, bool | None] = models.BooleanField(
        _("links of the text version"), null=True, blank=True
    )
    again_of: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="asked_again",
        verbose_name=_("writes again after the run"),
    )

    class Meta:
        abstract = True
