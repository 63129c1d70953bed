"""Who is known by an unconfirmed sign-up alone gets no mailing, whatever its right."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.models import Consent, Delivery, Mailing, Recipient
from apps.mailings.services.reach import audience_of
from tests.delivery.engine.runs.audience.test_audience_rule import (
    a_list,
    frozen,
    left_out,
    on,
    person,
)
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def unconfirmed(mailing: Mailing) -> Recipient:
    """Somebody has typed this address into a form, and nobody has confirmed it."""
    return person(mailing, unconfirmed_since=timezone.now(), source="form")


@pytest.mark.parametrize(
    "right",
    [
        {"basis": "stated"},
        {"basis": "consent"},
        {"basis": "subscription"},
        {"basis": "stated", "purpose": "service"},
    ],
    ids=lambda right: " ".join(right.values()),
)
def test_who_is_known_by_an_unconfirmed_sign_up_alone_gets_nothing(right: dict[str, str]) -> None:
    mailing = MailingFactory.create(everyone=True, **right)
    newsletter = a_list(mailing)
    if right["basis"] == "subscription":
        mailing.lists.set([newsletter])
    on(newsletter, person(mailing))
    typed_in, expired, chosen = (unconfirmed(mailing) for _ in range(3))
    on(newsletter, typed_in, "unconfirmed")
    mailing.recipients.add(chosen)
    expected = dict.fromkeys([typed_in.pk, expired.pk, chosen.pk], "unconfirmed")
    assert audience_of(mailing).reach(["email"]).left_out == {"unconfirmed": 3}
    run = frozen(mailing)
    assert left_out(run) == expected
    assert send(mailing).sent == 1
    assert Delivery.objects.get(run=run, recipient=typed_in).response == "@left_unconfirmed"
    assert_equation(run)


@pytest.mark.parametrize("purpose", ["marketing", "service"])
def test_the_claim_looks_for_a_confirmation_too(purpose: str) -> None:
    mailing = MailingFactory.create(everyone=True, basis="stated", purpose=purpose)
    known, one = person(mailing), person(mailing)
    run = frozen(mailing)
    Recipient.objects.filter(pk=one.pk).update(unconfirmed_since=timezone.now())
    assert send(mailing).sent == 1
    assert left_out(run) == {one.pk: "unconfirmed"}
    assert Delivery.objects.get(run=run, state="sent").recipient_id == known.pk
    assert_equation(run)


def test_a_word_said_before_the_confirmation_gives_no_right() -> None:
    mailing = MailingFactory.create(everyone=True, basis="consent")
    one = unconfirmed(mailing)
    Consent.objects.create(
        owner=mailing.owner, recipient=one, act="resumed", source="page", said_at=timezone.now()
    )
    assert left_out(frozen(mailing)) == {one.pk: "unconfirmed"}
