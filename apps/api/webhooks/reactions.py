"""Events of first openings and first clicks, from the rows that keep them. Only reads."""

from __future__ import annotations

from typing import Final

from apps.api.webhooks.models import Webhook
from apps.api.webhooks.people import Event
from apps.mailings.models import Delivery, FirstReaction, Term

#: Rows that one query goes through, and queries of one pass: others' rows lie in between.
_WINDOW: Final = 20_000
_LOOKS: Final = 50
_TYPES: Final = {"open": "delivery.opened", "click": "delivery.clicked"}


def reactions_of(webhook: Webhook, *, bound: int, limit: int) -> tuple[list[Event], int]:
    """The next ones for this webhook up to the id ``bound``, and where it stands after them."""
    cursor = webhook.reaction_cursor
    if not webhook.reactions:
        return [], max(cursor, bound)
    if limit <= 0:
        return [], cursor
    rows = FirstReaction.objects.filter(owner_id=webhook.owner_id)
    if not webhook.machine_reactions:
        rows = rows.filter(term=Term.PERSON)
    for _query in range(_LOOKS):
        if cursor >= bound:
            break
        end = min(bound, cursor + _WINDOW)
        found = list(rows.filter(pk__gt=cursor, pk__lte=end).order_by("pk")[:limit])
        if found:
            return _events(found), found[-1].pk if len(found) == limit else end
        cursor = end
    return [], cursor


def _events(rows: list[FirstReaction]) -> list[Event]:
    """What was deleted meanwhile is no event."""
    letters = Delivery.objects.filter(pk__in={row.delivery_id for row in rows})
    known = {one.pk: one for one in letters.select_related("run__mailing").defer("run__content")}
    return [_event(row, known[row.delivery_id]) for row in rows if row.delivery_id in known]


def _event(row: FirstReaction, letter: Delivery) -> Event:
    return {
        "id": f"reaction-{row.kind}-{row.delivery_id}-{row.term}",
        "type": _TYPES[row.kind],
        "at": row.at.isoformat(),
        "data": {
            "delivery": letter.pk,
            "mailing": letter.run.mailing_id,
            "mailing_name": letter.run.mailing.name,
            "run": letter.run_id,
            "run_number": letter.run.number,
            "recipient": letter.recipient_id,
            "address": letter.address,
            "term": row.term,
        },
    }
