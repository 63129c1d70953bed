"""Events of subscriptions, erasures and imports, from the rows that keep them. Only reads.

Consents come in the order of their ids. An erasure empties the rows of its person: those that had
not been reported by then come in their place, without the person. An import is one event, however
many consents it brought.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef

from apps.api.webhooks.models import ReportedImport, Webhook
from apps.mailings.models import Consent, RecipientImport, Subscription

Event = dict[str, Any]

#: The most events of consents and of imports in one call.
CONSENTS: Final = 60
IMPORTS: Final = 5
#: Ended runs and imports are looked at again for so long: their transaction may have been slow.
MARGIN: Final = timedelta(hours=1)

_TYPES: Final = {
    Consent.Act.GIVEN.value: "subscription.subscribed",
    Consent.Act.STATED.value: "subscription.subscribed",
    Consent.Act.CONFIRMED.value: "subscription.confirmed",
    Consent.Act.WITHDRAWN.value: "subscription.unsubscribed",
    Consent.Act.ERASED.value: "recipient.erased",
}
_FIGURES: Final = ("added", "updated", "unchanged", "suppressed", "rejected")


@dataclass(frozen=True, slots=True)
class People:
    """The events, and where the webhook stands after them."""

    events: list[Event]
    imports: list[ReportedImport]
    cursor: int
    more_imports: bool


def people_of(webhook: Webhook, *, bound: int, limit: int, now: datetime) -> People:
    """The next ones for this webhook, so many at most; consents up to the id ``bound``."""
    if not webhook.subscriptions:
        return People([], [], webhook.consent_cursor, False)
    imports = _imports(webhook)
    more, imports = len(imports) > IMPORTS, imports[:IMPORTS]
    consents, cursor = _consents(webhook, bound, min(CONSENTS, limit - len(imports)))
    counts = _people_by(consents)
    return People(
        events=[*map(_import_event, imports), *(_event(one, counts) for one in consents)],
        imports=[
            ReportedImport(webhook=webhook, number=one.pk, state=one.state, reported_at=now)
            for one in imports
        ],
        cursor=cursor,
        more_imports=more,
    )


def _consents(webhook: Webhook, bound: int, limit: int) -> tuple[list[Consent], int]:
    """The owner's next consents, and the id up to which there are no others of this owner."""
    cursor = webhook.consent_cursor
    rows = Consent.objects.filter(owner_id=webhook.owner_id, pk__gt=cursor, pk__lte=bound)
    own = rows.filter(by_import=None).exclude(source=Consent.Source.IMPORT)
    found = list(own.select_related("recipient", "list").order_by("pk")[:limit])
    return found, found[-1].pk if len(found) == limit else max(cursor, bound)


def _people_by(consents: list[Consent]) -> Counter[int]:
    """How many people each statement about many has put on a list."""
    shared = [one.pk for one in consents if one.recipient_id is None]
    rows = Subscription.objects.filter(consent__in=shared).order_by().values("consent_id")
    return Counter({row["consent_id"]: row["n"] for row in rows.annotate(n=Count("pk"))})


def _event(one: Consent, counts: Counter[int]) -> Event:
    kind = _TYPES.get(one.act, "subscription.changed")
    if one.act == Consent.Act.RESUMED and one.list_id is not None:
        kind = "subscription.subscribed"
    return {
        "id": f"consent-{one.pk}",
        "type": kind,
        "at": one.recorded_at.isoformat(),
        "data": {
            "recipient": one.recipient_id,
            "address": _address(one),
            "list": one.list_id,
            "list_title": one.list.title if one.list is not None else "",
            "act": one.act,
            "channel": one.channel,
            "source": one.source,
            "said_at": one.said_at.isoformat(),
            "people": counts[one.pk] if one.recipient_id is None else 1,
        },
    }


def _address(one: Consent) -> str:
    """The first address that the person has now; none for somebody who was erased."""
    addresses = one.recipient.addresses if one.recipient is not None else []
    return addresses[0][1] if addresses else ""


def _imports(webhook: Webhook) -> list[RecipientImport]:
    """Those that have ended or were undone, and of which the webhook does not know yet."""
    known = ReportedImport.objects.filter(
        webhook=webhook, number=OuterRef("pk"), state=OuterRef("state")
    )
    rows = RecipientImport.objects.filter(
        owner_id=webhook.owner_id,
        dry_run=False,
        state__in=(RecipientImport.State.DONE, RecipientImport.State.UNDONE),
        updated_at__gt=max(webhook.created_at, webhook.runs_reported_until - MARGIN),
    )
    return list(rows.filter(~Exists(known)).order_by("updated_at")[: IMPORTS + 1])


def _import_event(one: RecipientImport) -> Event:
    undone = one.state == RecipientImport.State.UNDONE
    figures = {name: getattr(one, name) for name in _FIGURES}
    at = one.updated_at if undone else one.finished_at or one.updated_at
    return {
        "id": f"import-{one.pk}{'-undone' if undone else ''}",
        "type": "import.undone" if undone else "import.done",
        "at": at.isoformat(),
        "data": {"import": one.pk, "source": one.source, "rows": one.total_rows, **figures},
    }
