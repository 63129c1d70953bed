"""Manual starts of mailings: page, API and command line all call this, and are counted.

What starts by its own plan, and messages to one recipient, are not: they do not come here.
"""

from __future__ import annotations

from django.utils import timezone

from apps.core.contracts import Launched
from apps.core.http.throttle import count_start, uncount_start
from apps.core.slots import run_control
from apps.mailings.models import Mailing
from apps.mailings.services.feeds.round import read_before_start


def start(*, mailing_id: int, trigger: str, early: bool = False) -> Launched:
    """Launch the mailing's current run, or join it. Raises TooOften, and what ``launch`` raises.

    Joining an open run sends nothing more, and is not counted. A feed is read first: raises
    FeedUnreachable, FeedInvalid.
    """
    owner_id = _count(mailing_id)
    read_before_start(mailing_id, timezone.now())
    launched = run_control.value.launch(mailing_id=mailing_id, trigger=trigger, early=early)
    if owner_id is not None and not launched.created:
        uncount_start(owner_id)
    return launched


def reset(*, mailing_id: int) -> int:
    """Open the mailing's next run. Returns its number. Raises TooOften, and what ``reset`` does."""
    _count(mailing_id)
    return run_control.value.reset(mailing_id=mailing_id)


def retry_failed(*, mailing_id: int, hopeful_only: bool = False) -> int:
    """Put the failed back into the run. Returns how many. Raises TooOften, and as ``reset``."""
    _count(mailing_id)
    return run_control.value.retry_failed(mailing_id=mailing_id, hopeful_only=hopeful_only)


def send_remaining(*, mailing_id: int) -> int:
    """Put those who were left out back into the run. Raises TooOften, and as ``reset``."""
    _count(mailing_id)
    return run_control.value.send_remaining(mailing_id=mailing_id)


def change_status(*, mailing_id: int, status: str, actor: str) -> int:
    """Move the mailing to this status; Running is a start. Raises TooOften, and as ``start``."""
    if status == Mailing.Status.RUNNING:
        _count(mailing_id)
        read_before_start(mailing_id, timezone.now())
    return run_control.value.change_status(mailing_id=mailing_id, status=status, actor=actor)


def _count(mailing_id: int) -> int | None:
    """The owner, whose start it is; None when there is no such mailing. Raises TooOften."""
    owner_id = Mailing.objects.filter(pk=mailing_id).values_list("owner_id", flat=True).first()
    if owner_id is not None:
        count_start(owner_id)
    return owner_id
