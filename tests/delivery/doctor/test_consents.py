"""Nobody is on a list without a consent to it, and doctor would see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.doctor.consents import look_at_consents
from apps.delivery.doctor.findings import Level
from apps.mailings.models import Consent, MailingList, Subscription
from tests.factories import MailingFactory, MailingListFactory, RecipientFactory

pytestmark = pytest.mark.django_db


def subscribed_by(one: MailingList, **consent: Any) -> None:
    given = {"owner": one.owner, "act": "given", "source": "form", "said_at": timezone.now()}
    Subscription.objects.create(
        list=one,
        recipient=RecipientFactory.create(owner=one.owner),
        status="subscribed",
        since=timezone.now(),
        consent=Consent.objects.create(**{**given, **consent}),
    )


def test_a_consent_to_this_list_or_to_everything_is_in_order() -> None:
    one = MailingListFactory.create()
    subscribed_by(one, list=one)
    subscribed_by(one, list=None)
    subscribed_by(one, act="stated", statement="They asked for it")
    [finding] = look_at_consents()
    assert finding.level is Level.OK


def test_what_permits_nothing_is_found_with_its_list() -> None:
    one, other = MailingListFactory.create(title="News"), MailingListFactory.create()
    subscribed_by(one, act="withdrawn")
    subscribed_by(one, list=other)
    subscribed_by(one, owner=other.owner)
    subscribed_by(one, act="stated", statement="")
    subscribed_by(other, list=other)
    [finding] = look_at_consents()
    assert finding.level is Level.WRONG
    assert "4 subscribed" in finding.words and f"News (id:{one.pk})" in finding.words


def test_a_mailing_whose_basis_does_not_fit_is_named(settings: Any) -> None:
    sound = MailingFactory.create(basis="stated")
    lost = MailingFactory.create(basis="stated", name="Autumn")
    lost.lists.add(MailingListFactory.create(owner=lost.owner))
    *_lists, finding = look_at_consents()
    assert finding.level is Level.ADVICE and "1 mailings" in finding.words
    assert f"(id:{lost.pk})" in finding.words
    settings.CONSENT_REQUIRED = True
    *_lists, finding = look_at_consents()
    assert f"(id:{sound.pk})" in finding.words
