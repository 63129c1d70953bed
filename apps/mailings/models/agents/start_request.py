"""A start that a program has asked for, and that only a person gives."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.audit.rule import AuditRule
from apps.mailings.models.mailing import Mailing


class StartRequest(AuditedModel):
    """An agent asks for the start of a draft; it starts nothing.

    A person answers: by starting or scheduling the mailing, which then is no draft any more, or by
    declining. ``asked_by`` is the name of the agent's token, ``note`` what the agent says to it.
    """

    audit = AuditRule()

    mailing: models.OneToOneField[Any, Any] = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, related_name="start_request"
    )
    asked_by: models.CharField[str, str] = models.CharField(_("asked by"), max_length=80)
    note: models.TextField[str, str] = models.TextField(_("note"), max_length=2000, blank=True)
    asked_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("asked"))
    declined_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("declined"), null=True, blank=True
    )
    answer: models.TextField[str, str] = models.TextField(_("answer"), max_length=2000, blank=True)

    objects = AuditedQuerySet.as_manager()

    class Meta:
        verbose_name = _("start request")
        verbose_name_plural = _("start requests")

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.asked_by}"

    @property
    def state(self) -> str:
        """`waiting` for a person, `declined`, or `accepted`: it was started or scheduled."""
        if self.declined_at is not None:
            return "declined"
        return "waiting" if self.mailing.is_draft else "accepted"
