"""A run that stays open: launched for nobody, and joined by those who come to its step."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.contracts import Launched
from apps.delivery.engine.runs.control import NothingToDo
from apps.delivery.engine.runs.launch import launch
from apps.mailings.ledger import freeze, runs
from apps.mailings.ledger.add_recipient import add_several
from apps.mailings.models import Run
from apps.mailings.rules import audience_of_run


def launch_open(*, mailing_id: int, trigger: str) -> Launched:
    """Open the run of an automation's mailing, whole, or leave nothing behind.

    Raises what ``launch`` raises.
    """
    with transaction.atomic():
        launched = launch(mailing_id=mailing_id, trigger=trigger, early=False, make=False)
        run = runs.lock(launched.run_id)
        assert run is not None  # made by this very transaction, or open
        if not run.frozen:
            freeze.close_freeze(run, run.now)
            runs.finish(run)
    return launched


@transaction.atomic
def add_recipients(mailing_id: int, recipient_ids: Sequence[int]) -> dict[int, int]:
    """Let these of the owner's recipients into the mailing's open run. Returns their deliveries.

    Whom suppression, consent or a missing address keeps out has one too, which says so; who is in
    the run already has none here. Raises NothingToDo.
    """
    run = _lock_open_run(mailing_id)
    row = Run.objects.select_related("mailing__owner").get(pk=run.id)
    added = add_several(run, audience_of_run(row, run.now), recipient_ids)
    if any(pending for _delivery, pending in added.values()):
        runs.wake_idle(run)
    return {recipient: delivery for recipient, (delivery, _pending) in added.items()}


def _lock_open_run(mailing_id: int) -> runs.LockedRun:
    """A pause, of whatever kind, keeps nobody out: the run waits with all that it has."""
    found = Run.objects.filter(mailing_id=mailing_id).exclude(state=Run.State.DONE)
    run = runs.lock(found.values_list("pk", flat=True).first() or 0)
    if run is None or run.stopping or run.now >= run.ends_at:
        raise NothingToDo(_("This mailing is not being sent."))
    return run
