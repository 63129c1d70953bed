"""The page behind the link of a confirmation email."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Signup
from apps.feedback.views import signup as view
from apps.mailings.links import CONFIRM, sealed, unsubscribe_token
from apps.mailings.models import Consent, Delivery, Subscription
from tests.feedback.signups import live_form, sign_up

pytestmark = pytest.mark.django_db


def link(signup: Signup) -> str:
    return f"/c/{sealed(CONFIRM, signup.pk)}/"


def test_a_scanner_that_opens_every_link_changes_nobody() -> None:
    signup = sign_up(live_form())
    for method in (Client().get, Client().head, Client().options):
        method(link(signup))
    assert Signup.objects.get().state == "waiting"
    assert Subscription.objects.get().status == "unconfirmed"
    assert not Consent.objects.exists()


def test_one_more_click_confirms_and_a_third_changes_nothing() -> None:
    signup = sign_up(live_form())
    client = Client(enforce_csrf_checks=True)
    page = client.get(link(signup))
    text = page.content.decode()
    assert "One more click" in text and "a***@example.org" in text and "anna@" not in text
    assert "data-confirm-now" not in text and "signup_confirm.js" not in text
    assert page["Referrer-Policy"] == "no-referrer" and "no-store" in page["Cache-Control"]
    for _ in range(2):
        assert "You are subscribed" in client.post(link(signup)).content.decode()
    assert Subscription.objects.get().status == "subscribed"
    assert Consent.objects.count() == 2
    assert "You are subscribed" in client.get(link(signup)).content.decode()


def test_the_browser_that_signed_up_sends_the_page_on_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view, "PADDED", 0)
    form, browser = live_form(), Client()
    browser.post(f"/f/{form.slug}/", {"email": "anna@example.org"})
    signup = Signup.objects.get()
    assert "data-confirm-now" in browser.get(link(signup)).content.decode()
    assert Signup.objects.get().state == "waiting"  # the page does it, not its being opened
    other = sign_up(form, "bob@example.org")
    assert "data-confirm-now" not in browser.get(link(other)).content.decode()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert "data-confirm-now" not in browser.get(link(signup)).content.decode()


def test_an_expired_link_says_so_and_sends_a_new_one() -> None:
    signup = sign_up(live_form())
    with time_machine.travel(timezone.now() + timedelta(hours=80)):
        page = Client().post(link(signup))
        assert page.status_code == 410 and "This link has expired" in page.content.decode()
        assert Subscription.objects.get().status == "unconfirmed"
        answer = Client().post(link(signup), {"act": "again"})
        assert "Check your inbox" in answer.content.decode()
        assert Delivery.objects.count() == 2
        assert "One more click" in Client().get(link(signup)).content.decode()


def test_a_dropped_sign_up_and_a_deleted_one_confirm_nobody() -> None:
    signup = sign_up(live_form())
    url = link(signup)
    Signup.objects.update(state="refused", code="dropped")
    assert Client().post(url).status_code == 410
    Signup.objects.all().delete()
    assert Client().post(url).status_code == Client().get(url).status_code == 404


def test_links_of_another_purpose_open_nothing_and_inventing_them_is_limited() -> None:
    signup = sign_up(live_form())
    assert Client().post(f"/c/{unsubscribe_token(signup.pk)}/").status_code == 404
    for _ in range(9):
        assert Client().get("/c/invented/").status_code == 404
    assert Client().get("/c/invented/").status_code == 429
    assert Client().get(link(signup)).status_code == 200  # a genuine one always works


def test_the_page_speaks_the_language_of_the_form() -> None:
    signup = sign_up(live_form(texts={"ru": {}}), language="ru")
    page = Client().get(link(signup), headers={"Accept-Language": "en"}).content.decode()
    assert 'lang="ru"' in page
