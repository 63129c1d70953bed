"""Wait: for a time, until a time of the recipient's day, until a date, until something happens."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from apps.automations.definition.parts import Until, Wait
from apps.automations.local_times import date_in, missed, moment_of, next_moment, zone_of
from apps.automations.models import AutomationEvent, Enrolment
from apps.automations.moving.batch import Batch
from apps.automations.moving.reactions import who_did
from apps.automations.recording import Here, Outcome
from apps.mailings.models import RecipientTag


def wait(batch: Batch) -> Outcome:
    """Begin the wait of those who have come; end that of those whose time has come."""
    fields = batch.fields
    assert isinstance(fields, Wait)
    if fields.until is not None:
        return _until(batch, fields, fields.until)
    if fields.field is not None:
        return _until_date(batch, fields, fields.field)
    if fields.at is not None:
        return _until_time(batch, fields, fields.at)
    return _for_a_time(batch, timedelta(seconds=fields.seconds or 0))


def _for_a_time(batch: Batch, span: timedelta) -> Outcome:
    out = Outcome()
    for one in batch.rows:
        if one.begun or not span:
            out.gone[one.id] = "next"
        else:
            out.stays[one.id] = batch.now + span
    return out


def _until_time(batch: Batch, fields: Wait, at: time) -> Outcome:
    """A moment that was missed for long is not made up for: the next such one comes."""
    out, zones = Outcome(), _zones(batch)
    days = fields.weekdays if fields.weekdays is not None else range(7)
    for one in batch.rows:
        if one.begun and not missed(one.due_at, batch.now):
            out.gone[one.id] = "next"
            continue
        moment = next_moment(batch.now, zones[one.recipient_id], at, days)
        _wait_for(batch, one, moment, out)
    return out


def _until_date(batch: Batch, fields: Wait, name: str) -> Outcome:
    out, zones = Outcome(), _zones(batch)
    values = dict(batch.people.values_list("pk", "attributes"))
    for one in batch.rows:
        zone = zones[one.recipient_id]
        if one.begun:
            if fields.at is None or not missed(one.due_at, batch.now):
                out.gone[one.id] = "next"
            else:
                _wait_for(batch, one, next_moment(batch.now, zone, fields.at), out)
            continue
        day = date_in(values[one.recipient_id], name)
        if day is None:
            out.failed[one.id] = Enrolment.Failure.NO_DATE
        else:
            _wait_for(batch, one, _shifted(day, fields, zone), out)
    return out


def _shifted(day: date, fields: Wait, zone: ZoneInfo) -> datetime:
    return moment_of(day + timedelta(days=fields.days), fields.at or time(0), zone)


def _wait_for(batch: Batch, one: Here, moment: datetime, out: Outcome) -> None:
    """What is past when the wait begins is waited for no more."""
    if moment <= batch.now:
        out.gone[one.id] = "next"
    else:
        out.stays[one.id] = moment


def _zones(batch: Batch) -> dict[int, ZoneInfo]:
    rows = batch.people.values_list("pk", "time_zone")
    return {pk: zone_of(zone, batch.owner.time_zone) for pk, zone in rows}


def _until(batch: Batch, fields: Wait, until: Until) -> Outcome:
    """Looked at when it begins, at its end, and now and then between."""
    out = Outcome()
    happened = _happened(batch, until)
    longest = timedelta(seconds=fields.seconds or 0)
    for one in batch.rows:
        deadline = one.until if one.begun and one.until is not None else batch.now + longest
        if one.id in happened:
            out.gone[one.id] = "next"
        elif deadline <= batch.now:
            out.gone[one.id] = "otherwise"
        else:
            out.untils[one.id] = deadline
            out.stays[one.id] = min(deadline, batch.look_again(one))
    return out


def _happened(batch: Batch, until: Until) -> set[int]:
    """The enrolments for whose recipient it has happened."""
    if until.did is not None and until.letter is not None:
        return who_did(batch, until.letter, until.did)
    rows = Enrolment.objects.filter(pk__in=[one.id for one in batch.rows])
    mine: dict[str, Any] = {"recipient_id": OuterRef("recipient_id")}
    if until.tag is not None:
        found = Exists(RecipientTag.objects.filter(**mine, tag_id=until.tag))
    else:
        since = OuterRef("step_since")
        found = Exists(AutomationEvent.objects.filter(**mine, name=until.event, at__gte=since))
    return set(rows.filter(found).values_list("pk", flat=True))
