"""From the ledger's rows to events. Only reads; what it read is handed back as a whole.

Deliveries: the attempts of the owner's mailings by their ids. Runs: their state compared with what
was sent last. Subscriptions: apps.api.webhooks.people; openings and clicks:
apps.api.webhooks.reactions; automations: apps.api.webhooks.enrolments. The ids of events follow
from the rows, so that a receiver can drop a repetition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from apps.api.webhooks.enrolments import enrolments_of
from apps.api.webhooks.models import ReportedImport, ReportedRun, Webhook
from apps.api.webhooks.people import MARGIN, Event, people_of
from apps.api.webhooks.reactions import reactions_of
from apps.core.text.formatting import in_words
from apps.mailings.failure_reasons import explain_attempt
from apps.mailings.models import Attempt, Run
from apps.mailings.models.ledger import STATES

#: The most events in one call, and how many of them may concern runs.
MOST: Final = 100
RUNS: Final = 40
#: Attempts that one query goes through, and queries of one look: others' rows lie in between.
_WINDOW: Final = 20_000
_LOOKS: Final = 50


@dataclass(frozen=True, slots=True)
class Bounds:
    """Up to which row of each table the history is complete for ever."""

    attempt_id: int
    consent_id: int
    reaction_id: int
    enrolment_id: int


@dataclass(frozen=True, slots=True)
class Collected:
    """The events to send, and where the webhook stands after them."""

    events: list[Event]
    reported: list[ReportedRun]
    imports: list[ReportedImport]
    attempt_cursor: int
    consent_cursor: int
    reaction_cursor: int
    enrolment_cursor: int
    runs_reported_until: datetime


def collect(webhook: Webhook, *, bounds: Bounds, now: datetime) -> Collected:
    """The next events for this webhook; rows up to the ids of ``bounds``, which are complete."""
    found = _changed_runs(webhook, now) if webhook.runs else []
    runs, more = found[:RUNS], found[RUNS:]
    about_runs = list(chain.from_iterable(events for _row, events in runs))
    room = MOST - len(about_runs)
    people = people_of(webhook, bound=bounds.consent_id, limit=room, now=now)
    room -= len(people.events)
    attempts, cursor = _attempts(webhook, bounds.attempt_id, room)
    room -= len(attempts)
    reactions, reacted = reactions_of(webhook, bound=bounds.reaction_id, limit=room)
    room -= len(reactions)
    enrolments, moved = enrolments_of(webhook, bound=bounds.enrolment_id, limit=room)
    deliveries = map(_delivery_event, attempts)
    return Collected(
        events=[*about_runs, *people.events, *deliveries, *reactions, *enrolments],
        reported=[reported for reported, _events in runs],
        imports=people.imports,
        attempt_cursor=cursor,
        consent_cursor=people.cursor,
        reaction_cursor=reacted,
        enrolment_cursor=moved,
        runs_reported_until=webhook.runs_reported_until if more or people.more_imports else now,
    )


def _attempts(webhook: Webhook, bound: int, limit: int) -> tuple[list[Attempt], int]:
    """The owner's next attempts, and the id up to which there are no others of this owner."""
    cursor = webhook.attempt_cursor
    if not webhook.deliveries:
        return [], max(cursor, bound)
    if limit <= 0:
        return [], cursor
    rows = Attempt.objects.filter(mailing__owner_id=webhook.owner_id).select_related("delivery")
    for _window in range(_LOOKS):
        if cursor >= bound:
            break
        end = min(bound, cursor + _WINDOW)
        found = list(rows.filter(pk__gt=cursor, pk__lte=end).order_by("pk")[:limit])
        if found:
            return found, found[-1].pk if len(found) == limit else end
        cursor = end
    return [], cursor


def _delivery_event(row: Attempt) -> Event:
    kind = "attempt" if row.kind == Attempt.Kind.DELIVERY else "audit"
    failure = explain_attempt(row)
    return {
        "id": f"attempt-{row.pk}",
        "type": f"delivery.{kind}",
        "at": row.created_at.isoformat(),
        "data": {
            "delivery": row.delivery_id,
            "mailing": row.mailing_id,
            "run_number": row.run_number,
            "recipient": row.recipient_id,
            "address": row.delivery.address if row.delivery is not None else "",
            "status": row.status,
            "code": row.code,
            "response": in_words(row.response),
            "failure_reason": failure.reason if failure else "",
            "failure_text": failure.text if failure else "",
            "account": row.account,
            "trigger": row.trigger,
        },
    }


