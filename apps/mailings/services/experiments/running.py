"""An experiment in its run: begun at the launch, judged once, and the choice that follows.

1. A launch keeps the terms and the variants; claims stop at the sample's last place.
2. When the sample is sent the worker sets the moment of the judgement, and the run waits for it.
3. ``judge_due`` reads the figures, once, under the run's lock, and keeps them with their moment.
   The variant that has won is chosen, or what the owner has said for this case.
4. Who is asked chooses by ``choose``. The others get that variant: newest_versions of
   run_content leads all versions to it, so that nothing is written for a million people.

Refused
├─ ExperimentNotAsked    experiment_not_asked    there is no choice to be made
└─ VariantUnknown        variant_unknown         the run has no such variant
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.slots import planner
from apps.core.text.formatting import refusal
from apps.core.values.decisions import Judgement, judge
from apps.mailings.ledger import dialect, routes, runs
from apps.mailings.models import Mailing, Run, RunExperiment, RunRoute
from apps.mailings.models.experiments.plan import Terms, letter
from apps.mailings.models.ledger import NO_LIMIT
from apps.mailings.run_content import choice_of
from apps.mailings.selectors.experiments.figures import figures_of
from apps.mailings.services.experiments.variants import experiment_of, facts_of

log = structlog.get_logger(__name__)

_WAITS: Final = (Run.Reason.EXPERIMENT, Run.Reason.EXPERIMENT_UNDECIDED)
#: What the owner plans, and a run keeps.
_TERMS: Final = [field.name for field in Terms._meta.fields if field.name[-3:] != "_at"]


class ExperimentNotAsked(Refused):
    """Nobody is asked to choose a variant: it is not decided yet, or chosen already."""

    code = "experiment_not_asked"


class VariantUnknown(Refused):
    """The run has no such variant."""

    code = "variant_unknown"


def begin_experiment(run: Run, mailing: Mailing) -> None:
    """Keep the experiment with the run, in the transaction that creates it."""
    choice, experiment = choice_of(run.content), experiment_of(mailing)
    if choice is None or choice.split is None or experiment is None:
        return
    RunExperiment.objects.create(
        run=run,
        variants=facts_of(experiment, mailing),
        **{name: getattr(experiment, name) for name in _TERMS},
    )
    if choice.split.has_rest:
        run.claim_limit = 0
        run.save(update_fields=["claim_limit"])


def judge_due() -> int:
    """Judge every experiment whose moment has come. Returns how many."""
    open_ones = RunExperiment.objects.filter(judged_at=None)
    for one in open_ones.filter(due_at=None, run__finished_at__isnull=False).select_related("run"):
        at = one.run.finished_at + timedelta(minutes=one.wait_minutes)
        open_ones.filter(pk=one.pk).update(due_at=at)
    due = open_ones.filter(due_at__lte=dialect.database_now())
    return sum(_judge(run_id) for run_id in list(due.values_list("run_id", flat=True)))


def decision_at(run: runs.LockedRun) -> datetime | None:
    """When the run's experiment is judged; None: it is, and a person is asked.

    Set when it is asked for first: the sample is sent by then.
    """
    row = RunExperiment.objects.get(run_id=run.id)
    if row.judged_at is not None:
        return None
    if row.due_at is None:
        row.due_at = run.now + timedelta(minutes=row.wait_minutes)
        row.save(update_fields=["due_at", "updated_at"])
    due: datetime = row.due_at
    return due


@transaction.atomic
def _judge(run_id: int) -> bool:
    """Judge this experiment, unless somebody else has."""
    run = runs.lock(run_id)
    row = RunExperiment.objects.filter(run_id=run_id, judged_at=None).first()
    if run is None or row is None:
        return False
    judgement = judge(figures_of(row))
    row.judged_at, row.winner = run.now, judgement.winner
    row.figures = [asdict(one) for one in judgement.variants]
    row.save(update_fields=["judged_at", "winner", "figures", "updated_at"])
    log.info("experiment_judged", mailing_id=run.mailing_id, run=run.number, winner=row.winner)
    if run.claim_limit == NO_LIMIT:  # everybody has got one already
        return True
    chosen = _chosen(row, judgement)
    if chosen is not None:
        by_figures = judgement.winner is not None
        by = RunExperiment.By.FIGURES if by_figures else RunExperiment.By.OWNER_RULE
        _choose(run, row, chosen, by)
    elif _waits(run):
        runs.defer(run, Run.Reason.EXPERIMENT_UNDECIDED, None)
    return True


def _chosen(row: RunExperiment, judgement: Judgement) -> int | None:
    """What the others get; None: a person is asked."""
    if judgement.winner is not None:
        return judgement.winner
    match row.if_undecided:
        case Terms.IfUndecided.FIRST:
            return 1
        case Terms.IfUndecided.LEADER:
            return judgement.leader
    return None


def choose(*, run_id: int, number: int, actor: str) -> RunExperiment:
    """A person says which variant the others get; ``actor``: whom the history names.

    Raises ExperimentNotAsked, VariantUnknown.
    """
    with transaction.atomic():
        run = runs.lock(run_id)
        row = RunExperiment.objects.filter(run_id=run_id).first()
        if run is None or row is None or not row.is_asked:
            raise refusal(ExperimentNotAsked, _("There is no variant to choose now."))
        if not 1 <= number <= len(row.variants):
            raise refusal(VariantUnknown, _("This experiment has no such variant."))
        _choose(run, row, number, RunExperiment.By.PERSON, person=actor)
    planner.value.planned()
    return row


def _choose(
    run: runs.LockedRun, row: RunExperiment, number: int, by: str, *, person: str = ""
) -> None:
    """From now on everybody gets this variant."""
    row.chosen, row.by, row.person, row.decided_at = number, by, person, run.now
    row.save(update_fields=["chosen", "by", "person", "decided_at", "updated_at"])
    Run.objects.filter(pk=run.id).update(claim_limit=NO_LIMIT)
    run.claim_limit = NO_LIMIT
    facts = {"variant": letter(number), "by": str(by)}
    log.info("experiment_decided", mailing_id=run.mailing_id, run=run.number, **facts)
    _go_on(run)


def _go_on(run: runs.LockedRun) -> None:
    """Let the others be sent. A run that stands still for something else keeps its reason."""
    mine = RunRoute.objects.filter(run_id=run.id, reason__in=_WAITS)
    route = mine.first()
    mine.update(until=run.now)
    if _waits(run):
        runs.enqueue(run)
    elif route is not None and run.state == Run.State.DEFERRED:
        routes.switch_to(run, route)  # another channel waits for something of its own


def _waits(run: runs.LockedRun) -> bool:
    """True if the run stands still for nothing but its experiment."""
    held = Run.objects.filter(pk=run.id, state__in=[Run.State.DEFERRED, Run.State.PAUSED])
    return held.filter(reason__in=_WAITS).exists()
