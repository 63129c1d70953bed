"""Copies of all that is kept of one person: a ZIP of JSON and CSV, there for a day."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.core.exports.formulas import guarded
from apps.core.personal_data import Row, holders
from apps.core.text.formatting import in_words
from apps.mailings.models import (
    Consent,
    ConsentText,
    DataCopy,
    Delivery,
    DeliveryFile,
    Recipient,
    Suppression,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.services.privacy.background import in_background
from apps.mailings.services.privacy.erasing import person_of
from apps.mailings.suppression.tombstones import AddressErased

log = structlog.get_logger(__name__)

State = DataCopy.State
Tables = dict[str, Sequence[Row]]

#: How long a copy can be downloaded.
LIVES: Final = timedelta(hours=24)
#: A copy that is not ready after so long is made by the background job.
_STUCK: Final = timedelta(minutes=2)


class CopyBeingMade(Refused):
    """A copy of this person's data is being made already."""

    code = "copy_being_made"


def ask_for_copy(*, recipient: Recipient, actor: str, now: datetime) -> DataCopy:
    """Have a copy made in the background. Raises CopyBeingMade, AddressErased."""
    if recipient.erased_at is not None:
        raise AddressErased(_("This recipient was erased, and stays so."))
    if DataCopy.objects.filter(recipient=recipient, state=State.MAKING).exists():
        raise CopyBeingMade(_("A copy of this person's data is being made already."))
    copy = DataCopy.objects.create(owner_id=recipient.owner_id, recipient=recipient, actor=actor)
    log.info("data_copy_asked", copy_id=copy.pk, recipient_id=recipient.pk)
    transaction.on_commit(lambda: in_background(make, copy.pk))
    return copy


def copy_for_person(*, recipient: Recipient, actor: str, now: datetime) -> DataCopy:
    """The person's own copy that is still there, else a new one. Raises as ``ask_for_copy``."""
    mine = DataCopy.objects.filter(recipient=recipient, actor=actor, state=State.READY)
    found = mine.filter(expires_at__gt=now).first()
    return found or ask_for_copy(recipient=recipient, actor=actor, now=now)


def make(number: int) -> None:
    """Make one copy that was asked for. Idempotent: one that is ready stays as it is."""
    copy = DataCopy.objects.select_related("recipient").get(pk=number)
    if copy.state != State.MAKING:
        return
    try:
        content = zipped(tables_of(copy.recipient))
    except Exception:  # the row must not say "being made" for ever
        log.exception("data_copy_broke", copy_id=number)
        DataCopy.objects.filter(pk=number).update(state=State.FAILED)
        return
    copy.file.save(f"{copy.owner_id}-{copy.pk}.zip", ContentFile(content), save=False)
    ready = DataCopy.objects.filter(pk=number, state=State.MAKING)
    values = {"state": State.READY, "file": copy.file.name, "expires_at": timezone.now() + LIVES}
    if not ready.update(**values, updated_at=timezone.now()):
        copy.file.delete(save=False)  # the person was erased meanwhile


def take(*, copy: DataCopy, actor: str, now: datetime) -> bytes:
    """The file of the copy; who downloads it, and when, is noted."""
    DataCopy.objects.filter(pk=copy.pk, taken_at=None).update(taken_at=now)
    facts = {"copy_id": copy.pk, "recipient_id": copy.recipient_id}
    log.info("personal_data_copied", actor=actor, **facts)
    with copy.file.open("rb") as file:
        content: bytes = file.read()
    return content


def is_there(copy: DataCopy, now: datetime) -> bool:
    """True while it can be downloaded."""
    return copy.state == State.READY and copy.expires_at is not None and now < copy.expires_at


def tables_of(recipient: Recipient) -> Tables:
    """Everything that is kept of the person, as tables by their names."""
    person = person_of(recipient)
    found: Tables = {
        "profile": [_profile(recipient)],
        "subscriptions": [
            {
                "list": row.list.title,
                "status": row.status,
                "since": row.since,
                "ended": row.ended_at,
                "how": row.by,
            }
            for row in recipient.subscriptions.select_related("list").order_by("pk")
        ],
        "consents": _consents(recipient),
        "suppressions": [
            {"channel": row.channel, "reason": row.reason, "since": row.created_at}
            for channel, address in sorted(person.addresses)
            for row in Suppression.objects.filter(
                owner_id=person.owner_id, channel=channel, address=address
            )
        ],
        "deliveries": _deliveries(recipient),
        "personal_files": _files(recipient),
    }
    for holder in holders:
        found |= holder.copied(person)
    return found


