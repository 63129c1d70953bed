"""The frequency rules of an owner: how many messages one person may get in a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, Min, Q, Sum
from django.utils.translation import gettext as _

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
def set_rules(*, owner: User, rules: list[tuple[int, int, str]]) -> list[FrequencyRule]:
    """Replace the owner's rules (messages, days, channel). Raises FrequencyRefused.

    The gate comes before the first rule and stays: a claim that holds it counts by whole rules.
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
    log.info("frequency_rules_set", owner_id=owner.pk, count=len(made))
    return made


@dataclass(frozen=True, slots=True)
class Replaced:
    """The rules as they are now. ``woken``: how many need not wait any more."""

    rules: list[FrequencyRule]
    woken: int


def replace_rules(*, owner: User, rules: list[tuple[int, int, str]]) -> Replaced:
    """The same as ``set_rules``; then those who wait are asked again, run by run.

    Who dies in between leaves waits as long as they were: their time comes, and the claim asks
    the rules of then.
    """
    made = set_rules(owner=owner, rules=rules)
    woken = sum(map(waits.ask_again, waits.waiting_runs(owner.pk)))
    log.info("frequency_waits_asked", owner_id=owner.pk, woken=woken)
    return Replaced(made, woken)


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
