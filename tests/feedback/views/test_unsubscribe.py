"""The public page behind the link in every letter (RFC 8058)."""

from __future__ import annotations

import secrets

import pytest
from django.test import Client

from apps.mailings.links import sealed, unsubscribe_token
from apps.mailings.models import Suppression
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
