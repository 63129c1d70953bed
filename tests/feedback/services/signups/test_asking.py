"""Ask them: people whose confirmation is open are asked once, by the confirmation email."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.delivery.models import AccountState
from apps.feedback.models import Signup
from apps.feedback.services.signups import windows
from apps.feedback.services.signups.asking import ask_them, questions, send_asked
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.mailings.models import Delivery, MailingList, Recipient, SignupForm, Subscription
from apps.mailings.services.permission.forms import FormClosed, close
from tests.factories import RecipientFactory, SuppressionFactory
from tests.feedback.signups import assert_sum, live_form, sign_up

pytestmark = pytest.mark.django_db

NOW = timezone.now()


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
