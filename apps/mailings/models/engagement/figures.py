"""What readers did with the letters of a run, as counters on the run."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy


class Tracking(models.TextChoices):
    """What a letter measures: nothing, sums without persons, or what each person did."""

    OFF = "off", pgettext_lazy("tracking", "Nothing")
    TOTALS = "totals", pgettext_lazy("tracking", "Totals only")
    PERSONS = "persons", pgettext_lazy("tracking", "Each person")


class Term(models.TextChoices):
    """Who reacted, as far as it is known; without a row nothing was seen."""

    PERSON = "person", pgettext_lazy("engagement", "a person")
    UNCLEAR = "unclear", pgettext_lazy("engagement", "cannot know")
    MACHINE = "machine", pgettext_lazy("engagement", "machine only")


def _counter() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(default=0, db_default=0)


#: What stands behind ``engaged_`` on a run.
COUNTERS: Final = (*Term.values, "clicked")


class EngagementFigures(models.Model):
    """How many of the sent and delivered stand in each term: one term each, the rest in none.

    They move in the transaction that writes the engagement or moves the delivery.
    ``engaged_clicked``: persons who followed a link, a part of ``engaged_person``.
    """

    engaged_person = _counter()
    engaged_unclear = _counter()
    engaged_machine = _counter()
    engaged_clicked = _counter()

    class Meta:
        abstract = True


def within_sent() -> models.CheckConstraint:
    """Nobody is counted twice, and nobody to whom nothing was sent."""
    terms = F("engaged_person") + F("engaged_unclear") + F("engaged_machine")
    return models.CheckConstraint(
        condition=Q(state="preparing")
        | Q(sent__gte=terms - F("delivered"), engaged_clicked__lte=F("engaged_person")),
        name="run_engaged_within_sent",
    )
