"""What nobody confirms expires and goes; the figures of the form stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.feedback.models import Signup, SignupWindow, UsedChallenge
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.feedback.services.signups.retention import SignupRetention, expire, forget
from apps.mailings.models import Delivery, Mailing, Recipient, Run, Subscription
from tests.factories import RecipientFactory, TagFactory
from tests.feedback.signups import assert_sum, live_form, sign_up

pytestmark = pytest.mark.django_db


def run(**later: float) -> None:
    SignupRetention().run(timezone.now() + timedelta(**later), lambda: False)


def ended() -> None:
    Run.objects.update(state="done", outcome="success", pending=0, sent=1)


def test_what_is_not_confirmed_in_time_expires() -> None:
    form = live_form()
    sign_up(form)
    run(hours=71)
    assert Signup.objects.get().state == "waiting"
    run(hours=73)
    assert Signup.objects.get().state == "expired"
    assert assert_sum(form).expired == 1


def test_after_thirty_days_person_and_email_go_and_the_figure_stays() -> None:
    form = live_form()
    sign_up(form)
    ended()
    run(days=31)
    assert not Signup.objects.exists()
    assert not Recipient.objects.exists() and not Mailing.objects.exists()
    assert not Delivery.objects.exists() and not Subscription.objects.exists()
    assert assert_sum(form, deleted=1).expired == 1


def test_a_person_with_something_else_stays() -> None:
    form = live_form()
    known = RecipientFactory.create(owner=form.owner, email="anna@example.org")
    sign_up(form)
    sign_up(form, "bob@example.org")
    Recipient.objects.get(email="bob@example.org").tags.add(TagFactory.create(owner=form.owner))
    ended()
    run(days=31)
    assert set(Recipient.objects.values_list("email", flat=True)) == {
        known.email,
        "bob@example.org",
    }


def test_who_is_confirmed_stays() -> None:
    form = live_form()
    signup = sign_up(form)
    confirm(signup=signup, visitor=Visitor(), now=timezone.now())
    ended()
    run(days=400)
    assert Signup.objects.get().state == "confirmed" and Recipient.objects.exists()


def test_an_email_that_is_still_in_the_queue_is_left() -> None:
    sign_up(live_form())
    run(days=31)
    assert Mailing.objects.exists() and Recipient.objects.exists()


def test_held_ones_expire_with_the_month() -> None:
    form, now = live_form(), timezone.now()
    sign_up(form, hold="disposable")
    assert expire(now=now + timedelta(days=29)) == 0
    assert expire(now=now + timedelta(days=31)) == 1
    assert forget(now=now + timedelta(days=31)) == 1
    assert assert_sum(form, deleted=1).expired == 1


def test_nobody_is_reminded_unless_it_is_wished_and_then_once(settings: LazySettings) -> None:
    form = live_form()
    sign_up(form)
    run(hours=25)
    assert Delivery.objects.count() == 1
    settings.SIGNUP_REMINDER_HOURS = 24
    run(hours=23)
    assert Delivery.objects.count() == 1
    for _ in range(2):
        run(hours=25)
    assert Delivery.objects.count() == 2
    assert Signup.objects.get().delivery_id == Delivery.objects.latest("pk").pk


def test_digests_are_forgotten() -> None:
    sign_up(live_form())
    UsedChallenge.objects.create(digest="d", used_at=timezone.now())
    run(days=32)
    assert not SignupWindow.objects.exists() and not UsedChallenge.objects.exists()
