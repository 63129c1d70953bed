"""Senders: who a letter is from."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.audience import Channel, normal_address


class Sender(OwnedModel):
    """A name and an address that letters are from (RFC 5322 3.6.2).

    The address may be used once it is confirmed: by a link sent to it, by its domain's DNS, or by a
    superuser. ``accounts`` are the sending accounts that it may use, empty for any. A ``shared``
    one is offered to everybody.
    """

    audit = AuditRule(name="address")

    class ConfirmedBy(models.TextChoices):
        LINK = "link", _("a link sent to the address")
        DNS = "dns", _("a DNS record of the domain")
        SUPERUSER = "superuser", _("an administrator")

    name: models.CharField[str, str] = models.CharField(
        pgettext_lazy("sender", "name"), max_length=120, blank=True
    )
    address: models.CharField[str, str] = models.CharField(_("address"), max_length=254)
    reply_to: models.CharField[str, str] = models.CharField(
        _("reply to"), max_length=254, blank=True
    )
    accounts: models.JSONField[list[str], list[str]] = models.JSONField(
        _("sending accounts"), default=list, blank=True
    )
    is_default: models.BooleanField[bool, bool] = models.BooleanField(
        _("default sender"), default=False
    )
    shared: models.BooleanField[bool, bool] = models.BooleanField(
        _("offered to everybody"), default=False
    )
    confirmed_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("confirmed"), null=True, blank=True, editable=False
    )
    confirmed_by: models.CharField[str, str] = models.CharField(
        max_length=9, choices=ConfirmedBy.choices, blank=True, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        ordering = ["name", "address", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name", "address"],
                name="sender_unique_per_owner",
                condition=Q(archived_at=None),
                violation_error_message=_("You already have this sender."),
            ),
            models.UniqueConstraint(
                fields=["owner"],
                name="sender_one_default_per_owner",
                condition=Q(is_default=True, archived_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude=exclude)
        for name in ("address", "reply_to"):
            if value := getattr(self, name):
                try:
                    setattr(self, name, normal_address(Channel.EMAIL, value))
                except ValidationError as error:
                    raise ValidationError({name: error}) from None
