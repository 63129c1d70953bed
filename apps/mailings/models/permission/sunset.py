"""People who have not reacted for long: by what rule they are found, and what became of each."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.mailings.models.audience import Recipient
from apps.mailings.models.permission.lists import MailingList


class SunsetPolicy(OwnedModel):
    """Who counts as inactive on a list (None: on all), and what is done after they were asked.

    Found are those to whom ``letters`` went without a reaction in ``days``. Nothing goes further
    until the owner has seen the number and approved it; ``asked_at`` is when the owner asked the
    people by an ordinary mailing, after which ``wait_days`` go by.
    """

    audit = AuditRule(quiet=frozenset({"searched_at", "unmeasured"}))

    class Action(models.TextChoices):
        TAG = "tag", _("Keep the tag")
        END = "end", _("End the subscriptions")
        ARCHIVE = "archive", _("Archive")

    list: models.ForeignKey[MailingList | None, MailingList | None] = models.ForeignKey(
        MailingList,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="sunsets",
        verbose_name=_("list"),
    )
    days: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("days without a reaction"), default=180
    )
    letters: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("messages without a reaction"), default=5
    )
    wait_days: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("days to wait after the question"), default=30
    )
    action: models.CharField[str, str] = models.CharField(
        _("then"), max_length=7, choices=Action.choices, default=Action.TAG
    )
    approved_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("approved"), null=True, blank=True, editable=False
    )
    searched_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("last search"), null=True, blank=True, editable=False
    )
    unmeasured: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("cannot know"), default=0, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("rule for inactive subscribers")
        verbose_name_plural = _("rules for inactive subscribers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list"],
                name="sunset_policy_once",
                condition=Q(archived_at=None),
                violation_error_message=_("There is a rule for this list already."),
            ),
            # A list of NULL differs from itself.
            models.UniqueConstraint(
                fields=["owner"],
                name="sunset_policy_for_all_once",
                condition=Q(archived_at=None, list=None),
                violation_error_message=_("There is a rule for all lists already."),
            ),
            models.CheckConstraint(
                condition=Q(days__gte=30, letters__gte=1, wait_days__gte=1),
                name="sunset_policy_is_patient",
                violation_error_message=_("At least 30 days, one message and one day to wait."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.list) if self.list_id else str(_("All lists"))


class SunsetCaseQuerySet(OwnedQuerySet["SunsetCase"]):
    owner_path = "policy__owner_id"


class SunsetCase(BaseModel):
    """One inactive person under one rule. ``changed`` is what the end changed, to be undone by."""

    audit = AuditRule(quiet=frozenset({"changed"}))

    class State(models.TextChoices):
        FOUND = "found", pgettext_lazy("sunset", "Found")
        TAGGED = "tagged", pgettext_lazy("sunset", "Tagged")
        ASKED = "asked", pgettext_lazy("sunset", "Asked")
        KEPT = "kept", pgettext_lazy("sunset", "Kept")
        ENDED = "ended", pgettext_lazy("sunset", "Ended")
        UNDONE = "undone", pgettext_lazy("sunset", "Undone")

    policy: models.ForeignKey[SunsetPolicy, SunsetPolicy] = models.ForeignKey(
        SunsetPolicy, on_delete=models.CASCADE, related_name="cases", db_index=False
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="sunsets"
    )
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=6, choices=State.choices, default=State.FOUND
    )
    asked_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("asked"), null=True, blank=True
    )
    settled_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("settled"), null=True, blank=True
    )
    changed: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )

    objects = SunsetCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("inactive subscriber")
        verbose_name_plural = _("inactive subscribers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["policy", "state", "id"], name="sunset_case_of_policy"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "recipient"],
                name="sunset_case_once_while_open",
                condition=Q(state__in=["found", "tagged", "asked"]),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["found", "tagged", "asked"], settled_at__isnull=True)
                | Q(state__in=["kept", "ended", "undone"], settled_at__isnull=False),
                name="sunset_case_settled_exactly_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.recipient_id} {self.state}"
