"""Send: the letter goes through the ledger, to all of them by one statement a round."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from apps.automations.definition.parts import Send
from apps.automations.models import Enrolment
from apps.automations.moving.batch import Batch
from apps.automations.recording import Here, Outcome
from apps.automations.services.letters import mailing_of
from apps.core.errors import Refused
from apps.core.slots import run_control
from apps.mailings.models import Delivery, Message

log = structlog.get_logger(__name__)

Failure, State = Enrolment.Failure, Delivery.State
_UNSETTLED: Final = (State.PENDING, State.SENDING)
#: The letter will not come, and nothing else says why the person should leave.
_WRONG: Final = (State.FAILED, State.EXPIRED, State.CANCELLED)


def send(batch: Batch) -> Outcome:
    """Add those who have come; of those who wait for their letter, see what became of it."""
    fields, out = batch.fields, Outcome()
    assert isinstance(fields, Send)
    fresh = [one for one in batch.rows if not one.begun]
    for number, ones in _rounds(batch, fresh).items():
        _add(batch, number, ones, out)
    for pk in out.letters:
        if not fields.wait_until_sent:
            out.gone[pk] = "next"
    waiting = {one.id: out.letters.get(one.id, one.delivery_id) for one in batch.rows}
    rest = [one for one in batch.rows if one.id not in out.gone and one.id not in out.failed]
    _settle(batch, rest, waiting, out)
    return out


def _rounds(batch: Batch, rows: Sequence[Here]) -> Mapping[int, list[Here]]:
    """Which round of the letter it is for each: nobody is twice in one."""
    got = Delivery.objects.filter(
        recipient_id__in={one.recipient_id for one in rows},
        run__mailing__step_mailing__step=batch.step,
    )
    last = got.order_by().values_list("recipient_id")
    rounds = Counter(dict(last.annotate(Max("run__mailing__step_mailing__round"))))
    found: dict[int, list[Here]] = defaultdict(list)
    for one in rows:
        rounds[one.recipient_id] += 1
        found[rounds[one.recipient_id]].append(one)
    return found


def _add(batch: Batch, number: int, rows: Sequence[Here], out: Outcome) -> None:
    try:
        with transaction.atomic():
            mailing_id = mailing_of(batch.step, number)
            ids = [one.recipient_id for one in rows]
            added = run_control.value.add_recipients(mailing_id=mailing_id, recipient_ids=ids)
    except (Refused, ValidationError, Message.DoesNotExist) as error:
        log.warning("automation_letter_refused", step=batch.step.key, error=str(error)[:200])
        out.failed |= dict.fromkeys((one.id for one in rows), Failure.LETTER_REFUSED)
        return
    for one in rows:
        if one.recipient_id in added:
            out.letters[one.id] = added[one.recipient_id]
        else:
            out.failed[one.id] = Failure.ADDRESS_TAKEN


def _settle(
    batch: Batch, rows: Sequence[Here], letters: Mapping[int, int | None], out: Outcome
) -> None:
    """The ledger says what became of the letter; it is not remembered twice."""
    ids = [found for one in rows if (found := letters[one.id]) is not None]
    states = dict(Delivery.objects.filter(pk__in=ids).values_list("pk", "state"))
    for one in rows:
        state = states.get(letters[one.id] or 0)
        if state in _UNSETTLED:
            out.stays[one.id] = batch.look_again(one)
        elif state == State.UNKNOWN:
            out.unknown[one.id] = batch.look_again(one)
        elif state is None or state in _WRONG:
            out.failed[one.id] = Failure.LETTER_FAILED
        else:
            out.gone[one.id] = "next"
