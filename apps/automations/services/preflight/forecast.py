"""How many letters a day, if as many come as did in the last thirty days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation, AutomationEvent, Enrolment
from apps.automations.services.preflight.findings import WHOLE, DraftFinding, FindingCode
from apps.core.errors import Refused
from apps.delivery.accounts import declared
from apps.delivery.preflight.findings import Place, warning
from apps.mailings.models import Attempt, Subscription

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ArrivalForecast:
    """``arrivals`` in so many ``days``; ``letters``: the most that one person gets."""

    arrivals: int
    letters: int
    days: int = DAYS

    @property
    def per_day(self) -> int:
        """Letters a day, at most; rounded up."""
        return -(-self.arrivals * self.letters // self.days)


def forecast(found: Definition, automation: Automation, now: datetime) -> ArrivalForecast | None:
    """By those who came in; before the first activation by what the trigger would have seen.

    None: of this trigger nothing is known beforehand.
    """
    letters = sum(isinstance(one, Send) for one in found.steps)
    since = now - timedelta(days=DAYS)
    same = automation.version is not None and (
        automation.version.definition["trigger"] == found.trigger.model_dump(mode="json")
    )
    if same:
        came = Enrolment.objects.of(automation).filter(entered_at__gte=since)
        return ArrivalForecast(came.count(), letters)
    count = _HISTORY.get(found.trigger.kind)
    if count is None:
        return None
    return ArrivalForecast(count(found.trigger, automation.owner_id, since).count(), letters)


def too_many(found: Definition, foreseen: ArrivalForecast) -> list[DraftFinding]:
    """Accounts whose limit of a day is lower than the letters that are foreseen."""
    wanting: dict[str, int] = {}
    for one in found.steps:
        if isinstance(one, Send):
            wanting[one.account] = wanting.get(one.account, 0) + 1
    result = []
    for name, letters in wanting.items():
        try:
            limit = declared(name).limits.get("day")
        except Refused:
            continue  # said at the step
        count = -(-foreseen.arrivals * letters // foreseen.days)
        if limit is not None and count > limit:
            text = _("Messages a day by account %(name)s: %(count)s; it may send %(most)s.")
            fix = _("Raise the limit, or choose another account.")
            warned = warning(text, fix, Place.NOWHERE, name=name, count=count, most=limit)
            result.append(DraftFinding(WHOLE, FindingCode.LIMIT, warned))
    return result


def _subscribed(trigger: Any, owner_id: int, since: datetime) -> QuerySet[Any]:
    rows = Subscription.objects.filter(list__owner_id=owner_id, since__gte=since)
    return rows.filter(list_id=trigger.list, status=Subscription.Status.SUBSCRIBED)


def _sent(trigger: Any, owner_id: int, since: datetime) -> QuerySet[Any]:
    rows = Attempt.objects.filter(mailing__owner_id=owner_id, created_at__gte=since)
    done = {"kind": Attempt.Kind.DELIVERY, "status": Attempt.Status.SUCCESS}
    return rows.filter(mailing_id=trigger.mailing, **done)


def _reported(trigger: Any, owner_id: int, since: datetime) -> QuerySet[Any]:
    return AutomationEvent.objects.filter(owner_id=owner_id, name=trigger.name, at__gte=since)


_HISTORY: Final[Mapping[str, Callable[[Any, int, datetime], QuerySet[Any]]]] = {
    "subscribed": _subscribed,
    "sent": _sent,
    "event": _reported,
}
