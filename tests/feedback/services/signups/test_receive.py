"""A sign-up: one email within the limits, one answer, and nothing of it before it is confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.delivery.models import AccountState
from apps.feedback.models import Signup, SignupCounts, SignupWindow
from apps.feedback.services.signups import windows
from apps.feedback.services.signups.confirm import ConfirmExpired, confirm, send_again
from apps.feedback.services.signups.receive import Visitor
from apps.feedback.services.signups.review import drop, release
from apps.mailings.models import (
    Consent,
    Delivery,
    Mailing,
    Message,
    Recipient,
    Subscription,
    Suppression,
)
from apps.users.models import Notification
from tests.factories import RecipientFactory, SuppressionFactory
from tests.feedback.signups import assert_sum, given, list_of, live_form, send_all, sign_up

pytestmark = pytest.mark.django_db

VISITOR = Visitor("198.51.100.9", "Chrome", "")


def test_a_sign_up_waits_with_its_email() -> None:
    form = live_form()
    signup = sign_up(form, typed={"full_name": "Anna"})
    recipient = Recipient.objects.get()
    assert (signup.state, signup.recipient, recipient.source) == ("waiting", recipient, "form")
    assert recipient.full_name == ""  # anybody may type anybody's address
    delivery = Delivery.objects.get()
    assert (signup.delivery_id, delivery.address) == (delivery.pk, "anna@example.org")
    mailing = Mailing.objects.get()
    assert (mailing.kind, mailing.purpose) == ("transactional", "confirmation")
    assert Subscription.objects.get().status == "unconfirmed"
    assert not Consent.objects.exists()
    assert_sum(form)


def test_a_thousand_sign_ups_of_one_address_are_one_email() -> None:
    form = live_form()
    for _ in range(40):
        sign_up(form)
    signup = Signup.objects.get()
    assert (signup.state, signup.repeats) == ("waiting", 39)
    assert Delivery.objects.count() == 1
    assert assert_sum(form).received == 1


def test_the_next_day_the_address_may_ask_again_and_three_times_a_month() -> None:
    form, now = live_form(), timezone.now()
    for day in range(6):
        sign_up(form, now=now + timedelta(days=day, minutes=day))
    assert Delivery.objects.count() == 3
    assert Signup.objects.get().repeats == 5
    sign_up(form, now=now + timedelta(days=31))
    assert Delivery.objects.count() == 4


def test_one_network_gets_five_emails_in_ten_minutes_and_the_owner_is_notified_once() -> None:
    form = live_form()
    for number in range(9):
        sign_up(form, f"a{number}@example.org", ip=f"192.0.2.{number}")
    assert Delivery.objects.count() == 5
    held = Signup.objects.filter(state="held")
    assert set(held.values_list("code", flat=True)) == {"limit_network"}
    assert not held.exclude(recipient=None).exists()
    notification = Notification.objects.get()
    assert (notification.owner, notification.code) == (form.owner, "signups_held")
    assert Recipient.objects.count() == 5  # who is held is nobody's recipient yet
    assert_sum(form)


def test_a_network_of_ipv6_is_sixty_four_bits() -> None:
    assert windows.network_of("2001:db8::1") == windows.network_of("2001:db8::ffff:1")
    assert windows.network_of("2001:db8::1") != windows.network_of("2001:db8:0:1::1")
    assert windows.network_of("nonsense") == windows.network_of(None) == ""


def test_a_limit_that_is_reached_uses_nothing_of_the_others() -> None:
    now = timezone.now()
    one, full = windows.Limit("a", "x", 9, 60), windows.Limit("b", "y", 0, 60)
    SignupWindow.objects.create(digest=windows._digest(full, "k"), opened_at=now, used=0)
    assert windows.take([(one, "k"), (full, "k")], now=now) == full
    assert windows.used(one, "k", now=now) == 0
    assert windows.take([(one, "k")], now=now) is None
    assert windows.used(one, "k", now=now) == 1
    assert windows.used(one, "k", now=now + timedelta(seconds=61)) == 0


def test_without_a_proof_a_form_has_sixty_emails_an_hour_and_with_one_more() -> None:
    form, now = live_form(), timezone.now()
    uses = windows.uses_of_form(form_id=form.pk, proved=False)
    for _ in range(60):
        assert windows.take(uses, now=now) is None
    held = sign_up(form, now=now)
    assert (held.state, held.code) == ("held", "limit_form")
    assert sign_up(form, "b@example.org", now=now, proved=True).state == "waiting"


def test_windows_hold_no_address() -> None:
    sign_up(live_form())
    digests = SignupWindow.objects.values_list("digest", flat=True)
    assert all(len(one) == 64 and "anna" not in one for one in digests)


def test_the_confirmation_subscribes_and_keeps_what_was_said() -> None:
    form = live_form()
    signup = sign_up(form, typed={"full_name": "Anna", "city": "Kazan"})
    confirm(signup=signup, visitor=VISITOR, now=timezone.now())
    recipient = Recipient.objects.get()
    assert (recipient.full_name, recipient.attributes) == ("Anna", {"city": "Kazan"})
    assert Subscription.objects.get().status == "subscribed"
    said, done = Consent.objects.order_by("pk")
    assert (said.act, said.ip, said.page) == ("given", "192.0.2.7", "https://shop.example.org/")
    assert (done.act, done.ip, done.delivery_id) == (
        "confirmed",
        "198.51.100.9",
        signup.delivery_id,
    )
    assert said.form_version_id == done.form_version_id == signup.version_id
    assert assert_sum(form).confirmed == 1


def test_a_person_is_unknown_until_the_confirmation() -> None:
    form = live_form()
    signup = sign_up(form)
    assert Recipient.objects.get().unconfirmed_since == signup.received_at
    confirm(signup=signup, visitor=VISITOR, now=timezone.now())
    assert Recipient.objects.get().unconfirmed_since is None


def test_nobody_makes_a_known_person_unknown_by_typing_the_address() -> None:
    form = live_form()
    customer = RecipientFactory.create(owner=form.owner)
    sign_up(form, str(customer.email))
    assert Subscription.objects.get().status == "unconfirmed"
    assert Recipient.objects.get().unconfirmed_since is None


def test_who_is_taken_at_once_is_known() -> None:
    form = live_form()
    form.lists.update(optin="single")
    sign_up(form)
    assert Recipient.objects.get().unconfirmed_since is None


def test_a_second_confirmation_changes_nothing() -> None:
    signup = sign_up(live_form())
    for _ in range(3):
        confirm(signup=signup, visitor=VISITOR, now=timezone.now())
    assert Consent.objects.count() == 2


def test_an_expired_link_confirms_nobody_and_brings_another_email_within_the_limits() -> None:
    form, now = live_form(), timezone.now()
    signup = sign_up(form, now=now)
    late = now + timedelta(hours=73)
    with pytest.raises(ConfirmExpired):
        confirm(signup=signup, visitor=VISITOR, now=late)
    assert Subscription.objects.get().status == "unconfirmed"
    send_again(signup=signup, visitor=VISITOR, now=now)
    assert Delivery.objects.count() == 1  # the first one still works
    send_again(signup=signup, visitor=VISITOR, now=late)
    send_again(signup=signup, visitor=VISITOR, now=late)
    assert Delivery.objects.count() == 2
    signup.refresh_from_db()
    confirm(signup=signup, visitor=VISITOR, now=late)
    assert Subscription.objects.get().status == "subscribed"
    assert_sum(form)


def test_who_has_left_is_asked_and_the_confirmation_lifts_only_that() -> None:
    form = live_form()
    SuppressionFactory.create(owner=form.owner, address="anna@example.org", reason="unsubscribed")
    signup = sign_up(form)
    assert signup.state == "waiting" and Suppression.objects.exists()
    confirm(signup=signup, visitor=VISITOR, now=timezone.now())
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("reason", ["bounced", "complained", "blocked"])
def test_any_other_suppression_refuses_in_silence(reason: str) -> None:
    form = live_form()
    SuppressionFactory.create(owner=form.owner, address="anna@example.org", reason=reason)
    for _ in range(3):
        signup = sign_up(form)
    assert (signup.state, signup.code) == ("refused", "suppressed")
    assert not Delivery.objects.exists() and not Recipient.objects.exists()
    assert Signup.objects.get().repeats == 2
    assert_sum(form)


def test_an_archived_recipient_waits_for_the_owner() -> None:
    form = live_form()
    archived = RecipientFactory.create(
        owner=form.owner, email="anna@example.org", archived_at=timezone.now()
    )
    held = sign_up(form)
    assert (held.state, held.code) == ("held", "recipient_archived")
    assert release(signups=[held], now=timezone.now()) == 1
    archived.refresh_from_db()
    assert archived.archived_at is None and Signup.objects.get().state == "waiting"
    assert_sum(form)


def test_while_the_account_is_disabled_sign_ups_are_held_and_cost_no_limit() -> None:
    form = live_form()
    AccountState.objects.update_or_create(name="email", defaults={"state": "disabled"})
    held = sign_up(form)
    assert (held.state, held.code) == ("held", "account_disabled")
    AccountState.objects.update(state="ready")
    assert sign_up(form).state == "waiting"
    assert_sum(form)


def test_the_owner_drops_what_is_held() -> None:
    form = live_form()
    held = sign_up(form, hold="disposable")
    assert sign_up(form).pk == held.pk
    assert drop(signups=[held], now=timezone.now()) == 1
    assert drop(signups=[held], now=timezone.now()) == 0
    dropped = Signup.objects.get()
    assert (dropped.state, dropped.code) == ("refused", "dropped")
    assert_sum(form)


def test_a_list_that_takes_people_at_once_needs_no_email() -> None:
    owner = live_form().owner
    form = live_form(owner, lists=[list_of(owner, "Direct", optin="single")])
    assert sign_up(form).state == "confirmed"
    assert Subscription.objects.get().status == "subscribed"
    assert not Delivery.objects.exists()
    assert_sum(form)


def test_nobody_else_brings_back_who_has_left_such_a_list() -> None:
    owner = live_form().owner
    direct = list_of(owner, "Direct", optin="single")
    recipient = RecipientFactory.create(owner=owner, email="anna@example.org")
    now = timezone.now()
    Subscription.objects.create(
        list=direct, recipient=recipient, status="unsubscribed", since=now, ended_at=now
    )
    assert sign_up(live_form(owner, lists=[direct])).state == "waiting"
    assert Subscription.objects.get().status == "unsubscribed"


def test_the_email_carries_nothing_that_was_typed() -> None:
    form = live_form(texts={"ru": {"subject": "Да? {{ full_name }}", "email": "Привет {{ city }}"}})
    sign_up(form, typed={"full_name": "<b>Злой</b>"}, language="ru")
    message = Message.objects.get()
    assert message.subject == "Да?  full_name "
    assert message.text.endswith(": {{ confirm_url }}\n") and "{{ confirm_url }}" in message.html
    assert "city" in message.text and "{{ city }}" not in message.text + message.html
    assert message.archived_at is not None


def test_one_message_serves_a_version_in_a_language() -> None:
    form = live_form()
    for number in range(3):
        sign_up(form, f"a{number}@example.org")
    assert Message.objects.count() == 1


def test_the_database_refuses_figures_that_do_not_add_up() -> None:
    form = live_form()
    sign_up(form)
    with pytest.raises(IntegrityError):
        SignupCounts.objects.filter(form=form).update(waiting=7)


@pytest.mark.django_db(transaction=True)
def test_the_email_leaves_and_its_link_is_the_sign_ups_own() -> None:
    form = live_form()
    signup = sign_up(form)
    send_all()
    assert Delivery.objects.get().state == "sent"
    assert Mailing.objects.get().fields["confirm_url"].count("/c/") == 1
    assert given(form).address == signup.address
