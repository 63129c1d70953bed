"""Act: tags, lists, custom fields, another automation, the archive, webhooks, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from apps.automations.announcing import Happened, Kind, announce, listened_to
from apps.automations.colleagues import colleague
from apps.automations.definition.parts import Act
from apps.automations.enrolling import enrol as enrol_in
from apps.automations.enrolling import entrance_of
from apps.automations.models import Automation, Enrolment
from apps.automations.moving.batch import Batch
from apps.automations.recording import Outcome
from apps.mailings.attribute_values import kinds_of
from apps.mailings.models import Consent, MailingList, Recipient, RecipientTag, Tag
from apps.mailings.services.permission import subscribing
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.recipients import archive_many
from apps.mailings.services.tags import give_tag
from apps.users.notifications import NewNotification, notify

Failure = Enrolment.Failure
#: People whom a notice names.
_NAMED: Final = 3
#: The failures of this act, by recipient.
Failed = dict[int, str]


def act(batch: Batch) -> Outcome:
    """Do it for all of them; who could not be served has failed."""
    fields = batch.fields
    assert isinstance(fields, Act)
    failed = _ACTS[fields.act](batch, fields)
    out = Outcome()
    for one in batch.rows:
        if one.recipient_id in failed:
            out.failed[one.id] = failed[one.recipient_id]
        else:
            out.gone[one.id] = "next"
    return out


def _all(batch: Batch, failure: str = Failure.NOT_THERE) -> Failed:
    return dict.fromkeys((one.recipient_id for one in batch.rows), failure)


def _add_tag(batch: Batch, fields: Act) -> Failed:
    tag = Tag.objects.filter(owner_id=batch.owner.pk, pk=fields.tag or 0).first()
    if tag is None:
        return _all(batch)
    give_tag(tag=tag, people=batch.people)
    return {}


def _remove_tag(batch: Batch, fields: Act) -> Failed:
    ids = list(batch.people.values_list("pk", flat=True))
    RecipientTag.objects.filter(tag_id=fields.tag or 0, recipient_id__in=ids).delete()
    return {}


def _list_of(batch: Batch, fields: Act) -> MailingList | None:
    mine = MailingList.objects.filter(owner_id=batch.owner.pk, archived_at=None)
    return mine.filter(pk=fields.list or 0).first()


def _evidence(batch: Batch, statement: str = "") -> Evidence:
    return Evidence(
        source=Consent.Source.MANUAL,
        by_person=False,
        said_at=batch.now,
        actor=f"automation {batch.step.version.automation_id}",
        statement=statement,
    )


def _subscribe(batch: Batch, fields: Act) -> Failed:
    """One by one: each has a row to lock and a consent to prove it by."""
    found, failed = _list_of(batch, fields), Failed()
    if found is None:
        return _all(batch)
    evidence = _evidence(batch, fields.statement)
    for person in batch.people.order_by("pk"):
        try:
            subscribing.subscribe(recipient=person, lists=[found], evidence=evidence, now=batch.now)
        except subscribing.SubscriptionEnded:
            failed[person.pk] = Failure.ENDED
    return failed


def _unsubscribe(batch: Batch, fields: Act) -> Failed:
    found = _list_of(batch, fields)
    if found is None:
        return _all(batch)
    for person in batch.people.order_by("pk"):
        evidence = _evidence(batch)
        subscribing.unsubscribe(recipient=person, lists=[found], evidence=evidence, now=batch.now)
    return {}


def _set_attribute(batch: Batch, fields: Act) -> Failed:
    """The value as the kind of its field; one that cannot be read so stays a text."""
    name, value = fields.name or "", fields.value or ""
    kind = kinds_of(batch.owner.pk).get(name)
    read = kind.read(value) if kind is not None else value
    people = list(batch.people.select_for_update(no_key=True).only("attributes"))
    for person in people:
        person.attributes = {**person.attributes, name: value if read is None else read}
    Recipient.objects.bulk_update(people, ["attributes"], batch_size=500)
    return {}


def _enrol(batch: Batch, fields: Act) -> Failed:
    """Whom the rule of the other automation keeps out just goes on here."""
    rows = Automation.objects.filter(owner_id=batch.owner.pk, pk=fields.automation or 0)
    other = rows.select_related("version").first()
    entrance = entrance_of(other) if other is not None else None
    if entrance is None:
        return _all(batch)
    enrol_in(entrance, batch.people, now=batch.now, tally=batch.tally)
    return {}


def _archive(batch: Batch, fields: Act) -> Failed:
    archive_many(recipients=batch.people, owner_id=batch.owner.pk, now=batch.now)
    return {}


def _webhook(batch: Batch, fields: Act) -> Failed:
    """The call is made from these rows once they are committed, and tried until it is answered."""
    if not listened_to(batch.owner.pk):
        return _all(batch, Failure.NO_WEBHOOK)
    ids = [one.id for one in batch.rows]
    called = Happened(Kind.CALLED, ids, fields.key, fields.name or "")
    announce(batch.owner.pk, [called], batch.now)
    return {}


def _notify(batch: Batch, fields: Act) -> Failed:
    """One notice for all who are moved together, with the names of the first."""
    reader = colleague(batch.owner, fields.to)
    if reader is None:
        return _all(batch)
    automation = batch.step.version.automation
    people = batch.people.order_by("pk")
    facts = {
        "automation": automation.pk,
        "name": automation.name,
        "text": fields.value,
        "people": len(batch.rows),
        "names": ", ".join(str(one) for one in people[:_NAMED]),
    }
    key = f"automation:{batch.step.pk}:{batch.rows[0].id}:{batch.now.isoformat()}"
    notify([NewNotification(reader.pk, "automation_notice", key, facts)])
    return {}


_ACTS: Final[Mapping[str, Callable[[Batch, Act], Failed]]] = {
    "add_tag": _add_tag,
    "remove_tag": _remove_tag,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "set_attribute": _set_attribute,
    "enrol": _enrol,
    "archive": _archive,
    "webhook": _webhook,
    "notify": _notify,
}
