"""Receipts that come on connections: kept, put into effect, and listened for while they are due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.core.contracts import BackgroundJob
from apps.delivery.accounts import declared
from apps.delivery.channels import KINDS
from apps.delivery.channels.smpp.receipts import ID_PREFIX, bare
from apps.delivery.channels.tracked import Receipt, ReceiptSink
from apps.feedback.services.events import receive_all
from apps.feedback.services.polling import TURN, take_turn
from apps.feedback.tracking_event import TrackingEvent, event_id, plain
from apps.mailings.models import Attempt, Recipient, Run
from apps.users.models import User

log = structlog.get_logger(__name__)

SOURCE: Final = "smpp"
#: A connection is kept for so long after the last message of the account.
LISTENED: Final = timedelta(hours=1)
#: Longer than a turn, so that it need not be opened anew for the next one.
_SECONDS: Final = TURN.total_seconds() + 15
_AT_WORK: Final = (Run.State.QUEUED, Run.State.PROCESSING)


class Receipts(ReceiptSink):
    """Those that decide something become events; the others are forgotten."""

    def keep(self, account: str, receipts: Sequence[Receipt]) -> None:
        decided = [one for one in receipts if one.tracked.event]
        try:
            found = _deliveries(account, decided)
            events = [_event(account, one, found[one]) for one in decided if one in found]
            receive_all(events, now=timezone.now())
        except Exception as error:
            log.warning("receipts_not_kept", account=account, error=str(error)[:300])
            connection.close()  # the next ones need not meet the same
            raise
        if len(events) < len(decided):
            log.info("receipts_stray", account=account, count=len(decided) - len(events))

    def close(self) -> None:
        connection.close()


def _event(account: str, receipt: Receipt, delivery_id: int) -> TrackingEvent:
    remote, tracked = receipt.remote_ids[0], receipt.tracked
    return TrackingEvent(
        source=SOURCE,
        event_id=event_id(account, delivery_id, remote, tracked.words),
        kind=tracked.event,
        sealed=delivery_id,
        trusted=True,
        message_id=plain(remote, 100),
        words=tracked.words,
    )


def _deliveries(account: str, receipts: Sequence[Receipt]) -> dict[Receipt, int]:
    """The delivery of each: as the connection knows it, or by the phone and the account's tries."""
    found = {one: one.delivery_id for one in receipts if one.delivery_id is not None}
    asked = [one for one in receipts if one not in found]
    phones = {phone for one in asked for phone in one.phones if phone}
    if phones:
        handed_over = _handed_over(account, phones)
        for one in asked:
            names = ((phone, remote) for remote in one.remote_ids for phone in one.phones)
            known = next((handed_over[name] for name in names if name in handed_over), None)
            if known is not None:
                found[one] = known
    return found


def _handed_over(account: str, phones: set[str]) -> dict[tuple[str, str], int]:
    """What this account has handed over to these phones, by phone and id; the newest of each."""
    owners = list(User.objects.values_list("pk", flat=True))
    recipients = Recipient.objects.filter(owner_id__in=owners, phone__in=phones)
    tries = Attempt.objects.filter(
        delivery__recipient_id__in=list(recipients.values_list("pk", flat=True)),
        account=account,
        kind=Attempt.Kind.DELIVERY,
        response__startswith=ID_PREFIX,
    )
    rows = tries.order_by("pk").values_list("delivery__address", "response", "delivery_id")
    return {
        (address, bare(response.removeprefix(ID_PREFIX))): number
        for address, response, number in rows
        if number is not None
    }


class ReceiptListening(BackgroundJob):
    """Keeps the connections of accounts whose messages have just gone out, in one process."""

    name = "receipts"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        for name, one in settings.ACCOUNTS.items():
            kind = KINDS[one.kind]
            if not kind.listen or stopping() or not take_turn(f"listen:{name}", now):
                continue
            if _is_due(name, now):
                try:
                    kind.listening(declared(name), _SECONDS)
                except OSError as error:
                    log.warning("listening_failed", account=name, error=str(error)[:300])


def _is_due(name: str, now: datetime) -> bool:
    """True if receipts may come, and nobody sends: a sender's own connection takes them, and the
    account may have no second one."""
    homes = [home for home, one in settings.ACCOUNTS.items() if one.fallback == name]
    runs = Run.objects.filter(account__in=[name, *homes])
    if runs.filter(state__in=_AT_WORK).exists():
        return False
    return runs.filter(last_progress_at__gt=now - LISTENED).exists()
