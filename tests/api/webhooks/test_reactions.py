"""First openings and first clicks, as a webhook receives them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.api.webhooks.models import Webhook
from apps.mailings.models import Delivery, FirstReaction, Term
from apps.mailings.services.engagement.firsts import Changed, Known, note
from tests.api.webhooks.conftest import Dispatch, events, ids, webhook_to
from tests.factories import DeliveryFactory
from tests.http_service import HttpService

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()


def listening(receiver: HttpService, **fields: Any) -> Webhook:
    return webhook_to(receiver, deliveries=False, runs=False, reactions=True, **fields)


def letter_of(webhook: Webhook) -> Delivery:
    row: Delivery = DeliveryFactory.create(run__mailing__owner=webhook.owner, state="sent")
    return row


def seen(letter: Delivery, before: Known | None, after: Known) -> None:
    note([Changed(letter.run_id, letter.pk, before, after)], NOW)


def test_the_first_opening_and_the_first_click_come_once_each(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    letter = letter_of(webhook)
    opened = Known(Term.PERSON, NOW, None)
    clicked = Known(Term.PERSON, NOW, NOW)
    seen(letter, None, opened)
    seen(letter, opened, opened)
    seen(letter, opened, clicked)
    seen(letter, clicked, clicked)
    dispatch.run_rounds()
    assert ids(receiver) == [
        f"reaction-open-{letter.pk}-person",
        f"reaction-click-{letter.pk}-person",
    ]
    first = events(receiver)[0]
    assert (first["type"], first["at"]) == ("delivery.opened", NOW.isoformat())
    assert first["data"] == {
        "delivery": letter.pk,
        "mailing": letter.run.mailing_id,
        "mailing_name": letter.run.mailing.name,
        "run": letter.run_id,
        "run_number": letter.run.number,
        "recipient": letter.recipient_id,
        "address": letter.address,
        "term": "person",
    }


@pytest.mark.parametrize("every", [False, True])
def test_machines_come_only_where_they_are_asked_for(
    dispatch: Dispatch, receiver: HttpService, every: bool
) -> None:
    webhook = listening(receiver, machine_reactions=every)
    letter = letter_of(webhook)
    machine = Known(Term.MACHINE, NOW, NOW)
    seen(letter, None, machine)
    seen(letter, machine, Known(Term.PERSON, NOW, None))
    dispatch.run_rounds()
    terms = [(event["type"], event["data"]["term"]) for event in events(receiver)]
    by_person = [("delivery.opened", "person")]
    by_machine = [("delivery.opened", "machine"), ("delivery.clicked", "machine")]
    assert terms == (by_machine + by_person if every else by_person)


def test_those_of_others_and_of_deleted_letters_are_passed_over(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    foreign, gone = DeliveryFactory.create(state="sent"), letter_of(webhook)
    for letter in (foreign, gone):
        seen(letter, None, Known(Term.PERSON, NOW, None))
    gone.delete()
    dispatch.run_rounds()
    assert events(receiver) == []


def test_many_are_sent_in_calls_of_a_hundred_in_their_order(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = listening(receiver)
    letter = letter_of(webhook)
    rows = [Changed(letter.run_id, letter.pk, None, Known(Term.PERSON, NOW, None))] * 150
    note(rows, NOW)
    dispatch.run_rounds()
    assert len(events(receiver)) == 150 and len(receiver.requests) == 2
    webhook.refresh_from_db()
    assert webhook.reaction_cursor == FirstReaction.objects.latest("pk").pk
