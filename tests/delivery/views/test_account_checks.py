"""A superuser tries a sending account by a button, and receives what came of it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.delivery.engine.conftest import Declare, declare
from tests.factories import UserFactory

__all__ = ["declare"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser(client: Client) -> Client:
    client.force_login(UserFactory.create(is_superuser=True, is_staff=True))
    return client


def message_of(client: Client, name: str, **kwargs: str) -> str:
    """The page after the button was pressed."""
    url = f"/management/accounts/{name}/test/"
    return client.post(url, kwargs, follow=True).content.decode()


def test_what_could_not_be_sent_is_reported_with_the_reason(
    superuser: Client, declare: Declare
) -> None:
    declare("sms", kind="gateway", url="http://127.0.0.1:9", token="t")
    assert "Not sent to 79001234567: " in message_of(superuser, "sms", address="79001234567")


def test_a_trial_takes_its_place_in_the_accounts_limit(superuser: Client, declare: Declare) -> None:
    declare("email", per_day=1)
    assert "Sent to " in message_of(superuser, "email")
    assert "The limit of this account is used up until" in message_of(superuser, "email")


def test_an_account_that_is_not_declared_is_not_found(superuser: Client) -> None:
    assert superuser.post("/management/accounts/gone/test/").status_code == 404
