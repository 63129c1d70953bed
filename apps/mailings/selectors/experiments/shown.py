"""The experiment of a run as pages and programs show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.core.text.formatting import humanize_time
from apps.mailings.models import Run, RunExperiment
from apps.mailings.models.experiments.plan import Terms, letter

#: More than this is said so, and never "with 100 % probability".
_TOP = 99.9


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """One variant. Shares are percent; None before the figures were read."""

    number: int
    letter: str
    facts: dict[str, str]
    count: int | None
    events: int | None
    share: float | None
    low: float | None
    high: float | None
    best: float | None
    is_winner: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ShownExperiment:
    """``sentence`` says how it stands; ``asked``: a person has to choose."""

    run: Run
    row: RunExperiment
    variants: Sequence[ShownVariant]
    sentence: str
    asked: bool


def shown_experiment(run: Run, now: datetime) -> ShownExperiment | None:
    """The experiment of this run; None without one."""
    row = RunExperiment.objects.filter(run=run).first()
    if row is None:
        return None
    asked = row.is_asked
    return ShownExperiment(run, row, variants_of(row), sentence_of(row, now), asked)


def variants_of(row: RunExperiment) -> list[ShownVariant]:
    """Each variant with what was kept of it."""
    return [_variant(row, number, facts) for number, facts in enumerate(row.variants, 1)]


def _variant(row: RunExperiment, number: int, facts: dict[str, str]) -> ShownVariant:
    seen: dict[str, Any] = row.figures[number - 1] if row.figures else {}
    count, events = seen.get("count"), seen.get("events")
    return ShownVariant(
        number=number,
        letter=letter(number),
        facts=facts,
        count=count,
        events=events,
        share=100 * events / count if count and events is not None else None,
        low=100 * seen["low"] if seen else None,
        high=100 * seen["high"] if seen else None,
        best=100 * seen["best"] if seen else None,
        is_winner=row.winner == number,
        is_chosen=row.chosen == number,
    )


def sentence_of(row: RunExperiment, now: datetime) -> str:
    """How it stands, in words."""
    if row.judged_at is None:
        if row.due_at is None:
            return _("The variants are being sent.")
        return _("To be decided: %(when)s.") % {"when": humanize_time(row.due_at, now)}
    if row.winner is not None:
        sure = 100 * row.figures[row.winner - 1]["best"]
        facts = {"variant": letter(row.winner), "sure": f"{min(sure, _TOP):.3g}"}
        if sure > _TOP:
            return _("%(variant)s is better with more than %(sure)s %% probability.") % facts
        return _("%(variant)s is better with %(sure)s %% probability.") % facts
    return f"{_('No variant is clearly better.')} {_undecided(row)}".strip()


def _undecided(row: RunExperiment) -> str:
    """What became of the others."""
    if row.chosen is None:
        return _("Choose what the other recipients get.") if row.is_asked else ""
    facts = {"variant": letter(row.chosen)}
    if row.by == RunExperiment.By.PERSON:
        return _("The other recipients get %(variant)s: it was chosen.") % facts
    if row.if_undecided == Terms.IfUndecided.LEADER:
        return _("The other recipients get %(variant)s: it was ahead.") % facts
    return _("The other recipients get %(variant)s, as set in advance.") % facts
