"""An experiment of a mailing as its owner plans it: what is tried, and what decides."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel
from apps.mailings.models.content import Message
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.senders import Sender

SHARES: Final = (10, 100)
#: Minutes from the last letter of the sample to the decision: half an hour to a week.
WAITS: Final = (30, 7 * 24 * 60)
HOURS: Final = (0, 23)
#: The mailing itself is the first variant.
MOST_VARIANTS: Final = 5


class Terms(BaseModel):
    """What decides an experiment. A run keeps its own, so that a later change cannot reach it.

    ``goal``: the address of the link that counts, where the metric is one link. ``share``: how many
    of a hundred recipients are the sample; the others get the variant that has won.
    """

    class Metric(models.TextChoices):
        CLICKS = "clicks", pgettext_lazy("experiment", "Clicks")
        OPENS = "opens", pgettext_lazy("experiment", "Opens")
        GOAL = "goal", pgettext_lazy("experiment", "Clicks on one link")

    class IfUndecided(models.TextChoices):
        """What the others get when no variant is clearly better."""

        FIRST = "first", _("Variant A")
        LEADER = "leader", _("The variant that is ahead")
        ASK = "ask", _("Wait for my choice")

    metric: models.CharField[str, str] = models.CharField(
        _("what counts"), max_length=6, choices=Metric.choices, default=Metric.CLICKS
    )
    goal: models.CharField[str, str] = models.CharField(
        _("address of the link"), max_length=2000, blank=True
    )
    share: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("sample, % of recipients"), default=20
    )
    wait_minutes: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("decide after, minutes"), default=240
    )
    if_undecided: models.CharField[str, str] = models.CharField(
        _("if undecided"),
        max_length=6,
        choices=IfUndecided.choices,
        default=IfUndecided.FIRST,
    )

    class Meta:
        abstract = True


class Experiment(Terms):
    """The experiment of a mailing, which itself is variant A; the others are ``variants``."""

    audit = AuditRule()

    mailing: models.OneToOneField[Mailing, Mailing] = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, related_name="experiment"
    )

    objects = AuditedQuerySet.as_manager()

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gte=SHARES[0], share__lte=SHARES[1]),
                name="experiment_share_in_range",
            ),
            models.CheckConstraint(
                condition=Q(wait_minutes__gte=WAITS[0], wait_minutes__lte=WAITS[1]),
                name="experiment_wait_in_range",
            ),
            models.CheckConstraint(
                condition=(Q(metric="goal") & ~Q(goal="")) | (~Q(metric="goal") & Q(goal="")),
                name="experiment_goal_of_its_metric",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.get_metric_display()}"


class Variant(AuditedModel):
    """How a further variant differs from the mailing. What is empty is as in the mailing."""

    audit = AuditRule()

    experiment: models.ForeignKey[Experiment, Experiment] = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="variants", db_index=False
    )
    #: From 2: the mailing is the first.
    number: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=255, blank=True)
    preheader: models.CharField[str, str] = models.CharField(
        _("preheader"), max_length=255, blank=True
    )
    sender: models.ForeignKey[Sender | None, Sender | None] = models.ForeignKey(
        Sender,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("from"),
    )
    message: models.ForeignKey[Message | None, Message | None] = models.ForeignKey(
        Message,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("message"),
    )

    #: Of each recipient's own day; the mailing's own hours, if it has any, do not hold for it then.
    hour: models.PositiveSmallIntegerField[int | None, int | None] = (
        models.PositiveSmallIntegerField(_("start hour"), null=True, blank=True)
    )

    objects = AuditedQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["experiment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="variant_number_unique"),
            models.CheckConstraint(
                condition=Q(number__gte=2, number__lte=MOST_VARIANTS),
                name="variant_number_in_range",
            ),
            models.CheckConstraint(
                condition=Q(hour=None) | Q(hour__lte=HOURS[1]), name="variant_hour_in_range"
            ),
        ]

    def __str__(self) -> str:
        return letter(self.number)

    @property
    def differs(self) -> bool:
        """True if anything of it is not as in the mailing."""
        parts = self.subject or self.preheader or self.sender_id or self.message_id
        return bool(parts) or self.hour is not None


def letter(number: int) -> str:
    """What people call a variant: A is the first."""
    return chr(ord("A") + number - 1)
