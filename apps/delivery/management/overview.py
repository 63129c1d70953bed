"""Mailings and their runs as text for a terminal, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.responses.stored import printable
from apps.delivery.management.progress import bar, equation
from apps.delivery.selectors.panel import percent_of, run_status
from apps.mailings.models import Mailing, Run
from apps.mailings.recurrence import rule_words
from apps.mailings.selectors.mailings import MailingCard, next_step
from apps.mailings.selectors.standing import standing_of
from apps.mailings.wait_reasons import reason_of

_NAME: Final = 30


def table_of(cards: Sequence[MailingCard]) -> Iterator[str]:
    """One line per mailing: id, name, state, share that is settled, what happens next."""
    yield f"{'id':>6}  {_('name'):{_NAME}}  {_('status'):16}  {'%':>4}  {_('next')}"
    for card in cards:
        share = f"{percent_of(card.run)}" if card.run else "-"
        status = card.standing.label
        name = _cut(card.mailing.name)
        yield f"{card.mailing.pk:>6}  {name:{_NAME}}  {status:16}  {share:>4}  {card.next_step}"


def page_of(mailing: Mailing, runs: Sequence[Run], now: datetime) -> Iterator[str]:
    """Everything about one mailing. Needs its owner; ``runs`` are newest first."""
    current = next((run for run in runs if run.number == mailing.current_run), None)
    yield f"{mailing.name} (id:{mailing.pk})"
    yield f"  {_('owner')}: {mailing.owner}"
    yield f"  {_('status')}: {standing_of(mailing, current, now).label}"
    yield f"  {_('window')}: {_moment(mailing.starts_at)} - {_moment(mailing.ends_at)}"
    if mailing.repeat:
        zone = f" ({mailing.repeat_zone})" if mailing.repeat_zone else ""
        yield f"  {_('Repeat')}: {rule_words(mailing.repeat)}{zone}"
    yield f"  {_('channel')}: {mailing.get_channel_display()} ({mailing.account})"
    yield f"  {_('next')}: {next_step(mailing, current, now)}"
    for run in runs:
        yield from _run_lines(run)


def _run_lines(run: Run) -> Iterator[str]:
    outcome = str(run.get_outcome_display() if run.outcome else run.get_state_display())
    yield f"  #{run.number}: {outcome}"
    yield f"      {equation(run)}"
    if run.state == Run.State.PROCESSING:
        yield f"      {bar(run)}"
    if run.reason:
        yield f"      {waiting_words(run)}"


def waiting_words(run: Run) -> str:
    """Why the run stands still, and until when."""
    if run.deferred_until is None:
        return reason_of(run)
    return _("%(reason)s, until %(time)s") % {
        "reason": reason_of(run),
        "time": _moment(run.deferred_until),
    }


def facts_of(mailing: Mailing, runs: Sequence[Run], now: datetime) -> dict[str, Any]:
    """The same for programs. Names of runs' fields are those of ``/queue/poll/``."""
    current = next((run for run in runs if run.number == mailing.current_run), None)
    return {
        "id": mailing.pk,
        "name": mailing.name,
        "owner": mailing.owner.email,
        "status": mailing.status,
        "standing": standing_of(mailing, current, now).code,
        "is_active": mailing.is_active,
        "channel": mailing.channel,
        "account": mailing.account,
        "starts_at": mailing.starts_at,
        "ends_at": mailing.ends_at,
        "scheduled": mailing.scheduled,
        "repeat": mailing.repeat,
        "repeat_zone": mailing.repeat_zone,
        "repeat_until": mailing.repeat_until,
        "current_run": mailing.current_run,
        "next_step": next_step(mailing, current, now),
        "runs": [
            {
                **run_status(run, now),
                "outcome": run.outcome,
                "trigger": run.trigger,
                "account": run.account,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
            }
            for run in runs
        ],
    }


def _cut(name: str) -> str:
    plain = printable(name)
    return plain if len(plain) <= _NAME else f"{plain[: _NAME - 1]}…"


def _moment(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S %Z")
