"""What the managers' page of one user shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.totals import ALWAYS, Sums
from apps.reports.selectors.statistics import MailingStats, lines_of
from apps.users.models import User

#: Mailings that the page lists.
LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class Activity:
    """What of a user's is going on, will start without anybody, or lets programs in."""

    running: int
    scheduled: int
    tokens: int


def activity_of(user: User) -> Activity:
    """What a block stops."""
    open_runs = Run.objects.filter(mailing__owner=user).exclude(state=Run.State.DONE)
    mailings = Mailing.objects.filter(
        owner=user, archived_at=None, status=Mailing.Status.CREATED, is_active=True
    )
    scheduled = mailings.filter(scheduled_at__isnull=False, ends_at__gt=timezone.now())
    tokens = user.api_tokens.filter(expires_at__gt=timezone.now())
    return Activity(open_runs.count(), scheduled.count(), tokens.count())


def last_mailings(user: User) -> list[MailingStats]:
    """The newest mailings of the user with their figures."""
    rows = listed(Mailing.objects.filter(owner=user)).select_related("owner", "message")
    newest = list(rows.order_by("-pk")[:LISTED])
    return lines_of(Sums(rows, ALWAYS), newest)
