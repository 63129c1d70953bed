"""Whom a mailing is for, and by what right: the part of it that says so."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OwnedModel
from apps.mailings.models.audience import Recipient, Tag
from apps.mailings.models.permission.lists import MailingList
from apps.mailings.models.segments import Segment


class AudienceRule(OwnedModel):
    """The rule of an audience: who is a candidate, who is kept out, and what gives the right.

    Candidates are everyone, or the members of the lists, the segments, those that match the filter
    of tags and operator codes, and those chosen one by one. A list brings all its members: who has
    unsubscribed is left out with that reason.
    """

    class Basis(models.TextChoices):
        """By what right it writes."""

        SUBSCRIPTION = "subscription", _("a subscription to one of its lists")
        CONSENT = "consent", _("any consent given to me")
        STATED = "stated", _("no consent is needed, as I state")

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("newsletter or advertising")
        SERVICE = "service", _("service message")
        CONFIRMATION = "confirmation", _("confirmation of a subscription")

    class OnCap(models.TextChoices):
        """What becomes of people who got as many messages as the frequency rules allow."""

        WAIT = "wait", _("wait until the rule allows it")
        SKIP = "skip", _("skip them")

    everyone: models.BooleanField[bool, bool] = models.BooleanField(
        _("all my recipients"), default=False
    )
    recipients: models.ManyToManyField[Recipient, Any] = models.ManyToManyField(
        Recipient, related_name="mailings", blank=True, verbose_name=_("recipients")
    )
    filter_tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField(
        Tag, related_name="mailings", blank=True, verbose_name=_("tags")
    )
    filter_operator_codes: models.JSONField[list[str], list[str]] = models.JSONField(
        _("operator codes"), default=list, blank=True
    )
    lists: models.ManyToManyField[MailingList, Any] = models.ManyToManyField(
        MailingList, related_name="mailings", blank=True, verbose_name=_("lists")
    )
    segments: models.ManyToManyField[Segment, Any] = models.ManyToManyField(
        Segment, related_name="mailings", blank=True, verbose_name=_("segments")
    )
    exclude_lists: models.ManyToManyField[MailingList, Any] = models.ManyToManyField(
        MailingList, related_name="+", blank=True, verbose_name=_("but not these lists")
    )
    exclude_segments: models.ManyToManyField[Segment, Any] = models.ManyToManyField(
        Segment, related_name="excluded_from", blank=True, verbose_name=_("but not these segments")
    )
    exclude_tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField(
        Tag, related_name="+", blank=True, verbose_name=_("but not these tags")
    )
    exclude_mailings: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        "self",
        related_name="+",
        symmetrical=False,
        blank=True,
        verbose_name=_("but not who got these mailings"),
    )
    exclude_mailed_days: models.PositiveSmallIntegerField[int | None, int | None] = (
        models.PositiveSmallIntegerField(
            _("but not who got anything in so many days"), null=True, blank=True
        )
    )
    basis: models.CharField[str, str] = models.CharField(
        _("by what right"),
        max_length=12,
        choices=Basis.choices,
        default=Basis.STATED,
        db_default="stated",
    )
    basis_statement: models.CharField[str, str] = models.CharField(
        _("why no consent is needed"), max_length=500, blank=True, default="", db_default=""
    )
    purpose: models.CharField[str, str] = models.CharField(
        _("purpose"),
        max_length=12,
        choices=Purpose.choices,
        default=Purpose.MARKETING,
        db_default="marketing",
    )
    on_cap: models.CharField[str, str] = models.CharField(
        _("when a frequency rule is reached"),
        max_length=4,
        choices=OnCap.choices,
        default=OnCap.WAIT,
        db_default="wait",
    )

    class Meta:
        abstract = True
