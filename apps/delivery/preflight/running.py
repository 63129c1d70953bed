"""Asks for a preflight, and carries it out: one at a time, beside everything else.

1. ``ask`` makes a row that waits, or finds the one that does.
2. The job takes it by a conditional update, and writes after each check what was found so far.
3. When the time of all is over, what has not been looked at says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.core.content.template_language import RenderRefused
from apps.core.content.time_budget import OverLimit
from apps.core.contracts import BackgroundJob
from apps.core.errors import ContentRefused
from apps.delivery.engine.runs.preflights import fingerprint_of
from apps.delivery.models import Preflight
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.checks import CHECKS
from apps.delivery.preflight.findings import Finding, Result, unchecked, worst_of
from apps.delivery.preflight.letter import Letter
from apps.delivery.preflight.variants import asking_once, found_in, letters_of
from apps.mailings.models import Mailing

log = structlog.get_logger(__name__)

#: For all checks together.
SECONDS: Final = 60.0
#: After so long its process is dead, and another one takes it over.
_GIVEN_UP: Final = timedelta(minutes=3)
_STATES: Final = Preflight.State


def ask(mailing: Mailing, *, asked_by: int | None) -> Preflight:
    """The preflight that waits or goes on, or a new one; those that no run has kept are dropped."""
    try:
        with transaction.atomic():
            old = Preflight.objects.filter(mailing=mailing, run=None, state=_STATES.DONE)
            made = Preflight.objects.create(mailing=mailing, asked_by_id=asked_by)
            old.delete()
            return made
    except IntegrityError:
        return Preflight.objects.filter(mailing=mailing).exclude(state=_STATES.DONE).get()


class PreflightRunning(BackgroundJob):
    """Carries out the preflights that wait."""

    name = "preflights"
    every_tick = True

    def __init__(self, checks: Sequence[Check] = CHECKS, tools: Tools | None = None) -> None:
        self._checks, self._tools = checks, tools

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        lost = Q(state=_STATES.RUNNING, started_at__lt=now - _GIVEN_UP)
        waiting = Preflight.objects.filter(Q(state=_STATES.WAITING) | lost).order_by("pk")
        for pk in list(waiting.values_list("pk", flat=True)[:20]):
            if stopping():
                return
            carry_out(pk, self._tools or Tools(now), checks=self._checks)


@dataclass(frozen=True, slots=True)
class _Held:
    """The preflight as this worker holds it."""

    pk: int
    started_at: datetime

    def write(self, **values: Any) -> bool:
        """True if it is still ours."""
        mine = Preflight.objects.filter(
            pk=self.pk, state=_STATES.RUNNING, started_at=self.started_at
        )
        return mine.update(updated_at=timezone.now(), **values) == 1


def carry_out(
    pk: int, tools: Tools, *, checks: Sequence[Check] = CHECKS, seconds: float = SECONDS
) -> bool:
    """Look at everything and keep what was found. False: somebody else has it."""
    held = _taken(pk)
    if held is None:
        return False
    tools = replace(tools, now=held.started_at, ask_all=asking_once(tools.ask_all))
    mailing = Mailing.objects.select_related("message", "owner", "sender").get(preflights=pk)
    letters, until = letters_of(mailing), time.monotonic() + seconds
    held.write(fingerprint=fingerprint_of(mailing), findings=[])
    rows: list[dict[str, Any]] = []
    for check in checks:
        found = found_in(letters, check, partial(_found, check, tools, until))
        result = worst_of(one.result for one in found)
        about = {"check": check.name, "title": check.title, "result": result.value}
        rows.append({**about, "found": [one.as_json() for one in found]})
        if not held.write(findings=rows):
            return False
    worst = worst_of(Result(row["result"]) for row in rows if row["result"] != "unchecked")
    held.write(worst=worst.value, state=_STATES.DONE, finished_at=timezone.now())
    log.info("preflight_over", preflight=pk, mailing_id=mailing.pk, worst=worst.value)
    return True


def _taken(pk: int) -> _Held | None:
    now = timezone.now()
    free = Q(state=_STATES.WAITING) | Q(state=_STATES.RUNNING, started_at__lt=now - _GIVEN_UP)
    mine = Preflight.objects.filter(free, pk=pk)
    if not mine.update(state=_STATES.RUNNING, started_at=now, updated_at=now):
        return None
    return _Held(pk, now)


def _found(check: Check, tools: Tools, until: float, letter: Letter) -> list[Finding]:
    """What the check finds in the time that is left; a check that breaks stops no other."""
    left = until - time.monotonic()
    if left <= 0:
        return [unchecked(_("There was no time left for it."))]
    try:
        found: Iterable[Finding] = check.run(letter, tools, min(check.seconds, left))
        return list(found)
    except OverLimit:
        return [unchecked(_("The HTML has so many elements that it was not checked."))]
    except (ContentRefused, RenderRefused):
        return [unchecked(_("The message cannot be read: see “Content”."))]
    except Exception:  # a defect of one check is said in its row; the others go on
        log.exception("preflight_check_failed", check=check.name, mailing_id=letter.mailing.pk)
        return [unchecked(_("The check itself failed; the log says why."))]
