"""What became of text messages, where the provider is asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from apps.core.responses.stored import coded
from apps.delivery.channels.http.account import client_of, connection_to
from apps.delivery.channels.http.channel import json_object
from apps.delivery.channels.sms.calls import ready, value_at, values_of
from apps.delivery.channels.sms.channel import ID_PREFIX
from apps.delivery.channels.sms.record import RecordWrong, Statuses, Tracking, record_of
from apps.delivery.channels.tracked import Tracked, Tracker
from apps.delivery.sending_account import SendingAccount


class SmsTracker(Tracker):
    """One call a message."""

    source = "sms"
    prefix = ID_PREFIX

    def __init__(self, account: SendingAccount, tracking: Tracking) -> None:
        self._account, self._tracking = account, tracking

    def track(self, addresses: Mapping[str, str]) -> dict[str, Tracked]:
        found: dict[str, Tracked] = {}
        with connection_to(client_of(self._account, {})) as connection:
            for remote, phone in addresses.items():
                values = {**values_of(self._account), "remote": remote, "phone": phone}
                answer = ready(self._tracking, values).by(connection)
                body = json_object(answer) if answer.status == 200 else None
                status = value_at(body, self._tracking.status, values)
                reason = value_at(body, self._tracking.reason, values)
                if status:
                    found[remote] = tracked(self._tracking, status, reason)
        return found


def tracked(statuses: Statuses, status: str, reason: str) -> Tracked:
    """What a status means; one that nobody knows is not final."""
    shown = " ".join(filter(None, (status, reason)))[:60]
    reply = coded("sms_status", shown)
    if status in statuses.delivered:
        return Tracked("delivered", reply)
    gone = status in statuses.gone or reason in statuses.gone
    if gone or status in statuses.failed:
        return Tracked("failed", reply, gone=gone)
    return Tracked()


def tracker_of(account: SendingAccount) -> Tracker | None:
    """Asks the account's provider; None: it calls us, or says nothing."""
    try:
        tracking = record_of(account.provider, account.record).tracking
    except RecordWrong:
        return None
    return SmsTracker(account, tracking) if tracking is not None else None
