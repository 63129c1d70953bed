"""Lists that people subscribe to, and the subscriptions: by what right a mailing writes."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.mailings.models.audience import Recipient
from apps.mailings.models.permission.consents import Consent


class MailingList(OwnedModel):
    """What people subscribe to. A subscription is the right to write; a tag is none.

    A ``private`` list is on no form, and only its members see it on their preference page.
    ``double``: who signs up is subscribed by confirming a letter.
    """

    audit = AuditRule(name="title", quiet=frozenset({"position"}))

    class Visibility(models.TextChoices):
        PUBLIC = "public", pgettext_lazy("list", "Public")
        PRIVATE = "private", pgettext_lazy("list", "Private")

    class OptIn(models.TextChoices):
        DOUBLE = "double", _("Double opt-in")
        SINGLE = "single", _("Single opt-in")

    title: models.CharField[str, str] = models.CharField(_("title"), max_length=120)
    slug: models.SlugField[str, str] = models.SlugField(_("short name"), max_length=60)
    description: models.CharField[str, str] = models.CharField(
        _("description for subscribers"), max_length=500, blank=True
    )
    visibility: models.CharField[str, str] = models.CharField(
        _("visibility"), max_length=7, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    optin: models.CharField[str, str] = models.CharField(
        _("opt-in"), max_length=6, choices=OptIn.choices, default=OptIn.DOUBLE
    )
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True
    )
    position: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("position"), default=0
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        ordering = ["position", "title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "slug"], name="list_slug_unique_per_owner"),
            models.UniqueConstraint(
                "owner",
                Lower("title"),
                name="list_title_unique_per_owner",
                condition=Q(archived_at=None),
                violation_error_message=_("You already have a list with this title."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SubscriptionQuerySet(OwnedQuerySet["Subscription"]):
    owner_path = "list__owner_id"


class Subscription(BaseModel):
    """A person on a list: with what status, since when, and by which consent.

    Only apps.mailings.services writes it. List and recipient have one owner. ``by`` is how the
    present status came about. Nobody but the person
    revives a subscription that the person has ended.
    """

    audit = AuditRule()

    class Status(models.TextChoices):
        UNCONFIRMED = "unconfirmed", pgettext_lazy("subscription", "Unconfirmed")
        SUBSCRIBED = "subscribed", pgettext_lazy("subscription", "Subscribed")
        UNSUBSCRIBED = "unsubscribed", pgettext_lazy("subscription", "Unsubscribed")
        SUNSET = "sunset", pgettext_lazy("subscription", "Ended as inactive")

    list: models.ForeignKey[MailingList, MailingList] = models.ForeignKey(
        MailingList, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    status: models.CharField[str, str] = models.CharField(
        _("status"), max_length=12, choices=Status.choices
    )
    since: models.DateTimeField[Any, Any] = models.DateTimeField(_("since"))
    ended_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("ended"), null=True, blank=True
    )
    consent: models.ForeignKey[Consent | None, Consent | None] = models.ForeignKey(
        Consent,
        on_delete=models.RESTRICT,
        related_name="subscriptions",
        null=True,
        blank=True,
        db_index=False,
    )
    by: models.CharField[str, str] = models.CharField(
        _("how"), max_length=10, choices=Consent.Source.choices, default=Consent.Source.MANUAL
    )

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        indexes = [
            models.Index(fields=["list", "status", "recipient"], name="subscription_of_list"),
            models.Index(
                fields=["consent"],
                name="subscription_by_consent",
                condition=Q(consent__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "list"], name="subscription_once"),
            models.CheckConstraint(
                condition=~Q(status="subscribed") | Q(consent__isnull=False),
                name="subscription_subscribed_has_consent",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["unsubscribed", "sunset"], ended_at__isnull=False)
                | Q(status__in=["unconfirmed", "subscribed"], ended_at__isnull=True),
                name="subscription_ended_exactly_when_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_id}: {self.recipient_id} {self.status}"
