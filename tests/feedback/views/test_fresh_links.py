"""A person's own way to preferences, to a copy of the data, and to its erasure."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from apps.feedback.models import PublicLink
from apps.feedback.services import email_change
from apps.feedback.services.public_links import make_link, url_of
from apps.feedback.views import fresh_links as view
from apps.mailings.links import PREFERENCES, sealed, unsubscribe_token
from apps.mailings.models import Consent, DataCopy, Delivery, ErasureRequest, Mailing, Recipient
from apps.mailings.services.privacy import personal_data
from apps.mailings.services.privacy.erasure import ask, refuse
from apps.users.models import Notification
from tests.factories import DeliveryFactory, RecipientFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PADDED", 0)
    monkeypatch.setattr(personal_data, "in_background", lambda make, number: None)


@pytest.fixture
def anna() -> Recipient:
    return RecipientFactory.create(email="anna@example.org")


def page_of(person: Recipient, purpose: str) -> str:
    link = make_link(recipient=person, purpose=purpose, now=timezone.now())
    return "/p/" + url_of(link).partition("/p/")[2]


def post(url: str, **data: str) -> Any:
    return Client(enforce_csrf_checks=True).post(url, data)


def figures() -> list[int]:
    models: tuple[type[Model], ...] = (
        *(PublicLink, DataCopy, ErasureRequest),
        *(Mailing, Consent, Notification),
    )
    used = PublicLink.objects.exclude(used_at=None).count()
    return [*(model._default_manager.count() for model in models), used]


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(anna: Recipient) -> None:
    url = f"/preferences/{sealed(PREFERENCES, anna.owner_id)}/"
    answers = {post(url, email=email).content for email in ("Anna@example.org", "no@example.org")}
    assert len(answers) == 1 and b"Check your inbox" in answers.pop()
    assert PublicLink.objects.get().recipient == anna
    assert Delivery.objects.get().address == "anna@example.org"


def test_what_is_no_address_is_said_and_a_forged_page_is_none(anna: Recipient) -> None:
    url = f"/preferences/{sealed(PREFERENCES, anna.owner_id)}/"
    response = post(url, email="anna@")
    assert response.status_code == 400
    assert b"error-email" in response.content and b'value="anna@"' in response.content
    assert Client().get("/preferences/1/").status_code == 404


def test_an_old_letter_only_sends_a_link_to_the_data(anna: Recipient) -> None:
    delivery = DeliveryFactory.create(run=RunFactory.create(mailing__owner=anna.owner))
    Delivery.objects.filter(pk=delivery.pk).update(recipient=anna, address=anna.email)
    url = f"/u/{unsubscribe_token(delivery.pk)}/"
    shown = Client().get(url).content.decode()
    assert "a***@example.org" in shown and "anna@example.org" not in shown
    response = post(url, act="link", purpose="data")
    assert b"Check your inbox" in response.content
    assert PublicLink.objects.get().purpose == "data"
    assert not DataCopy.objects.exists()


def test_a_fresh_link_leads_to_the_data_at_once(anna: Recipient) -> None:
    for purpose in ("data", "erasure", "email"):
        response = post(page_of(anna, "preferences"), act="link", purpose=purpose)
        assert response.status_code == 302
        assert Client().get(response["Location"]).status_code == 200
    assert not Mailing.objects.exists()


def test_a_fresh_link_makes_ten_more_an_hour(anna: Recipient) -> None:
    url = page_of(anna, "preferences")
    answers = [post(url, act="link", purpose="data").status_code for _number in range(11)]
    assert answers == [302] * 10 + [429]
    assert PublicLink.objects.count() == 11


def test_opening_any_page_changes_nothing(anna: Recipient) -> None:
    urls = [page_of(anna, purpose) for purpose in ("preferences", "data", "erasure", "email")]
    urls.append(f"/preferences/{sealed(PREFERENCES, anna.owner_id)}/")
    before = figures()
    for url in urls * 2:
        response = Client().get(url)
        assert response.status_code == 200 and not response.cookies
        assert response["Referrer-Policy"] == "no-referrer"
    assert figures() == before


def test_a_person_gets_a_copy_of_the_data_once_a_link(anna: Recipient) -> None:
    url = page_of(anna, "data")
    for _number in range(2):
        assert b"being made" in post(url).content
    copy = DataCopy.objects.get()
    assert (copy.recipient, copy.actor) == (anna, "recipient")
    assert post(url, act="take").status_code == 404
    personal_data.make(copy.pk)
    assert b"Your copy is ready" in Client().get(url).content
    response = post(url, act="take")
    assert b"Your copy is ready" in post(page_of(anna, "data")).content
    assert DataCopy.objects.count() == 1, "one that is still there will do"
    names = zipfile.ZipFile(BytesIO(response.content)).namelist()
    assert any(name.endswith(".json") for name in names)


def test_a_person_is_erased_at_their_own_wish_and_may_think_again(anna: Recipient) -> None:
    url = page_of(anna, "erasure")
    assert b"Keep my data" in post(url).content
    request = ErasureRequest.objects.get()
    assert (request.by, request.state) == ("person", "waiting")
    assert request.confirmed_at is not None
    assert Notification.objects.get().code == "erasure_asked"
    post(url)
    assert ErasureRequest.objects.count() == 1
    assert b"Erase my data" in post(url, act="keep").content
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("refused", "recipient")
    assert post(url).status_code == 200
    assert ErasureRequest.objects.filter(state="waiting").count() == 1


def test_a_person_sees_why_an_erasure_was_refused(anna: Recipient) -> None:
    url = page_of(anna, "erasure")
    post(url)
    now = timezone.now()
    refuse(request=ErasureRequest.objects.get(), reason="An open order", actor="x", now=now)
    assert b"An open order" in Client().get(url).content


def test_nobody_takes_back_what_the_owner_has_decided(anna: Recipient) -> None:
    ask(recipient=anna, by="owner", actor="x", now=timezone.now())
    url = page_of(anna, "erasure")
    assert b"Keep my data" not in Client().get(url).content
    post(url, act="keep")
    assert ErasureRequest.objects.get().state == "waiting"


def test_an_hour_later_nothing_opens(anna: Recipient) -> None:
    url = page_of(anna, "erasure")
    PublicLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert post(url).status_code == 410
    assert not ErasureRequest.objects.exists()


def test_a_person_changes_the_address_by_two_mailboxes(
    anna: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_change, "in_background", lambda send, number: None)
    first = page_of(anna, "email")
    assert post(first, email="nonsense").status_code == 400
    RecipientFactory.create(owner=anna.owner, email="taken@example.org")
    second = page_of(anna, "email")
    taken = post(second, email="taken@example.org").content
    assert post(page_of(anna, "email"), email="anna@new.example").content == taken
    link = PublicLink.objects.get(address="anna@new.example")
    url = "/p/" + url_of(link).partition("/p/")[2]
    shown = Client().get(url).content.decode()
    assert "a***@new.example" in shown and "anna@example.org" not in shown
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"
    for _number in range(2):
        assert b"Your address is changed" in post(url).content
    anna.refresh_from_db()
    assert anna.email == "anna@new.example"
