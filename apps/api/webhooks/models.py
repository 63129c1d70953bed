"""Webhooks, their calls, and how far the history has been read for each."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel, OwnedQuerySet
from apps.core.responses.stored import Response
from apps.mailings.models import Run


def new_seed() -> str:
    """What a secret is derived from, together with the installation's SECRET_KEY."""
    return secrets.token_hex(16)


#: How far its calls have come.
_CURSORS = frozenset(
    {
        *("attempt_cursor", "consent_cursor", "reaction_cursor", "runs_reported_until"),
        *("lease", "leased_until"),
    }
)


class Webhook(OwnedModel):
    """An address of its owner that receives events of what happens.

    ``attempt_cursor`` is the last attempt that stands in a call or is of no concern,
    ``consent_cursor`` the last consent, ``reaction_cursor`` the last first reaction,
    ``enrolment_cursor`` the last event of an enrolment, ``runs_reported_until`` the moment up to
    which ended runs and imports have been reported. ``lease`` names the process that serves it
    until ``leased_until``. While ``paused_at`` is set nothing is sent, and the cursor waits.
    """

    audit = AuditRule(quiet=_CURSORS, hidden=frozenset({"url"}))

    url: models.CharField[str, str] = models.CharField(_("address"), max_length=500)
    deliveries: models.BooleanField[bool, bool] = models.BooleanField(_("deliveries"), default=True)
    runs: models.BooleanField[bool, bool] = models.BooleanField(_("runs"), default=True)
    subscriptions: models.BooleanField[bool, bool] = models.BooleanField(
        _("subscriptions and imports"), default=False, db_default=False
    )
    reactions: models.BooleanField[bool, bool] = models.BooleanField(
        _("openings and clicks"), default=False, db_default=False
    )
    machine_reactions: models.BooleanField[bool, bool] = models.BooleanField(
        _("also by machines"),
        default=False,
        db_default=False,
        help_text=_("With openings and clicks; what is not known to be a person’s, too."),
    )
    automations: models.BooleanField[bool, bool] = models.BooleanField(
        _("automations"),
        default=False,
        db_default=False,
        help_text=_("Who comes in, finishes, leaves or fails, and the calls that steps make."),
    )
    seed: models.CharField[str, str] = models.CharField(
        max_length=32, default=new_seed, editable=False
    )
    old_seed: models.CharField[str, str] = models.CharField(
        max_length=32, blank=True, editable=False
    )
    old_until: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    attempt_cursor: models.BigIntegerField[int, int] = models.BigIntegerField(editable=False)
    consent_cursor: models.BigIntegerField[int, int] = models.BigIntegerField(
        editable=False, default=0, db_default=0
    )
    reaction_cursor: models.BigIntegerField[int, int] = models.BigIntegerField(
        editable=False, default=0, db_default=0
    )
    enrolment_cursor: models.BigIntegerField[int, int] = models.BigIntegerField(
        editable=False, default=0, db_default=0
    )
    runs_reported_until: models.DateTimeField[Any, Any] = models.DateTimeField(editable=False)
    paused_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    lease: models.CharField[str, str] = models.CharField(max_length=16, blank=True, editable=False)
    leased_until: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deliveries=True)
                | Q(runs=True)
                | Q(subscriptions=True)
                | Q(reactions=True)
                | Q(automations=True),
                name="webhook_has_events",
                violation_error_message=_("Choose at least one kind of events."),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def address_for(self, viewer_id: int | None) -> str:
        """The address; for others than its owner the host alone: a path may hold a token."""
        if viewer_id == self.owner_id:
            return self.url
        site = urlsplit(self.url)
        return f"{site.scheme}://{site.hostname}/…"


class WebhookCallQuerySet(OwnedQuerySet["WebhookCall"]):
    owner_path = "webhook__owner_id"


class WebhookCall(models.Model):
    """One POST with up to 100 events, tried until it is answered by 2xx.

    Written in the very transaction that moves the webhook's cursor past what it reports. ``tries``,
    ``code`` (0: there was no answer), ``response`` and ``seconds`` are those of the last try.
    """

    webhook: models.ForeignKey[Webhook, Webhook] = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="calls", verbose_name=_("webhook")
    )
    body: models.TextField[str, str] = models.TextField()
    events: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("events")
    )
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("tries"), default=0
    )
    code: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    response: models.CharField[Response, Response] = models.CharField(max_length=200, blank=True)
    seconds: models.FloatField[float, float] = models.FloatField(default=0.0)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    tried_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    next_try: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    delivered_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = WebhookCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call of a webhook")
        verbose_name_plural = _("calls of webhooks")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"call-{self.pk}"


class ReportedRun(models.Model):
    """What was last sent to a webhook about a run. ``number`` counts its events about it.

    ``ended_at`` is the end that was reported; None: it was open then.

    Without a constraint on the run: it would make senders wait for us at the run's row.
    """

    webhook: models.ForeignKey[Webhook, Webhook] = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="reported_runs", db_index=False
    )
    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    mark: models.CharField[str, str] = models.CharField(max_length=100)
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    ended_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reported run")
        verbose_name_plural = _("reported runs")
        indexes = [
            models.Index(
                fields=["webhook"], name="reported_run_open", condition=Q(ended_at__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "run"], name="reported_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.mark}"


class ReportedImport(models.Model):
    """An import of which a webhook has been notified: done, and perhaps undone after that.

    Kept only for as long as it is looked for again.
    """

    webhook: models.ForeignKey[Webhook, Webhook] = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="reported_imports", db_index=False
    )
    number: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.CharField[str, str] = models.CharField(max_length=10)
    reported_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("reported import")
        verbose_name_plural = _("reported imports")
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "number", "state"], name="reported_import_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"