def _profile(recipient: Recipient) -> Row:
    names = (*ADDRESS.values(), "full_name", "comment", "language", "time_zone")
    return {
        **{name: getattr(recipient, name) for name in names},
        "attributes": recipient.attributes,
        "tags": sorted(recipient.tags.values_list("name", flat=True)),
        "source": recipient.source,
        "unconfirmed_since": recipient.unconfirmed_since,
        "paused_until": recipient.paused_until,
        "every_days": recipient.every_days,
        "unmeasured": recipient.unmeasured,
        "added": recipient.created_at,
        "archived": recipient.archived_at,
    }


def _consents(recipient: Recipient) -> list[Row]:
    rows = Consent.objects.filter(recipient=recipient).select_related("list").order_by("pk")
    ids = {text["id"] for row in rows for text in row.texts if "id" in text}
    texts = dict(ConsentText.objects.filter(pk__in=ids).values_list("pk", "text"))
    return [
        {
            "act": row.act,
            "list": row.list.title if row.list else "",
            "channel": row.channel,
            "said": row.said_at,
            "recorded": row.recorded_at,
            "source": row.source,
            "texts": [texts.get(text["id"], "") for text in row.texts if "id" in text],
            "language": row.language,
            "ip": row.ip,
            "browser": row.user_agent,
            "page": row.page,
            "statement": row.statement,
        }
        for row in rows
    ]


def _deliveries(recipient: Recipient) -> list[Row]:
    rows = Delivery.objects.filter(recipient=recipient).select_related("run__mailing")
    return [
        {
            "delivery": row.pk,
            "mailing": row.run.mailing.name,
            "channel": row.channel,
            "address": row.address,
            "state": row.state,
            "left_out": row.left_out,
            "why": in_words(row.response),
            "sent": row.sent_at,
            "changed": row.changed_at,
        }
        for row in rows.defer("run__content").order_by("pk")
    ]


def _files(recipient: Recipient) -> list[Row]:
    rows = DeliveryFile.objects.filter(delivery__recipient=recipient).order_by("pk")
    return [
        {"delivery": row.delivery_id, "name": row.name, "size": row.size, "state": row.state}
        for row in rows
    ]


def zipped(tables: Mapping[str, Sequence[Row]]) -> bytes:
    """One ``data.json`` with everything, and each table as CSV for a spreadsheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(tables, ensure_ascii=False, indent=1, default=_plain)
        archive.writestr("data.json", text)
        for name, rows in tables.items():
            if rows:
                archive.writestr(f"{name}.csv", "\ufeff" + _csv(rows))
    return file.getvalue()


def _csv(rows: Sequence[Row]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([guarded(_cell(value)) for value in row.values()])
    return file.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return "" if value is None else str(_plain(value))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def forget_copies(*, recipient: Recipient) -> int:
    """Remove every copy of this person's data, whatever it is at. Returns how many."""
    copies = list(DataCopy.objects.filter(recipient=recipient))
    for copy in copies:
        _expire(copy)
    return len(copies)


def _expire(copy: DataCopy) -> None:
    if copy.file:
        storage, name = copy.file.storage, copy.file.name
        transaction.on_commit(lambda: storage.delete(str(name)))
    DataCopy.objects.filter(pk=copy.pk).update(state=State.EXPIRED, file="")


class DataCopies(BackgroundJob):
    """Makes copies that a process left unmade, and removes those whose day is over."""

    name = "data_copies"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        for copy in DataCopy.objects.filter(state=State.READY, expires_at__lte=now):
            _expire(copy)
        left = DataCopy.objects.filter(state=State.MAKING, created_at__lt=now - _STUCK)
        for number in list(left.values_list("pk", flat=True)):
            if not stopping():
                make(number)
