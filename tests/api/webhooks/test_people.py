"""What people permit and take back, erasures and imports, as a webhook receives them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.api.webhooks.models import ReportedImport, Webhook
from apps.api.webhooks.people import CONSENTS
from apps.mailings.models import Consent, Recipient, RecipientImport
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.lists import subscribe_tagged
from apps.mailings.services.permission.preferences import pause
from apps.mailings.services.permission.subscribing import confirm, resume, subscribe, unsubscribe
from apps.mailings.services.privacy import erasure
from apps.users.models import User
from tests.api.webhooks.conftest import Dispatch, events, ids, webhook_to
from tests.factories import MailingListFactory, RecipientFactory, TagFactory, UserFactory
from tests.http_service import HttpService, empty

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()
SAID = Evidence(source="form", by_person=True, said_at=NOW)


def consent_of(person: Recipient, **fields: Any) -> Consent:
    act = fields.pop("act", Consent.Act.GIVEN)
    return record(owner_id=person.owner_id, recipient=person, act=act, evidence=SAID)


def listening(receiver: HttpService, owner: User | None = None) -> Webhook:
    return webhook_to(receiver, owner, deliveries=False, runs=False, subscriptions=True)


def kinds(receiver: HttpService) -> list[str]:
    return [event["type"] for event in events(receiver)]


def erased(person: Recipient) -> None:
    request = erasure.ask(recipient=person, by="owner", actor="anna", now=NOW)
    erasure.carry_out(request_id=request.pk, now=NOW)


def test_each_act_is_an_event_in_the_order_of_the_rows(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    person = RecipientFactory.create(owner=webhook.owner)
    one = MailingListFactory.create(owner=webhook.owner, title="News")
    given: dict[str, Any] = {"recipient": person, "lists": [one], "evidence": SAID, "now": NOW}
    subscribe(**given)
    confirm(**given)
    unsubscribe(**given)
    resume(**given)
    pause(recipient=person, weeks=2, evidence=SAID, now=NOW)
    dispatch.run_rounds()
    assert kinds(receiver) == [
        "subscription.subscribed",
        "subscription.confirmed",
        "subscription.unsubscribed",
        "subscription.subscribed",
        "subscription.changed",
    ]
    rows = list(Consent.objects.order_by("pk"))
    assert ids(receiver) == [f"consent-{row.pk}" for row in rows]
    first = events(receiver)[0]
    assert first["at"] == rows[0].recorded_at.isoformat()
    assert first["data"] == {
        "recipient": person.pk,
        "address": person.email,
        "list": one.pk,
        "list_title": "News",
        "act": "given",
        "channel": "",
        "source": "form",
        "said_at": NOW.isoformat(),
        "people": 1,
    }


def test_more_than_one_call_takes_come_in_order_and_once(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    person = RecipientFactory.create(owner=listening(receiver).owner)
    rows = [consent_of(person).pk for _number in range(CONSENTS * 2 + 1)]
    dispatch.run_rounds()
    assert ids(receiver) == [f"consent-{pk}" for pk in rows]
    assert [len(request.json["events"]) for request in receiver.requests] == [
        CONSENTS,
        CONSENTS,
        1,
    ]


def test_nothing_of_others_of_before_or_unasked_is_reported(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    owner = UserFactory.create()
    consent_of(RecipientFactory.create(owner=owner))
    listening(receiver, owner)
    consent_of(RecipientFactory.create())
    silent = webhook_to(receiver, runs=False)
    consent_of(RecipientFactory.create(owner=silent.owner))
    dispatch.run_rounds()
    assert events(receiver) == []


def test_a_failed_call_comes_again_before_what_is_later(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    person = RecipientFactory.create(owner=listening(receiver).owner)
    first = consent_of(person).pk
    receiver.script.append(empty(500))
    dispatch.run_rounds()
    later = consent_of(person).pk
    dispatch.run_rounds_when_due()
    assert ids(receiver) == [f"consent-{pk}" for pk in (first, first, later)]


def test_an_erasure_leaves_the_order_and_takes_the_person_out(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    person = RecipientFactory.create(owner=webhook.owner, email="kim@example.org")
    rows = [consent_of(person).pk, consent_of(person, act=Consent.Act.WITHDRAWN).pk]
    erased(person)
    other = consent_of(RecipientFactory.create(owner=webhook.owner)).pk
    dispatch.run_rounds()
    reported = events(receiver)
    last = Consent.objects.get(act=Consent.Act.ERASED).pk
    assert [one["id"] for one in reported] == [f"consent-{pk}" for pk in (*rows, last, other)]
    assert [one["type"] for one in reported[:3]] == [
        "subscription.subscribed",
        "subscription.unsubscribed",
        "recipient.erased",
    ]
    assert [one["data"]["recipient"] for one in reported[:3]] == [None, None, person.pk]
    assert "kim@example.org" not in receiver.requests[0].body.decode()


def test_a_statement_about_many_is_one_event_with_their_number(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    tag = TagFactory.create(owner=webhook.owner)
    for _number in range(3):
        RecipientFactory.create(owner=webhook.owner).tags.add(tag)
    one = MailingListFactory.create(owner=webhook.owner)
    subscribe_tagged(tag=tag, list=one, statement="They agreed", actor=webhook.owner, now=NOW)
    dispatch.run_rounds()
    (event,) = events(receiver)
    data = event["data"]
    assert (event["type"], data["people"], data["recipient"]) == (
        "subscription.subscribed",
        3,
        None,
    )


def test_an_import_is_one_event_and_its_undoing_another(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    fields: dict[str, Any] = {"owner": webhook.owner, "source": "people.csv", "finished_at": NOW}
    found = RecipientImport.objects.create(
        state="done", total_rows=3, added=2, rejected=1, **fields
    )
    RecipientImport.objects.create(state="done", dry_run=True, **fields)
    imported = Evidence(source="import", by_person=False, said_at=NOW, import_id=found.pk)
    person = RecipientFactory.create(owner=webhook.owner)
    record(owner_id=webhook.owner_id, recipient=person, act="given", evidence=imported)
    dispatch.run_rounds()
    (event,) = events(receiver)
    assert (event["id"], event["type"]) == (f"import-{found.pk}", "import.done")
    assert event["data"] == {
        "import": found.pk,
        "source": "people.csv",
        "rows": 3,
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "suppressed": 0,
        "rejected": 1,
    }
    found.state = "undone"
    found.save()
    dispatch.run_rounds()
    dispatch.run_rounds()
    assert ids(receiver) == [f"import-{found.pk}", f"import-{found.pk}-undone"]
    assert ReportedImport.objects.count() == 2
