"""Sign-ups beside the rest: erasure, the person's copy, the figures for Prometheus."""

from __future__ import annotations

import pytest
from django.utils import timezone
from prometheus_client import CollectorRegistry

from apps.core.personal_data import Person
from apps.delivery.monitoring.metrics import Installation
from apps.feedback.models import Signup
from apps.feedback.services.personal_data import FeedbackData
from apps.feedback.services.signups.confirm import ConfirmExpired, confirm
from apps.feedback.services.signups.receive import Visitor
from apps.mailings.models import Recipient, Subscription, Tombstone
from apps.mailings.suppression.tombstones import keys
from tests.feedback.signups import assert_sum, live_form, sign_up

pytestmark = pytest.mark.django_db


def person_of(signup: Signup) -> Person:
    address = ("email", signup.address)
    return Person(signup.form.owner_id, signup.recipient_id or 0, frozenset({address}))


def test_an_erasure_takes_the_sign_ups_and_leaves_the_sum() -> None:
    form = live_form()
    waiting = sign_up(form)
    sign_up(form, "bob@example.org")
    other = sign_up(live_form())
    copy = FeedbackData().copied(person_of(waiting))["sign_ups"]
    assert [row["address"] for row in copy] == ["anna@example.org"]
    assert FeedbackData().erase(person_of(waiting)) == 1
    assert set(Signup.objects.values_list("address", "form")) == {
        ("bob@example.org", form.pk),
        (other.address, other.form_id),
    }
    assert assert_sum(form, deleted=1).expired == 1


def test_who_was_erased_comes_back_by_confirming_a_sign_up() -> None:
    form = live_form()
    key = keys()[0]
    digest = key.digest(form.owner_id, "email", "anna@example.org")
    Tombstone.objects.create(owner=form.owner, channel="email", digest=digest, key=key.name)
    signup = sign_up(form)
    assert Tombstone.objects.get().lifted_at is None
    confirm(signup=signup, visitor=Visitor(), now=timezone.now())
    assert Tombstone.objects.get().lifted_by == "recipient"
    assert Recipient.objects.get().email == "anna@example.org"


def test_the_metrics_count_sign_ups_by_state() -> None:
    form = live_form()
    sign_up(form)
    sign_up(form, "bob@example.org", hold="disposable")
    registry = CollectorRegistry()
    registry.register(Installation(timezone.now()))
    for state, count in (("waiting", 1), ("held", 1), ("confirmed", 0)):
        assert registry.get_sample_value("mailings_signups", {"state": state}) == count


def test_who_was_given_another_address_meanwhile_is_not_confirmed_by_its_mailbox() -> None:
    signup = sign_up(live_form())
    Recipient.objects.update(email="owner.himself@example.org")  # and had the email sent again
    with pytest.raises(ConfirmExpired):
        confirm(signup=signup, visitor=Visitor(), now=timezone.now())
    assert not Subscription.objects.filter(status="subscribed").exists()
