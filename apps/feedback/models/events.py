"""What came back: every event once, and the links by which a recipient connects a messenger."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OwnedQuerySet
from apps.mailings.models import Channel, Delivery, Recipient


class EventQuerySet(OwnedQuerySet["Event"]):
    owner_path = "delivery__run__mailing__owner_id"


class Event(models.Model):
    """One event from outside, kept once however often it is reported.

    ``facts`` are plain, cleaned words of the source (recipient, message_id, status, code, reason,
    words, proof). ``settled_at`` is empty while the event came before the sender's own record.
    """

    class Kind(models.TextChoices):
        """The names of django-anymail, whatever the source calls it."""

        QUEUED = "queued", _("queued there")
        SENT = "sent", _("handed over")
        REJECTED = "rejected", _("not sent by the provider")
        FAILED = "failed", _("failed at the provider")
        BOUNCED = "bounced", _("bounced")
        DEFERRED = "deferred", _("delayed")
        DELIVERED = "delivered", _("delivered")
        AUTORESPONDED = "autoresponded", _("answered by a machine")
        OPENED = "opened", _("opened")
        CLICKED = "clicked", _("link followed")
        COMPLAINED = "complained", _("spam complaint")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        SUBSCRIBED = "subscribed", _("subscribed")
        UNKNOWN = "unknown", _("unknown")

    provider: models.CharField[str, str] = models.CharField(_("source"), max_length=60)
    event_id: models.CharField[str, str] = models.CharField(max_length=160)
    kind: models.CharField[str, str] = models.CharField(
        _("what happened"), max_length=16, choices=Kind.choices
    )
    delivery: models.ForeignKey[Delivery | None, Delivery | None] = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="events",
        null=True,
        blank=True,
        verbose_name=_("delivery"),
    )
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    received_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("received"))
    settled_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="event_kept_once"),
        ]
        indexes = [
            models.Index(fields=["id"], name="event_waiting", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind}"


class MessengerLink(models.Model):
    """A link by which one recipient connects one messenger, once.

    Its token is no column: it is sealed from the row's number (apps.mailings.links).
    """

    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="messenger_links"
    )
    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, default=Channel.TELEGRAM
    )
    account: models.CharField[str, str] = models.CharField(_("account"), max_length=40)
    expires_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("expires"))
    used_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("messenger link")
        verbose_name_plural = _("messenger links")

    def __str__(self) -> str:
        return f"{self.account}: {self.recipient_id}"
