"""The frequency rules of an owner: how many messages one person may get in a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.mailings.ledger import waits
from apps.mailings.ledger.permission.frequency import WAITS, counted_runs
from apps.mailings.models import Delivery, FrequencyGate, FrequencyRule, Recipient, Run
from apps.users.models import User

log = structlog.get_logger(__name__)

#: More rules than a person keeps in mind help nobody.
MOST: Final = 3
#: The days that the figures are about: of messages to each person, and of skipped ones.
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
#: So many messages and more are one figure.
MANY: Final = 5
_COUNTED: Final = ("sent", "delivered", "bounced", "unknown")


class FrequencyRefused(Refused):
    """The rule is not possible, or there are too many."""

    code = "frequency_refused"


@transaction.atomic
def replace_rules(*, owner: User, rules: list[tuple[int, int, str]]) -> list[FrequencyRule]:
    """Replace the owner's rules (messages, days, channel). Raises FrequencyRefused.

    The gate comes before the first rule and stays: a claim that holds it counts by whole rules.
    Those who wait are asked again in the background: a million of them may.
    """
    if len(rules) > MOST:
        raise FrequencyRefused(_("Three rules at most."))
    FrequencyGate.objects.get_or_create(owner=owner)
    FrequencyGate.objects.select_for_update().get(owner=owner)
    FrequencyRule.objects.filter(owner=owner).delete()
    made = []
    for messages, days, channel in rules:
        rule = FrequencyRule(owner=owner, messages=messages, days=days, channel=channel)
        try:
            rule.full_clean()
        except ValidationError as error:
            raise FrequencyRefused(error.messages[0]) from None
        rule.save()
        made.append(rule)
    FrequencyGate.objects.filter(owner=owner).update(changed_at=timezone.now())
    log.info("frequency_rules_set", owner_id=owner.pk, count=len(made))
    return made


class FrequencyWaits(BackgroundJob):
    """Asks those who wait for rules that were changed."""

    name = "frequency_waits"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        changed = FrequencyGate.objects.filter(changed_at__isnull=False).order_by("changed_at")
        for owner_id in list(changed.values_list("owner_id", flat=True)):
            ask_again(owner_id, stopping)


def ask_again(owner_id: int, stopping: Callable[[], bool]) -> int:
    """Ask the rules of now about all who wait, run by run. Returns how many need not any more.

    The mark stays where this is stopped, dies, or the rules are changed meanwhile: the next turn
    begins anew, and asking twice changes nothing.
    """
    gate = FrequencyGate.objects.filter(owner_id=owner_id)
    changed_at = gate.values_list("changed_at", flat=True).first()
    woken = 0
    for run_id in waits.waiting_runs(owner_id):
        if stopping():
            return woken
        woken += waits.ask_again(run_id)
    gate.filter(changed_at=changed_at).update(changed_at=None)
    log.info("frequency_waits_asked", owner_id=owner_id, woken=woken)
    return woken


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often people were written to.

    ``people``: how many got so many messages in a week, from none to MANY and more; ``waiting``:
    deliveries that wait for a rule now, the first of them until ``first_at``; ``skipped``: left out
    by one in a month.
    """

    people: tuple[int, ...]
    waiting: int
    first_at: datetime | None
    skipped: int


def figures(owner_id: int, *, now: datetime) -> Frequency:
    """Counted as the rules count."""
    waiting = Delivery.objects.filter(
        run__in=waits.waiting_runs(owner_id),
        state=Delivery.State.PENDING,
        not_before__isnull=False,
        response=WAITS,
    ).aggregate(n=Count("pk"), first=Min("not_before"))
    recent = Run.objects.filter(mailing__owner_id=owner_id, created_at__gt=now - MONTH)
    skipped = recent.aggregate(n=Sum("left_cap"))["n"] or 0
    return Frequency(_people(owner_id, now), waiting["n"], waiting["first"], skipped)


def _people(owner_id: int, now: datetime) -> tuple[int, ...]:
    """How many of the living got none, one, two … messages in the last week."""
    since = now - WEEK
    by_count = [0] * (MANY + 1)
    for n, people in _by_messages(counted_runs(owner_id, since), since):
        by_count[min(n, MANY)] += people
    living = Recipient.objects.filter(owner_id=owner_id, archived_at=None).count()
    by_count[0] = max(living - sum(by_count), 0)
    return tuple(by_count)


def _by_messages(runs: list[int], since: datetime) -> list[tuple[int, int]]:
    """Numbers of messages, and how many people got so many."""
    if not runs:
        return []
    counted = Q(state="sending") | Q(state__in=_COUNTED, sent_at__gt=since)
    rows = Delivery.objects.filter(counted, run_id__in=runs, recipient__archived_at=None)
    each = rows.order_by().values("recipient_id").annotate(n=Count("pk")).values("n")
    sql, params = each.query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT x.n, COUNT(*) FROM ({sql}) x GROUP BY x.n", params)
        return list(cursor.fetchall())
