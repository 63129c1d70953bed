"""An automation, its frozen versions and their steps."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.mailings.models import Mailing


class Left(models.TextChoices):
    """Why somebody left before the end."""

    GOAL = "goal", _("goal reached")
    UNSUBSCRIBED = "unsubscribed", pgettext_lazy("enrolment", "unsubscribed")
    SUPPRESSED = "suppressed", pgettext_lazy("enrolment", "suppressed")
    ARCHIVED = "archived", pgettext_lazy("enrolment", "archived")
    ERASED = "erased", pgettext_lazy("enrolment", "erased")
    REMOVED = "removed", pgettext_lazy("enrolment", "removed manually")
    STOPPED = "stopped", _("automation stopped")
    LIMIT = "limit", _("limit of steps")


#: The terms of the equation, in its order: a live enrolment is in one of the first two.
TERMS: Final = ("waiting", "moving", "finished", "left", "failed", "unknown")


def _counter() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(default=0, db_default=0)


class Automation(OwnedModel):
    """What is done for each person to whom something happens: a trigger and a list of steps.

    ``draft`` is the definition that is being written (apps.automations.definition); an activation
    freezes it as the next version. ``cursors``: how far the trigger has read the history, and when
    it looked last. ``is_active`` is a manager's switch: nobody moves while it is off.
    """

    audit = AuditRule(name="name", quiet=frozenset({"cursors"}))

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("automation", "Draft")
        ACTIVE = "active", pgettext_lazy("automation", "Active")
        PAUSED = "paused", pgettext_lazy("automation", "Paused")
        STOPPING = "stopping", pgettext_lazy("automation", "Stopping")
        ARCHIVED = "archived", pgettext_lazy("automation", "Archived")

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=120)
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.DRAFT
    )
    is_active: models.BooleanField[bool, bool] = models.BooleanField(_("enabled"), default=True)
    draft: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("draft"), default=dict, blank=True
    )
    version: models.ForeignKey[Any, Any] = models.ForeignKey(
        "automations.AutomationVersion",
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("version"),
    )
    cursors: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("automation")
        verbose_name_plural = _("automations")
        ordering = ["-id"]
        permissions = [("toggle_automation", "Can pause any automation")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "archived"]) | Q(version__isnull=False),
                name="automation_at_work_has_a_version",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(OwnedQuerySet["AutomationVersion"]):
    owner_path = "automation__owner_id"


class AutomationVersion(BaseModel):
    """A definition as it was frozen at an activation, with the equation of its enrolments.

    The counters are kept in the very transaction that moves an enrolment. ``moves_over``: those
    inside go over to the version in force, each as soon as it has the step at which they are.
    """

    automation: models.ForeignKey[Automation, Automation] = models.ForeignKey(
        Automation, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    definition: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    activated_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    moves_over: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, db_default=False
    )

    entered = _counter()
    waiting = _counter()
    moving = _counter()
    finished = _counter()
    left = _counter()
    failed = _counter()
    unknown = _counter()

    left_goal = _counter()
    left_unsubscribed = _counter()
    left_suppressed = _counter()
    left_archived = _counter()
    left_erased = _counter()
    left_removed = _counter()
    left_stopped = _counter()
    left_limit = _counter()

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an automation")
        verbose_name_plural = _("versions of automations")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "number"], name="automation_version_unique"
            ),
            models.CheckConstraint(
                condition=Q(
                    entered=F("waiting")
                    + F("moving")
                    + F("finished")
                    + F("left")
                    + F("failed")
                    + F("unknown")
                ),
                name="automation_equation_holds",
            ),
            models.CheckConstraint(
                condition=Q(
                    left=F("left_goal")
                    + F("left_unsubscribed")
                    + F("left_suppressed")
                    + F("left_archived")
                    + F("left_erased")
                    + F("left_removed")
                    + F("left_stopped")
                    + F("left_limit")
                ),
                name="automation_left_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id} v{self.number}"

    @property
    def inside(self) -> int:
        """How many have not come to an end."""
        return self.waiting + self.moving + self.failed + self.unknown


class Step(models.Model):
    """One step of a version. ``key`` is its id in the definition, the same over the versions.

    ``ways`` are the keys of the steps that follow, by the name of the way; an empty one is the end.
    Of those who ``came``, as many have ``gone`` on or out, ``left`` of them out; the others are
    here now.
    """

    class Kind(models.TextChoices):
        SEND = "send", pgettext_lazy("step", "Send")
        WAIT = "wait", pgettext_lazy("step", "Wait")
        CONDITION = "condition", pgettext_lazy("step", "Condition")
        SPLIT = "split", pgettext_lazy("step", "Split")
        ACT = "act", pgettext_lazy("step", "Action")
        EXIT = "exit", pgettext_lazy("step", "Exit")

    version: models.ForeignKey[AutomationVersion, AutomationVersion] = models.ForeignKey(
        AutomationVersion, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    position: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    key: models.CharField[str, str] = models.CharField(max_length=40)
    kind: models.CharField[str, str] = models.CharField(max_length=9, choices=Kind.choices)
    fields: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    ways: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField()
    came = _counter()
    gone = _counter()
    left = _counter()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="step_key_unique"),
            models.UniqueConstraint(fields=["version", "position"], name="step_position_unique"),
            models.CheckConstraint(condition=Q(came__gte=F("gone")), name="step_gone_have_come"),
            models.CheckConstraint(condition=Q(gone__gte=F("left")), name="step_left_have_gone"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.key}"

    @property
    def here(self) -> int:
        """How many are at it now, the failed ones too."""
        return self.came - self.gone

    @property
    def went_on(self) -> int:
        """How many have done it and gone on, or to the end."""
        return self.gone - self.left


class StepMailing(models.Model):
    """The mailing of a send step for those who get its letter for the ``round``-th time."""

    step: models.ForeignKey[Step, Step] = models.ForeignKey(
        Step, on_delete=models.CASCADE, related_name="mailings", db_index=False
    )
    round: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    mailing: models.OneToOneField[Mailing, Mailing] = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, related_name="step_mailing"
    )

    class Meta:
        verbose_name = _("mailing of a step")
        verbose_name_plural = _("mailings of steps")
        constraints = [
            models.UniqueConstraint(fields=["step", "round"], name="step_mailing_round_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.step_id} {self.round}"
