"""Fill an installation: ``python -m tests.faults.experiments.seed COUNT``. Prints a mailing's id.

The mailing of ``tests.faults.seed`` with a second variant. ``react`` is called in a process of its
own: people of the sample follow links, and the wait for the decision runs out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tests.faults import seed

#: What the letters of each variant say, so that the receiver knows them apart.
SUBJECTS: Final = {1: "Offer A", 2: "Offer B"}


def main() -> None:
    seed.main()
    from apps.mailings.models import Experiment, Mailing, Message, Variant

    mailing = Mailing.objects.get()
    Message.objects.filter(pk=mailing.message_id).update(subject=SUBJECTS[1])
    experiment = Experiment.objects.create(mailing=mailing, wait_minutes=30)
    Variant.objects.create(experiment=experiment, number=2, subject=SUBJECTS[2])


def react(first: str, second: str, seconds: str) -> None:
    """So many persons click in each variant, and in so many seconds the wait is over."""
    from apps.mailings.ledger.dialect import database_now
    from apps.mailings.models import Run, RunExperiment, RunRoute
    from tests.faults.experiments.clicks import clicked

    run = Run.objects.get()
    for version, count in ((1, int(first)), (2, int(second))):
        clicked(run, version, count)
    at = database_now() + timedelta(seconds=float(seconds))
    RunExperiment.objects.filter(run=run).update(due_at=at)
    RunRoute.objects.filter(run=run).exclude(reason="").update(until=at)
    Run.objects.filter(pk=run.pk).update(deferred_until=at)


if __name__ == "__main__":
    main()
