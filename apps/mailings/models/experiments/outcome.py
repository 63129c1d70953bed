"""The experiment of one run: the terms it was launched with, and what was decided."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedQuerySet
from apps.mailings.models.experiments.plan import Terms
from apps.mailings.models.ledger import Run


class RunExperimentQuerySet(OwnedQuerySet["RunExperiment"]):
    owner_path = "run__mailing__owner_id"


class RunExperiment(Terms):
    """What a run tries, judged once. Its variants are numbered from 1 without a gap.

    ``variants``: what is special about each, in words of its owner. ``due_at``: when it is judged,
    known once the sample has been sent. ``judged_at``: when the ``figures`` were read, which never
    change after; ``winner`` is the variant that they speak for clearly enough. ``chosen``: what the
    others get, ``by`` whom, since ``decided_at``; None while a person is asked.
    """

    audit = AuditRule(quiet=frozenset({"figures", "judged_at"}))

    class By(models.TextChoices):
        FIGURES = "figures", pgettext_lazy("experiment", "by the figures")
        OWNER_RULE = "rule", pgettext_lazy("experiment", "as set in advance")
        PERSON = "person", pgettext_lazy("experiment", "chosen")

    run: models.OneToOneField[Run, Run] = models.OneToOneField(
        Run, on_delete=models.CASCADE, related_name="experiment"
    )
    variants: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField()
    due_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    judged_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    figures: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True
    )
    winner: models.PositiveSmallIntegerField[int | None, int | None] = (
        models.PositiveSmallIntegerField(null=True, blank=True)
    )
    decided_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    chosen: models.PositiveSmallIntegerField[int | None, int | None] = (
        models.PositiveSmallIntegerField(null=True, blank=True)
    )
    by: models.CharField[str, str] = models.CharField(max_length=7, choices=By.choices, blank=True)
    person: models.CharField[str, str] = models.CharField(max_length=254, blank=True)

    objects = RunExperimentQuerySet.as_manager()

    class Meta:
        verbose_name = _("experiment of a run")
        verbose_name_plural = _("experiments of runs")
        indexes = [
            models.Index(fields=["due_at"], name="run_experiment_due", condition=Q(judged_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(chosen=None, decided_at=None, by="")
                | Q(chosen__isnull=False, decided_at__isnull=False, judged_at__isnull=False),
                name="run_experiment_choice_whole",
            ),
        ]

    @property
    def is_asked(self) -> bool:
        """True while a person has to choose what the others get."""
        asks = self.if_undecided == Terms.IfUndecided.ASK and self.share < 100
        return asks and self.judged_at is not None and self.chosen is None

    def __str__(self) -> str:
        return f"{self.run_id}: {self.get_metric_display()}"
