"""What happened to suppressed addresses, and domains that are not written to."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.core.values.addresses import email_domain
from apps.mailings.models.audience import Channel, Suppression

#: Who did it, where it was no user: the person behind the address, a mail server's reply, a file
#: (with the number of its import behind a colon).
BY_RECIPIENT: Final = "recipient"
BY_SERVER: Final = "server"
BY_IMPORT: Final = "import"


class SuppressionEvent(OwnedModel):
    """An address was suppressed, or allowed again: when, why and by whom. Append-only.

    ``before``: it was suppressed already when events began to be kept.
    """

    audit = AuditRule(name="address", personal=True)

    class Act(models.TextChoices):
        BEFORE = "before", pgettext_lazy("suppression", "suppressed before")
        ADDED = "added", pgettext_lazy("suppression", "suppressed")
        LIFTED = "lifted", pgettext_lazy("suppression", "allowed again")

    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices
    )
    address: models.CharField[str, str] = models.CharField(_("address"), max_length=254)
    act: models.CharField[str, str] = models.CharField(_("act"), max_length=6, choices=Act.choices)
    reason: models.CharField[str, str] = models.CharField(
        _("reason"), max_length=16, choices=Suppression.Reason.choices
    )
    note: models.CharField[str, str] = models.CharField(_("note"), max_length=500, blank=True)
    actor: models.CharField[str, str] = models.CharField(_("who"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("event of a suppressed address")
        verbose_name_plural = _("events of suppressed addresses")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "channel", "address"], name="suppression_event_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.act}"

    @property
    def actor_words(self) -> str:
        """Who did it, for people; a user by the email."""
        kind, _colon, number = self.actor.partition(":")
        if kind == BY_IMPORT:
            return gettext("import %(number)s") % {"number": number}
        labels = {BY_RECIPIENT: _("the recipient"), BY_SERVER: _("the mail server")}
        return str(labels.get(self.actor, self.actor))


class BlockedDomainQuerySet(OwnedQuerySet["BlockedDomain"]):
    """Those of one owner, and of the whole installation where the owner is empty."""


class BlockedDomain(BaseModel):
    """A domain to whose addresses nothing is sent: by one owner, or by anybody (``owner`` None)."""

    audit = AuditRule(name="domain")

    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="blocked_domains",
    )
    domain: models.CharField[str, str] = models.CharField(_("domain"), max_length=253)
    subdomains: models.BooleanField[bool, bool] = models.BooleanField(
        _("with its subdomains"), default=True
    )
    note: models.CharField[str, str] = models.CharField(_("note"), max_length=200, blank=True)

    objects = BlockedDomainQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked domain")
        verbose_name_plural = _("blocked domains")
        permissions = [("block_domain", "Can block domains for everybody")]
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "domain"], name="blocked_domain_unique"),
            # An owner of NULL differs from itself.
            models.UniqueConstraint(
                fields=["domain"],
                name="blocked_domain_unique_for_all",
                condition=Q(owner=None),
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude=exclude)
        domain = email_domain(self.domain)
        if domain is None:
            text = _("Write a domain, such as example.org.")
            raise ValidationError({"domain": ValidationError(text, code="invalid")})
        self.domain = domain
