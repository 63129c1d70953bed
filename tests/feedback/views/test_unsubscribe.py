"""The public page behind the link in every letter (RFC 8058)."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.core.site import site_url
from apps.delivery.accounts import declared
from apps.feedback.services.unsubscribe import masked
from apps.mailings.links import sealed, unsubscribe_token
from apps.mailings.models import Delivery, Run, Suppression
from tests.factories import DeliveryFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def url_of(delivery_id: int) -> str:
    return f"/u/{unsubscribe_token(delivery_id)}/"


@pytest.mark.parametrize(("language", "text"), [("ru", "Отписаться?"), ("en", "Unsubscribe?")])
def test_the_link_only_asks(cast: Cast, language: str, text: str) -> None:
    response = Client().get(url_of(cast.delivery.pk), headers={"Accept-Language": language})
    assert text in response.content.decode()
    assert not Suppression.objects.exists()
    assert not response.cookies
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert 'content="noindex' in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_the_page_names_the_sender_and_no_whole_address(cast: Cast) -> None:
    name, _at, domain = cast.delivery.address.partition("@")
    page = Client().get(url_of(cast.delivery.pk)).content.decode()
    assert f"{name[0]}***@{domain}" in page and cast.delivery.address not in page
    sender = declared(cast.run.account)
    assert (sender.from_name or sender.from_email) in page
    Run.objects.update(account="gone")
    assert urlsplit(site_url()).netloc in Client().get(url_of(cast.delivery.pk)).content.decode()


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "a@x.org", "a***@x.org"),
        ("phone", "79161234567", "***4567"),
        ("telegram", "123456", ""),
        ("email", "", ""),
    ],
)
def test_an_address_is_masked(channel: str, address: str, shown: str) -> None:
    assert masked(Delivery(channel=channel, address=address)) == shown


def test_who_is_unsubscribed_already_reads_so_and_can_come_back(cast: Cast) -> None:
    client, url = Client(enforce_csrf_checks=True), url_of(cast.delivery.pk)
    assert "You are unsubscribed" in client.post(url).content.decode()
    page = client.get(url).content.decode()
    assert "You are already unsubscribed" in page and "Subscribe again" in page
    answer = client.post(url, {"act": "undo"})
    assert "You are subscribed again" in answer.content.decode()
    assert not Suppression.objects.exists()
    assert "Unsubscribe?" in client.get(url).content.decode()


def test_only_the_own_unsubscription_can_be_taken_back(cast: Cast) -> None:
    Suppression.objects.create(owner=cast.owner, address=cast.delivery.address, reason="bounced")
    url = url_of(cast.delivery.pk)
    assert "Subscribe again" not in Client().get(url).content.decode()
    Client().post(url, {"act": "undo"})
    assert Suppression.objects.get().reason == "bounced"


def test_head_changes_nothing(cast: Cast) -> None:
    assert Client().head(url_of(cast.delivery.pk)).status_code == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
def test_a_post_unsubscribes_without_cookie_token_or_redirect(
    cast: Cast, body: dict[str, str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):  # idempotent
        response = client.post(url_of(cast.delivery.pk), body)
        assert response.status_code == 200
        assert not response.cookies
    row = Suppression.objects.get()
    assert (row.owner, row.channel, row.address, row.reason) == (
        cast.owner,
        "email",
        cast.delivery.address,
        "unsubscribed",
    )


def test_a_complaint_is_not_softened_by_an_unsubscription(cast: Cast) -> None:
    Suppression.objects.create(
        owner=cast.owner, address=cast.delivery.address, reason=Suppression.Reason.COMPLAINED
    )
    Client().post(url_of(cast.delivery.pk))
    assert Suppression.objects.get().reason == "complained"


def test_a_delivery_without_an_address_is_answered_kindly(cast: Cast) -> None:
    delivery = DeliveryFactory.create(run=cast.run, address="")
    assert Client().post(url_of(delivery.pk)).status_code == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_not_found(cast: Cast, method: str) -> None:
    for token in ("x", secrets.token_urlsafe(24), sealed(b"view", cast.delivery.pk)):
        assert getattr(Client(), method)(f"/u/{token}/").status_code == 404
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_link_of_a_vanished_delivery_is_not_found(db: None, method: str) -> None:
    assert getattr(Client(), method)(url_of(10**9)).status_code == 404


def test_inventing_links_is_limited_and_using_real_ones_is_not(cast: Cast) -> None:
    client = Client()
    answers = [client.post(f"/u/{secrets.token_urlsafe(24)}/").status_code for _ in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert client.post(url_of(cast.delivery.pk)).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get("/u/x/").status_code == 404
