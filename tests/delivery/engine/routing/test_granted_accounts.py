"""An account may be for some users alone: on the page, in the API, by a test, at every start."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.core.contracts import AccountInfo
from apps.delivery.accounts import AccountNotGranted, AccountUnknown
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing
from apps.users.models import User
from config.account_settings import AccountSettings
from config.rules.sending import users_of
from tests.api.conftest import voice_of
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import ManagerFactory, MessageFactory, UserFactory, confirmed, mailing_to

__all__ = ["declare"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def granted(declare: Declare, settings: LazySettings) -> None:
    """`email` is for everybody, `news` for Anna and the managers."""
    declare()
    settings.ACCOUNTS = {**settings.ACCOUNTS, "news": settings.ACCOUNTS["email"]}
    settings.ACCOUNT_USERS = {"news": users_of("Anna@example.org, managers")}


@pytest.mark.parametrize(
    ("who", "may"),
    [("anna@example.org", True), ("mary@example.org", True), ("bob@example.org", False)],
)
def test_only_those_who_are_named_send_by_it(who: str, may: bool) -> None:
    user = (ManagerFactory if who.startswith("mary") else UserFactory).create(email=who)
    mailing = mailing_to(1, owner=user, account="news")
    dispatch = DispatchService()
    if may:
        assert dispatch.launch(mailing_id=mailing.pk, trigger="manual").created
        return
    with pytest.raises(AccountNotGranted, match="news"):
        dispatch.launch(mailing_id=mailing.pk, trigger="manual")
    with pytest.raises(AccountNotGranted):
        dispatch.send_test(message_id=mailing.message_id, address="x@example.org", account="news")
    mailing.account, mailing.second_channel, mailing.second_account = "email", "phone", "news"
    mailing.save()
    with pytest.raises(AccountNotGranted):
        dispatch.launch(mailing_id=mailing.pk, trigger="manual")


def test_others_are_not_offered_it_and_cannot_name_it() -> None:
    bob = confirmed(UserFactory.create(email="bob@example.org"))
    message = MessageFactory.create(owner=bob)
    browser = Client()
    browser.force_login(bob)
    for url in (reverse("mailings:create"), reverse("messages:test", args=[message.pk])):
        assert b'value="news"' not in browser.get(url).content
    voice = voice_of(bob)
    body = {
        "name": "x",
        "message_id": message.pk,
        "account": "news",
        "everyone": True,
        "ends_at": "2099-01-01T00:00:00Z",
    }
    answer = voice.post("/api/mailings/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "account")
    given = {"email": "x@example.org", "message": message.pk, "account": "news"}
    answer = voice.post("/api/send", given)
    assert answer.status_code in (403, 422)
    assert not Mailing.objects.exists()


def test_a_superuser_counts_among_the_managers_and_nobody_named_is_everybody() -> None:
    chief = User.objects.create_superuser("chief@example.org")
    bob = UserFactory.create(email="bob@example.org")
    some = AccountInfo("news", frozenset(), users=users_of("managers"))
    assert some.is_for(chief) and not some.is_for(bob)
    assert AccountInfo("news", frozenset()).is_for(bob)


@pytest.mark.parametrize("text", ["anna", "anna@example.org managers", "everybody"])
def test_what_is_no_user_is_reported_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="users"):
        AccountSettings(kind="outbox", users=text)


def test_an_unknown_account_stays_unknown() -> None:
    mailing = mailing_to(1, account="nobody")
    with pytest.raises(AccountUnknown):
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
