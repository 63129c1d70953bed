"""Erasures: who asked for one, what became of it, and that an erased address stays out."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.audience import Channel, Recipient


class ErasureRequest(OwnedModel):
    """Somebody is to be erased: asked for by whom and when, and what became of it.

    ``confirmed_at`` is when the person confirmed it by a link sent to their address; empty when the
    owner or a manager asked. It is carried out from ``erase_at`` on; the law's own limit is
    ``due_at``. ``certificate`` are the lines that say what was erased, ``seal`` the keyed sum
    under them. No address stands in it.
    """

    audit = AuditRule(quiet=frozenset({"certificate", "seal"}))

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("erasure", "Waiting")
        DONE = "done", pgettext_lazy("erasure", "Erased")
        REFUSED = "refused", pgettext_lazy("erasure", "Refused")

    class By(models.TextChoices):
        """Who asked."""

        PERSON = "person", _("the person")
        OWNER = "owner", _("the owner")
        MANAGER = "manager", _("a manager")
        API = "api", "API"
        COMMAND = "command", _("command line")

    recipient: models.ForeignKey[Recipient | None, Recipient | None] = models.ForeignKey(
        Recipient, on_delete=models.SET_NULL, null=True, related_name="erasures", db_index=False
    )
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.WAITING
    )
    by: models.CharField[str, str] = models.CharField(
        _("asked by"), max_length=8, choices=By.choices
    )
    actor: models.CharField[str, str] = models.CharField(_("who"), max_length=254, blank=True)
    confirmed_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("confirmed by the person"), null=True, blank=True
    )
    erase_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("erased from"))
    due_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("due"))
    refusal: models.CharField[str, str] = models.CharField(
        _("reason of the refusal"), max_length=500, blank=True
    )
    decided_by: models.CharField[str, str] = models.CharField(
        _("decided by"), max_length=254, blank=True
    )
    ended_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("ended"), null=True, blank=True
    )
    certificate: models.JSONField[list[str], list[str]] = models.JSONField(default=list, blank=True)
    seal: models.CharField[str, str] = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        permissions = [
            ("erase_recipient", "Can erase recipients of all users"),
            ("export_personal_data", "Can take copies of the data of recipients of all users"),
        ]
        indexes = [
            models.Index(fields=["recipient", "id"], name="erasure_of_recipient"),
            models.Index(fields=["erase_at"], name="erasure_waiting", condition=Q(state="waiting")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient"],
                name="erasure_one_at_a_time",
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True)
                | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="erasure_ended_exactly_when_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refusal=""),
                name="erasure_refused_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"


class Tombstone(OwnedModel):
    """An address whose person was erased, known only by a keyed digest: it is not taken again.

    ``key`` names the key of ERASURE_KEYS that made ``digest``. Lifted by the person's own confirmed
    sign-up, or by the owner, who says why in ``lifted_reason``.
    """

    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices
    )
    digest: models.CharField[str, str] = models.CharField(max_length=40)
    key: models.CharField[str, str] = models.CharField(max_length=8)
    lifted_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("lifted"), null=True, blank=True
    )
    lifted_by: models.CharField[str, str] = models.CharField(
        _("lifted by"), max_length=254, blank=True
    )
    lifted_reason: models.CharField[str, str] = models.CharField(
        _("why"), max_length=500, blank=True
    )

    class Meta:
        verbose_name = _("erased address")
        verbose_name_plural = _("erased addresses")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "channel", "digest"], name="tombstone_unique_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.digest[:8]}"
