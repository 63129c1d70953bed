"""Follows the ledger and calls the webhooks. At least once, in order, and never the engine's cost.

One turn of one webhook:

1. **peek**: is there anything to send? Only reads, so that an idle webhook costs no write.
2. **lease**: a conditional UPDATE makes one process the only one that serves it.
3. **gather**: the next events become a call, in the transaction that moves the cursor past them.
4. **send** and write down what came of it; a call that fails is tried again later, and what comes
   after it waits for it. A process that dies in between leaves a call that is sent again.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.api.webhooks.client import Reply, WebhookClient
from apps.api.webhooks.events import Bounds, Collected, collect
from apps.api.webhooks.models import ReportedImport, ReportedRun, Webhook, WebhookCall
from apps.api.webhooks.people import MARGIN
from apps.api.webhooks.signing import signed
from apps.automations.models import EnrolmentEvent
from apps.core.contracts import BackgroundJob
from apps.core.http.outbound import AddressRefused
from apps.core.responses.stored import Response, refused, with_code
from apps.core.values.backoff import Backoff
from apps.mailings.horizon import Horizon
from apps.mailings.models import Consent, FirstReaction
from apps.users.notifications import NewNotification, notify

log = structlog.get_logger(__name__)

#: Webhooks that are served at a time, and seconds after which one lets the next have a turn.
_MAX_THREADS: Final = 4
_ROUND_SECONDS: Final = 15.0
#: A dead process's webhook is served by another after so long: much longer than a call takes.
LEASE: Final = timedelta(seconds=90)
#: Delivered calls that are kept for their page.
KEPT: Final = 100
#: An idle webhook's place is written down when it is so far behind.
_ROWS_BEHIND: Final = 2_000
_CURSORS: Final = ("attempt_cursor", "consent_cursor", "reaction_cursor", "enrolment_cursor")
_TIME_BEHIND: Final = timedelta(minutes=10)
_MAX_WORDS: Final = 200  # of what a receiver said, in characters
#: After failed tries: 10 s, 40 s, 160 s, … 6 h, spread by a fifth either way.
BACKOFF: Final = Backoff(first=10.0, longest=6 * 3600.0, factor=4.0, spread=(0.8, 1.2))


class WebhookDispatcher(BackgroundJob):
    """Serves all webhooks of the installation; any number of processes may have one."""

    name = "webhooks"
    every_tick = True

    def __init__(self) -> None:
        self._attempts, self._consents = Horizon(), Horizon(Consent)
        self._reactions, self._enrolments = Horizon(FirstReaction), Horizon(EnrolmentEvent)

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        ids = list(_in_service().values_list("pk", flat=True))
        if not ids:
            return
        horizons = (self._attempts, self._consents, self._reactions, self._enrolments)
        bounds = Bounds(*(one.safe_id() for one in horizons))
        if len(ids) == 1:
            DispatchRound(ids[0], bounds, stopping).run()
            return
        random.shuffle(ids)
        with ThreadPoolExecutor(_MAX_THREADS) as hands:
            for _done in hands.map(
                lambda pk: _in_own_thread(DispatchRound(pk, bounds, stopping)), ids
            ):
                pass  # the first error is raised here


@dataclass(slots=True)
class DispatchRound:
    """One webhook, for as long as it has something to send, but not for ever."""

    webhook_id: int
    bounds: Bounds
    stopping: Callable[[], bool]
    token: str = ""

    def run(self) -> None:
        webhook = _in_service().filter(pk=self.webhook_id).first()
        if webhook is None or not self._has_work(webhook, timezone.now()):
            return
        if not self._take(timezone.now()):
            return
        try:
            self._serve()
        finally:
            mine = Webhook.objects.filter(pk=self.webhook_id, lease=self.token)
            mine.update(lease="", leased_until=None)

    def _has_work(self, webhook: Webhook, now: datetime) -> bool:
        waiting = _waiting(webhook).first()
        if waiting is not None:
            return waiting.next_try is None or waiting.next_try <= now
        found = collect(webhook, bounds=self.bounds, now=now)
        return (
            bool(found.events or found.reported)
            or any(
                getattr(found, name) - getattr(webhook, name) > _ROWS_BEHIND for name in _CURSORS
            )
            or now - webhook.runs_reported_until > _TIME_BEHIND
        )

    def _take(self, now: datetime) -> bool:
        self.token = secrets.token_hex(8)
        free = Q(leased_until=None) | Q(leased_until__lt=now)
        rows = Webhook.objects.filter(free, pk=self.webhook_id, paused_at=None)
        return rows.update(lease=self.token, leased_until=now + LEASE) == 1

    def _keep(self, now: datetime) -> bool:
        """Hold on to it. False: paused, deleted, or somebody else's by now."""
        mine = Webhook.objects.filter(pk=self.webhook_id, lease=self.token, paused_at=None)
        return mine.update(leased_until=now + LEASE) == 1

    def _serve(self) -> None:
        until = time.monotonic() + _ROUND_SECONDS
        client: WebhookClient | None = None
        try:
            while time.monotonic() < until and not self.stopping() and self._keep(timezone.now()):
                webhook = Webhook.objects.get(pk=self.webhook_id)
                call = self._next_call(webhook, timezone.now())
                if call is None:
                    break
                try:
                    client = client or WebhookClient(webhook.url)
                    reply = _post(client, webhook, call)
                except AddressRefused as refusal:
                    reply = Reply(0, refused(refusal), 0.0)
                if not settle(webhook, call, reply, now=timezone.now(), roll=random.random()):
                    break
        finally:
            if client is not None:
                client.close()
            _forget_old(self.webhook_id)

    def _next_call(self, webhook: Webhook, now: datetime) -> WebhookCall | None:
        """The oldest call that is not delivered, if its time has come; else a new one."""
        waiting = _waiting(webhook).first()
        if waiting is not None:
            return waiting if waiting.next_try is None or waiting.next_try <= now else None
        return self._write(webhook, collect(webhook, bounds=self.bounds, now=now), now)

    @transaction.atomic
    def _write(self, webhook: Webhook, found: Collected, now: datetime) -> WebhookCall | None:
        """Move on, and keep what is to be sent, in one transaction."""
        before = {name: getattr(webhook, name) for name in _CURSORS}
        mine = Webhook.objects.filter(pk=webhook.pk, lease=self.token, **before)
        after = {name: getattr(found, name) for name in _CURSORS}
        if not mine.update(**after, runs_reported_until=found.runs_reported_until):
            return None
        ReportedImport.objects.bulk_create(found.imports, ignore_conflicts=True)
        ReportedRun.objects.bulk_create(
            found.reported,
            update_conflicts=True,
            unique_fields=["webhook", "run"],
            update_fields=["mark", "number", "ended_at"],
        )
        if not found.events:
            return None
        body = json.dumps({"events": found.events}, ensure_ascii=False)
        return WebhookCall.objects.create(
            webhook=webhook, body=body, events=len(found.events), created_at=now
        )


