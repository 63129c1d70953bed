"""One recipient's way through one version of an automation."""

from __future__ import annotations

from typing import Any, Final, Self

from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.automations.models.automation import Automation, AutomationVersion, Left, Step
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Recipient


class EnrolmentQuerySet(OwnedQuerySet["Enrolment"]):
    owner_path = "automation__owner_id"

    def idle(self) -> Self:
        """Those whom nobody moves and who are due at some time.

        The states stand in the statement itself: SQLite finds a partial index by nothing else.
        """
        idle = "%(expressions)s IN ('waiting', 'unknown')"
        return self.filter(Func(F("state"), template=idle, output_field=models.BooleanField()))

    def of(self, automation: Automation) -> Self:
        """Those of all its versions, by which they are indexed."""
        return self.filter(version__in=list(automation.versions.values_list("pk", flat=True)))


class Enrolment(models.Model):
    """One recipient's way through one version.

    It is at ``step``, at which it came at ``step_since``; ``begun``: the step waits for something
    until ``until``, and looks again at ``due_at``. While a worker moves it, ``token`` is that
    worker's, until ``lease_until``. ``cause`` names the fact that began it, so that a fact begins
    one only; ``several``: beside others of the same person. ``delivery_id`` is its last letter.
    ``reason``: why it left or failed. Without a recipient: the person was erased.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("enrolment", "Waiting")
        MOVING = "moving", pgettext_lazy("enrolment", "Moving")
        FINISHED = "finished", pgettext_lazy("enrolment", "Finished")
        LEFT = "left", pgettext_lazy("enrolment", "Left")
        FAILED = "failed", pgettext_lazy("enrolment", "Failed")
        UNKNOWN = "unknown", pgettext_lazy("enrolment", "Unknown")

    class Failure(models.TextChoices):
        """Why a step could not be done for somebody."""

        LETTER_FAILED = "letter_failed", _("the letter could not be sent")
        LETTER_REFUSED = "letter_refused", _("the letter could not be made")
        ADDRESS_TAKEN = "address_taken", _("the address belongs to somebody else in this mailing")
        NO_DATE = "no_date", _("the date is missing")
        NOT_THERE = "not_there", _("what the step needs does not exist any more")
        NO_WEBHOOK = "no_webhook", _("no webhook receives automations")
        ENDED = "subscription_ended", _("only the person can subscribe again")
        DEFECT = "defect", _("a defect of the program")

    version: models.ForeignKey[AutomationVersion, AutomationVersion] = models.ForeignKey(
        AutomationVersion, on_delete=models.CASCADE, related_name="enrolments", db_index=False
    )
    automation: models.ForeignKey[Automation, Automation] = models.ForeignKey(
        Automation, on_delete=models.CASCADE, related_name="enrolments", db_index=False
    )
    recipient: models.ForeignKey[Recipient | None, Recipient | None] = models.ForeignKey(
        Recipient,
        on_delete=models.SET_NULL,
        related_name="enrolments",
        null=True,
        blank=True,
        db_index=False,
    )
    step: models.ForeignKey[Step | None, Step | None] = models.ForeignKey(
        Step,
        on_delete=models.CASCADE,
        related_name="enrolments",
        null=True,
        blank=True,
        db_index=False,
    )
    state: models.CharField[str, str] = models.CharField(
        max_length=8, choices=State.choices, default=State.WAITING
    )
    reason: models.CharField[str, str] = models.CharField(max_length=120, blank=True, default="")
    cause: models.CharField[str, str] = models.CharField(max_length=120, blank=True, default="")
    several: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    entered_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    changed_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    due_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    begun: models.BooleanField[bool, bool] = models.BooleanField(default=False, db_default=False)
    step_since: models.DateTimeField[Any, Any] = models.DateTimeField()
    until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    steps_taken: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )
    token: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True
    )
    lease_until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    #: Without a constraint: a delivery goes only with its run.
    delivery_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["step", "due_at"],
                name="enrolment_due",
                condition=Q(state__in=["waiting", "unknown"]),
            ),
            models.Index(
                fields=["lease_until"], name="enrolment_lease", condition=Q(state="moving")
            ),
            models.Index(fields=["recipient", "automation"], name="enrolment_of_recipient"),
            models.Index(fields=["version", "state", "id"], name="enrolment_of_version"),
            models.Index(
                fields=["version"],
                name="enrolment_of_nobody",
                condition=Q(
                    recipient__isnull=True, state__in=["waiting", "moving", "failed", "unknown"]
                ),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "recipient"],
                condition=Q(state__in=["waiting", "moving", "failed", "unknown"], several=False),
                name="enrolment_one_live",
            ),
            models.UniqueConstraint(
                fields=["automation", "recipient", "cause"],
                condition=~Q(cause=""),
                name="enrolment_one_per_cause",
            ),
            models.CheckConstraint(
                condition=~Q(state="moving") | Q(token__isnull=False, lease_until__isnull=False),
                name="enrolment_moving_has_a_token",
            ),
            models.CheckConstraint(
                condition=~Q(state="left") | Q(reason__in=Left.values),
                name="enrolment_left_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["finished", "left"]) | Q(step__isnull=False),
                name="enrolment_live_is_at_a_step",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id}: {self.recipient_id} {self.state}"


#: In these an enrolment has not come to its end.
LIVE: Final = ("waiting", "moving", "failed", "unknown")


class StepDone(models.Model):
    """A step was done for one enrolment, for the ``visit``-th time, and which way it went on.

    ``delivery_id``: the letter of a send step. Written in the transaction that did it.
    """

    enrolment: models.ForeignKey[Enrolment, Enrolment] = models.ForeignKey(
        Enrolment, on_delete=models.CASCADE, related_name="done", db_index=False
    )
    step: models.ForeignKey[Step, Step] = models.ForeignKey(
        Step, on_delete=models.CASCADE, related_name="done", db_index=False
    )
    visit: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    way: models.CharField[str, str] = models.CharField(max_length=20)
    delivery_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True
    )
    done_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("step done")
        verbose_name_plural = _("steps done")
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "step", "visit"], name="step_done_once_a_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id} {self.step_id} {self.visit}"