def _changed_runs(webhook: Webhook, now: datetime) -> list[tuple[ReportedRun, list[Event]]]:
    """Runs that differ from what was sent last, each with its new mark and its events."""
    rows = _runs_to_look_at(webhook)
    known = ReportedRun.objects.filter(webhook=webhook, run__in=rows)
    before = {reported.run_id: reported for reported in known}
    changed = []
    for run in rows:
        reported = before.get(run.pk) or ReportedRun(webhook=webhook, run=run)
        mark = _mark(run)
        if reported.mark != mark:
            kinds = list(_kinds(webhook, run, reported.mark, mark))
            events = [
                _run_event(run, kind, f"run-{run.pk}-{webhook.pk}-{reported.number + place}", now)
                for place, kind in enumerate(kinds, start=1)
            ]
            reported.mark, reported.number = mark, reported.number + len(kinds)
            reported.ended_at = run.finished_at
            changed.append((reported, events))
    return changed


def _runs_to_look_at(webhook: Webhook) -> list[Run]:
    """All open ones, and of those whose end has not been sent as many as one call takes.

    Each question goes by an index of its own, however many runs have ended or were reported.
    """
    mine = Run.objects.filter(mailing__owner_id=webhook.owner_id)
    mine = mine.select_related("mailing").defer("content")
    # While the audience is being frozen nobody knows how many they are.
    going = mine.exclude(state=Run.State.DONE).exclude(state=Run.State.PREPARING)
    ended, reported = mine.filter(state=Run.State.DONE), ReportedRun.objects.filter(webhook=webhook)
    were_open = ended.filter(pk__in=reported.filter(ended_at=None).values("run_id"))
    this_end = reported.filter(run_id=OuterRef("pk"), ended_at=OuterRef("finished_at"))
    recent = Q(finished_at__gte=webhook.created_at) | Q(created_at__gte=webhook.created_at)
    since = webhook.runs_reported_until - MARGIN
    lately = ended.filter(recent, ~Exists(this_end), finished_at__gt=since)
    rows = [
        *going.order_by(),
        *were_open.order_by()[: RUNS + 1],
        *lately.order_by("finished_at")[: RUNS + 1],
    ]
    found = {run.pk: run for run in rows}
    return [found[pk] for pk in sorted(found)]


def _mark(run: Run) -> str:
    if run.state == Run.State.DONE:
        return f"done {run.finished_at}"
    if run.state in (Run.State.DEFERRED, Run.State.PAUSED):
        return f"waiting {run.reason} {run.deferred_until or ''}"
    return "going"


def _kinds(webhook: Webhook, run: Run, before: str, mark: str) -> Iterator[str]:
    """What happened between the two marks. What ended before the webhook was made is no event."""
    if not before and run.created_at >= webhook.created_at:
        yield "launched"
    if before and mark == "going":
        yield "resumed"
    if mark.startswith("waiting"):
        yield "waiting"
    if mark.startswith("done") and (before or run.finished_at >= webhook.created_at):
        yield "done"


def _run_event(run: Run, kind: str, event_id: str, now: datetime) -> Event:
    at = {"launched": run.created_at, "done": run.finished_at}.get(kind, now)
    data: dict[str, Any] = {
        "mailing": run.mailing_id,
        "mailing_name": run.mailing.name,
        "run": run.pk,
        "run_number": run.number,
        "trigger": run.trigger,
        "audience": run.audience,
    }
    if kind == "waiting":
        until = run.deferred_until
        data |= {"reason": run.reason, "detail": in_words(run.reason_detail)}
        data |= {"until": until.isoformat() if until else None}
    if kind == "done":
        data |= {"outcome": run.outcome} | {state: getattr(run, state) for state in STATES}
    return {"id": event_id, "type": f"run.{kind}", "at": at.isoformat(), "data": data}