def settle(
    webhook: Webhook, call: WebhookCall, reply: Reply, *, now: datetime, roll: float
) -> bool:
    """Write down what came of a try. True when the call is delivered.

    After ``WEBHOOK_MAX_TRIES``, or when the receiver says that it is gone, the webhook is paused
    and its owner notified. A try that somebody has overtaken changes nothing.
    """
    facts: dict[str, Any] = {
        "tries": F("tries") + 1,
        "code": reply.code,
        "response": Response(reply.words[:_MAX_WORDS]),
        "seconds": reply.seconds,
        "tried_at": now,
    }
    same = WebhookCall.objects.filter(pk=call.pk, delivered_at=None, tries=call.tries)
    if reply.good:
        same.update(**facts, delivered_at=now, next_try=None)
        return True
    tries = call.tries + 1
    log.warning("webhook_failed", webhook_id=webhook.pk, code=reply.code, tries=tries)
    over = reply.gone or tries >= settings.WEBHOOK_MAX_TRIES
    with transaction.atomic():
        if (
            same.update(**facts, next_try=None if over else now + BACKOFF.after(tries, chance=roll))
            and over
        ):
            _pause(webhook, reply, now)
    return False


def _pause(webhook: Webhook, reply: Reply, now: datetime) -> None:
    if Webhook.objects.filter(pk=webhook.pk, paused_at=None).update(paused_at=now):
        host = webhook.url.split("/")[2]
        facts = {"webhook": webhook.pk, "host": host, "error": with_code(reply.code, reply.words)}
        key = f"webhook:{webhook.pk}:{now.isoformat()}"
        notify([NewNotification(webhook.owner_id, "webhook_paused", key, facts)])


def _post(client: WebhookClient, webhook: Webhook, call: WebhookCall) -> Reply:
    body = call.body.encode()
    headers = signed(webhook, call_id=str(call), body=body, now=timezone.now())
    return client.post(body, headers)


def _in_service() -> QuerySet[Webhook]:
    return Webhook.objects.filter(paused_at=None, owner__is_active=True)


def _waiting(webhook: Webhook) -> QuerySet[WebhookCall]:
    return webhook.calls.filter(delivered_at=None).order_by("pk")


def _forget_old(webhook_id: int) -> None:
    """Only so many delivered calls are kept, and no import that is not looked for any more."""
    before = timezone.now() - 2 * MARGIN
    old = ReportedImport.objects.filter(webhook_id=webhook_id, reported_at__lt=before)
    old.filter(webhook__runs_reported_until__gt=before + MARGIN).delete()
    done = WebhookCall.objects.filter(webhook_id=webhook_id).exclude(delivered_at=None)
    newest_old = done.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1].first()
    if newest_old is not None:
        done.filter(pk__lte=newest_old).delete()


def _in_own_thread(turn: DispatchRound) -> None:
    try:
        turn.run()
    finally:
        connection.close()
