"""Fresh links: what a person may do who has just shown that the mailbox is theirs."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.models import OwnedQuerySet
from apps.mailings.models import Recipient


class PublicLinkQuerySet(OwnedQuerySet["PublicLink"]):
    owner_path = "recipient__owner_id"


class PublicLink(models.Model):
    """A link that a person asked for, sent to the person's address, for one purpose and an hour.

    Its token is no column: it is sealed from the row's number (apps.mailings.links). ``used_at``
    is when it was first used; what is done only once is done by the process that sets it.
    ``address`` is the new one that a link was sent to, to be confirmed as the person's.
    """

    class Purpose(models.TextChoices):
        PREFERENCES = "preferences", pgettext_lazy("link", "preferences")
        DATA = "data", pgettext_lazy("link", "copy of the data")
        ERASURE = "erasure", pgettext_lazy("link", "erasure")
        EMAIL = "email", pgettext_lazy("link", "change of the address")

    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="public_links"
    )
    purpose: models.CharField[str, str] = models.CharField(
        _("purpose"), max_length=12, choices=Purpose.choices
    )
    address: models.CharField[str, str] = models.CharField(
        _("new address"), max_length=254, blank=True, default="", db_default=""
    )
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("made"))
    expires_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("expires"))
    used_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("used"), null=True, blank=True)

    objects = PublicLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("fresh link")
        verbose_name_plural = _("fresh links")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.recipient_id}"
