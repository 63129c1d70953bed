"""How much of what leaves by an account, from a domain, comes back or is complained about."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.responses.stored import Response


class SendingCount(models.Model):
    """What became of the emails of one day, by account and by the domain of their sender.

    ``domain`` is empty where the account's own address stood in From. ``messages``: accepted, or
    refused because the address is dead. What comes back later counts on the day the email left, so
    that a share is always of these very messages.
    """

    account: models.CharField[str, str] = models.CharField(_("sending account"), max_length=40)
    domain: models.CharField[str, str] = models.CharField(_("domain"), max_length=253, blank=True)
    day: models.DateField[Any, Any] = models.DateField(_("day"))
    messages: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("messages"), default=0
    )
    hard_bounces: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("hard bounces"), default=0
    )
    complaints: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("spam complaints"), default=0
    )

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "account", "domain"], name="count_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account} {self.domain}"


class CountedAttempts(models.Model):
    """Up to which attempt ``SendingCount`` has counted. One row."""

    cursor: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("counted attempts")
        verbose_name_plural = _("counted attempts")

    def __str__(self) -> str:
        return str(self.cursor)


class ReputationQuerySet(models.QuerySet["Reputation"]):
    def in_force(self, now: datetime) -> Self:
        """Those whose runs wait at this moment."""
        return self.filter(Q(until__gt=now))


class Reputation(models.Model):
    """What follows from the complaints about an account's emails from one domain.

    ``until``: so long its runs wait, ``detail`` has the figures. ``alerted_on``: the managers were
    notified that day. ``excused_on``: a manager lets it send again, and what was sent up to the end
    of that day counts no more.
    """

    account: models.CharField[str, str] = models.CharField(_("sending account"), max_length=40)
    domain: models.CharField[str, str] = models.CharField(_("domain"), max_length=253)
    detail: models.CharField[Response, Response] = models.CharField(max_length=100, blank=True)
    began_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    alerted_on: models.DateField[Any, Any] = models.DateField(null=True, blank=True)
    excused_on: models.DateField[Any, Any] = models.DateField(null=True, blank=True)

    objects = ReputationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reputation of an account")
        verbose_name_plural = _("reputations of accounts")
        constraints = [
            models.UniqueConstraint(fields=["account", "domain"], name="reputation_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.domain}"
