"""Ask them: people whose confirmation is open are asked once, by the confirmation email."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.models import AccountState
from apps.feedback.models import Signup
from apps.feedback.services.signups import windows
from apps.feedback.services.signups.asking import ask_them, people_to_ask, questions, send_asked
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.feedback.services.signups.review import release
from apps.mailings.models import (
    Consent,
    Delivery,
    MailingList,
    Recipient,
    SignupForm,
    Subscription,
)
from apps.mailings.services.permission import subscribing
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import FormClosed, close
from tests.factories import RecipientFactory, SuppressionFactory, UserFactory
from tests.feedback.signups import assert_sum
from tests.feedback.signups import list_of as lists_of
from tests.feedback.signups import live_form, sign_up

pytestmark = pytest.mark.django_db

NOW = timezone.now()
PERSON = Evidence(source="page", by_person=True, said_at=NOW)


@pytest.fixture
def form() -> SignupForm:
    return live_form()


def list_of(form: SignupForm) -> MailingList:
    return form.lists.get()


def unconfirmed(form: SignupForm, **fields: object) -> Recipient:
    person = RecipientFactory.create(owner=form.owner, unconfirmed_since=NOW, **fields)
    Subscription.objects.create(
        list=list_of(form), recipient=person, status="unconfirmed", since=NOW, by="import"
    )
    return person


def ask(form: SignupForm) -> int:
    rows = Subscription.objects.filter(list=list_of(form))
    return ask_them(rows=rows, mailing_list=list_of(form), now=timezone.now())


def figures(form: SignupForm) -> tuple[int, int, int]:
    (found,) = questions(Subscription.objects.filter(list=list_of(form)))
    return found.unasked, found.asked, found.unfit


def test_each_is_asked_once_however_often_the_owner_presses(form: SignupForm) -> None:
    people = [unconfirmed(form) for _ in range(3)]
    unconfirmed(form, email=None, phone="79161234567")
    barred = unconfirmed(form)
    SuppressionFactory.create(owner=form.owner, address=barred.email, reason="unsubscribed")
    assert figures(form) == (3, 0, 2)
    assert (ask(form), ask(form)) == (3, 0)
    assert figures(form) == (0, 3, 2)
    assert not Delivery.objects.exists(), "the job sends them"
    assert (send_asked(now=NOW), send_asked(now=NOW)) == (3, 0)
    assert {one.address for one in Delivery.objects.all()} == {one.email for one in people}
    assert ask(form) == send_asked(now=NOW) == 0
    assert assert_sum(form).waiting == 3


def test_who_is_asked_confirms_as_by_a_form(form: SignupForm) -> None:
    person = unconfirmed(form)
    ask(form)
    send_asked(now=NOW)
    confirm(signup=Signup.objects.get(), visitor=Visitor(), now=timezone.now())
    person.refresh_from_db()
    assert person.unconfirmed_since is None
    assert Subscription.objects.get().status == "subscribed"
    said = Consent.objects.get()
    assert said.act == "confirmed", "nobody has filled in a form"


def test_who_has_just_signed_up_is_not_asked_again(form: SignupForm) -> None:
    sign_up(form, "anna@example.org")
    assert figures(form) == (0, 1, 0)
    assert ask(form) == 0


def test_the_limits_hold_and_what_is_left_is_asked_later(
    form: SignupForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "INSTALLATION", windows.Limit("few", "limit_site", 2, 3600))
    for _ in range(3):
        unconfirmed(form)
    ask(form)
    assert (send_asked(now=NOW), send_asked(now=NOW)) == (2, 0)
    assert send_asked(now=NOW + timedelta(hours=1)) == 1
    assert Delivery.objects.count() == 3


def test_an_owners_own_hour_leaves_the_others_theirs(
    form: SignupForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = windows.Limit("own", "limit_owner", 1, 3600)
    monkeypatch.setattr(windows, "ASKING_OWNER", limit)
    people, other = [unconfirmed(form) for _ in range(2)], live_form()
    people.append(unconfirmed(other))
    assert (ask(form), ask(other)) == (2, 1)
    assert send_asked(now=NOW) == 2
    got = set(Delivery.objects.values_list("address", flat=True))
    assert got == {people[0].email, people[2].email}
    assert Signup.objects.get(state="held").code == "asked", "asked in the next hour"


def test_one_that_cannot_be_asked_keeps_nobody_else_waiting(form: SignupForm) -> None:
    stuck, barred, fit = live_form(account="gone"), unconfirmed(form), unconfirmed(form)
    unconfirmed(stuck)
    ask(stuck)
    ask(form)
    SuppressionFactory.create(owner=form.owner, address=barred.email, reason="bounced")
    assert send_asked(now=NOW) == 2
    assert Delivery.objects.get().address == fit.email
    settled = Signup.objects.get(address=barred.email)
    assert (settled.state, settled.code) == ("refused", "nothing_to_confirm")
    assert Signup.objects.get(form=stuck).code == "asked", "until its account can be used"


@pytest.mark.parametrize("what", ["deleted", "archived", "left", "confirmed"])
def test_what_happened_since_the_press_counts(form: SignupForm, what: str) -> None:
    """Also on a list that takes people at once: nobody is subscribed who has said nothing."""
    MailingList.objects.update(optin="single")
    person = unconfirmed(form)
    ask(form)
    if what == "deleted":
        person.delete()
    elif what == "archived":
        Recipient.objects.update(archived_at=NOW)
    else:
        person_says: Any = {"evidence": PERSON, "now": NOW, "lists": [list_of(form)]}
        subscribing.unsubscribe(recipient=person, **person_says)
        if what == "confirmed":
            subscribing.confirm(recipient=person, **person_says)
    people, consents = Recipient.objects.count(), Consent.objects.count()
    send_asked(now=NOW)
    signup = Signup.objects.get()
    assert (signup.state, signup.code) == ("refused", "nothing_to_confirm")
    assert not Delivery.objects.exists()
    assert (Recipient.objects.count(), Consent.objects.count()) == (people, consents)
    assert assert_sum(form).refused == 1


def test_a_list_that_takes_people_at_once_takes_nobody_who_was_asked(form: SignupForm) -> None:
    MailingList.objects.update(optin="single")
    unconfirmed(form)
    ask(form)
    assert send_asked(now=NOW) == 1
    row = Subscription.objects.get()
    assert (row.status, row.by) == ("unconfirmed", "import")
    assert not Consent.objects.exists()


def test_who_fills_in_the_form_before_being_asked_has_said_it_all_there(form: SignupForm) -> None:
    person = unconfirmed(form)
    ask(form)
    signup = sign_up(form, str(person.email), typed={"full_name": "Anna"})
    assert (signup.state, signup.asked) == ("waiting", False)
    assert send_asked(now=NOW) == 0
    confirm(signup=signup, visitor=Visitor(), now=timezone.now())
    person.refresh_from_db()
    assert person.full_name == "Anna"
    assert set(Consent.objects.values_list("act", flat=True)) == {"given", "confirmed"}
    assert assert_sum(form).confirmed == 1


def test_the_owner_cannot_release_somebody_who_has_left(form: SignupForm) -> None:
    person = unconfirmed(form)
    ask(form)
    subscribing.unsubscribe(
        recipient=person, lists=[list_of(form)], evidence=PERSON, now=timezone.now()
    )
    assert release(signups=Signup.objects.all(), now=NOW) == 0
    assert Signup.objects.get().state == "refused"


def test_lists_of_one_form_are_asked_about_in_one_email() -> None:
    owner = UserFactory.create()
    form = live_form(owner, lists=[lists_of(owner, "One"), lists_of(owner, "Two")])
    one, two = form.lists.order_by("pk")
    person = RecipientFactory.create(owner=owner, unconfirmed_since=NOW)
    for each in (one, two):
        Subscription.objects.create(
            list=each, recipient=person, status="unconfirmed", since=NOW, by="import"
        )
    rows = Subscription.objects.all()
    assert people_to_ask(rows, questions(rows)) == 1
    asked = [ask_them(rows=rows, mailing_list=each, now=NOW) for each in (one, two, one, two)]
    assert asked == [1, 1, 0, 0]
    assert people_to_ask(rows, questions(rows)) == 0
    assert [found.asked for found in questions(rows)] == [1, 1]
    assert send_asked(now=NOW) == Delivery.objects.count() == 1
    confirm(signup=Signup.objects.get(), visitor=Visitor(), now=timezone.now())
    assert set(rows.values_list("status", flat=True)) == {"subscribed"}
    assert_sum(form)


def test_who_was_asked_about_another_list_is_asked_when_that_has_ended() -> None:
    owner = UserFactory.create()
    form = live_form(owner, lists=[lists_of(owner, "One"), lists_of(owner, "Two")])
    one, two = form.lists.order_by("pk")
    sign_up(form, "anna@example.org", lists=[one.pk])
    person = Recipient.objects.get()
    Subscription.objects.create(
        list=two, recipient=person, status="unconfirmed", since=NOW, by="import"
    )
    rows = Subscription.objects.all()
    assert ask_them(rows=rows, mailing_list=two, now=NOW) == 0
    confirm(signup=Signup.objects.get(), visitor=Visitor(), now=timezone.now())
    assert ask_them(rows=rows, mailing_list=two, now=NOW) == 1


def test_a_disabled_account_stops_nothing_but_the_moment(form: SignupForm) -> None:
    unconfirmed(form)
    ask(form)
    AccountState.objects.update_or_create(name="email", defaults={"state": "disabled"})
    assert send_asked(now=NOW) == 0
    AccountState.objects.update(state="ready")
    assert send_asked(now=NOW) == 1


def test_without_a_live_form_nobody_can_be_asked(form: SignupForm) -> None:
    unconfirmed(form)
    close(form=form)
    (found,) = questions(Subscription.objects.all())
    assert (found.form, found.unasked) == (None, 1)
    with pytest.raises(FormClosed):
        ask(form)
