"""What an erasure empties of one person, in one transaction, table by table."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, noted_as_one, record
from apps.core.personal_data import ERASED, Person, holders
from apps.mailings.ledger.permission import erase
from apps.mailings.models import (
    Activity,
    Consent,
    Delivery,
    Mailing,
    Recipient,
    RecipientTag,
    Subscription,
    SunsetCase,
    Suppression,
    SuppressionEvent,
    Tombstone,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.services.personal_files.removing import forget_person
from apps.mailings.suppression.tombstones import Key, is_stand_in, keys


def person_of(recipient: Recipient) -> Person:
    """The recipient with all addresses that were written to; not those that others have by now."""
    rows = Delivery.objects.filter(recipient_id=recipient.pk)
    written = {
        (channel, address)
        for channel, address in rows.values_list("channel", "address")
        if address and not is_stand_in(address)
    }
    own = set(recipient.addresses)
    return Person(
        owner_id=recipient.owner_id,
        recipient_id=recipient.pk,
        addresses=frozenset(own | _unowned(recipient, written - own)),
        delivery_ids=tuple(rows.order_by("pk").values_list("pk", flat=True)),
    )


def _unowned(recipient: Recipient, earlier: set[tuple[str, str]]) -> set[tuple[str, str]]:
    others = Recipient.objects.filter(owner_id=recipient.owner_id).exclude(pk=recipient.pk)
    return {
        (channel, address)
        for channel, address in earlier
        if not others.filter(**{ADDRESS[channel]: address}).exists()
    }


def erase_person(recipient: Recipient, *, now: datetime) -> Counter[str]:
    """Empty every row that says who this is. Returns how many rows of what it was.

    Pending deliveries must have been left out before. The audit log notes it as one act: an entry
    for each row would say what is erased.
    """
    with noted_as_one():
        count = _erase(recipient, now)
    about = Object(Recipient._meta.label_lower, recipient.pk, ERASED)
    record(Act.ERASED, about, details={"rows": dict(count)})
    return count


def _erase(recipient: Recipient, now: datetime) -> Counter[str]:
    person, key = person_of(recipient), keys()[0]
    count: Counter[str] = Counter()
    count["deliveries"] = erase.forget_addresses(
        person, lambda number, address: key.stand_in("delivery", number, address)
    )
    count["attempts"] = erase.forget_attempts(person)
    erase.forget_in_runs(person)
    count["personal_files"] = forget_person(person)
    for holder in holders:
        count[holder.name] = holder.erase(person)
    count["suppressions"] = _forget_suppressions(person, key)
    for channel, address in person.addresses:
        keep_out(person.owner_id, channel, address, key, now=now)
    count["kept_out"] = len(person.addresses)
    count["consents"] = _empty_consents(recipient)
    count["subscriptions"] = Subscription.objects.filter(recipient=recipient).delete()[0]
    count["tags"] = RecipientTag.objects.filter(recipient=recipient).delete()[0]
    Activity.objects.filter(recipient=recipient).delete()
    waiting = SunsetCase.objects.filter(recipient=recipient, settled_at=None)
    waiting.update(state=SunsetCase.State.ENDED, settled_at=now, updated_at=now)
    _forget_log(person)
    _empty_recipient(recipient, now)
    return count


def keep_out(owner_id: int, channel: str, address: str, key: Key, *, now: datetime) -> None:
    """From now on this address is not taken again."""
    Tombstone.objects.update_or_create(
        owner_id=owner_id,
        channel=channel,
        digest=key.digest(owner_id, channel, address),
        defaults={"key": key.name, "lifted_at": None, "lifted_by": "", "lifted_reason": ""},
    )


def _forget_suppressions(person: Person, key: Key) -> int:
    """A suppression is an address; that nothing goes there is said by its digest from now on."""
    count = 0
    for channel, address in person.addresses:
        mine = {"owner_id": person.owner_id, "channel": channel, "address": address}
        count += Suppression.objects.filter(**mine).delete()[0]
        for event in SuppressionEvent.objects.filter(**mine):
            event.address = key.stand_in("suppression", event.pk, address)
            event.note = person.cut(event.note)[:500]
            event.save(update_fields=["address", "note", "updated_at"])
    return count


def _empty_consents(recipient: Recipient) -> int:
    rows = Consent.objects.filter(recipient=recipient)
    # The erasure itself goes on pointing at the row, which names nobody from now on.
    return rows.exclude(act=Consent.Act.ERASED).update(
        recipient=None, ip=None, user_agent="", page=""
    )


def _forget_log(person: Person) -> None:
    """The administration's own log names rows by what they were called."""
    Mailing.objects.filter(
        kind=Mailing.Kind.TRANSACTIONAL, runs__deliveries__recipient_id=person.recipient_id
    ).update(fields={})
    kind = ContentType.objects.get_for_model(Recipient)
    about = LogEntry.objects.filter(content_type=kind, object_id=str(person.recipient_id))
    about.update(object_repr=ERASED)
    for spelled in person.spellings:
        LogEntry.objects.filter(object_repr__icontains=spelled).update(object_repr=ERASED)


def _empty_recipient(recipient: Recipient, now: datetime) -> None:
    Recipient.objects.filter(pk=recipient.pk).update(
        **dict.fromkeys(ADDRESS.values()),
        **dict.fromkeys(("full_name", "comment", "operator_code", "time_zone", "language"), ""),
        attributes={},
        paused_until=None,
        every_days=None,
        unconfirmed_since=None,
        archived_at=recipient.archived_at or now,
        erased_at=now,
        updated_at=now,
    )
    recipient.refresh_from_db()
