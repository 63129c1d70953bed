"""The API says whether a mailing starts on its own, in which zone it repeats, by what it goes."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from apps.mailings.models import Mailing
from apps.mailings.sending_accounts import default_account
from config.account_settings import AccountSettings
from tests.api.conftest import Voice
from tests.api.routers.test_mailings import given, soon
from tests.factories import MessageFactory

pytestmark = pytest.mark.django_db
LIST = "/api/mailings/"


def test_a_mailing_starts_on_its_own_unless_it_is_asked_to_be_a_draft(anna: Voice) -> None:
    assert anna.post(LIST, given(anna)).json()["scheduled"] is True
    draft = anna.post(LIST, given(anna, scheduled=False, starts_at=soon(hours=1))).json()
    assert draft["scheduled"] is False and "Draft" in draft["next_step"]
    assert Mailing.objects.get(pk=draft["id"]).is_draft
    url = f"{LIST}{draft['id']}/"
    assert anna.patch(url, {"name": "Renamed"}).json()["scheduled"] is False
    assert anna.patch(url, {"scheduled": True}).json()["scheduled"] is True


def test_a_repetition_names_its_zone(anna: Voice) -> None:
    body = given(anna, repeat="FREQ=WEEKLY", repeat_zone="Asia/Kamchatka")
    made = anna.post(LIST, body).json()
    assert made["repeat_zone"] == "Asia/Kamchatka"
    assert anna.get(f"{LIST}{made['id']}/").json()["repeat_zone"] == "Asia/Kamchatka"
    wrong = anna.post(LIST, given(anna, repeat="FREQ=WEEKLY", repeat_zone="Mars/Olympus"))
    assert wrong.status_code in (400, 422)


@pytest.fixture
def real_accounts(settings: LazySettings) -> None:
    settings.ACCOUNTS = {
        "email": AccountSettings(kind="smtp", host="localhost", from_email="a@example.org"),
        "bot": AccountSettings(kind="telegram", token="1:a"),
        "sms": AccountSettings(kind="gateway", url="https://sms.example.org/", token="t"),
    }
    settings.ACCOUNT_HOURS = {name: None for name in settings.ACCOUNTS}


@pytest.mark.parametrize(
    "routes",
    [
        {"channel": "telegram", "account": "email"},
        {"channel": "email", "account": "sms"},
        {"channel": "phone", "account": "bot"},
    ],
)
def test_an_account_that_cannot_serve_the_channel_is_refused(
    anna: Voice, real_accounts: None, routes: dict[str, Any]
) -> None:
    answer = anna.post(LIST, given(anna, **routes))
    assert answer.status_code in (400, 422)
    assert "account" in answer.content.decode()


@pytest.mark.parametrize(
    ("channel", "account"), [("email", "news"), ("phone", "sms"), ("telegram", "bot")]
)
def test_a_mailing_without_an_account_goes_by_the_one_that_really_sends(
    anna: Voice, real_accounts: None, settings: LazySettings, channel: str, account: str
) -> None:
    files = AccountSettings(kind="outbox")
    settings.ACCOUNTS = {**settings.ACCOUNTS, "news": settings.ACCOUNTS["email"], "email": files}
    made = anna.post(LIST, given(anna, channel=channel))
    assert (made.status_code, made.json()["account"]) == (201, account)
    assert anna.user is not None and default_account(channel, anna.user) == account
    replaced = anna.put(f"{LIST}{made.json()['id']}/", given(anna, channel=channel))
    assert replaced.json()["account"] == account
    named = {"account": "email"}
    assert anna.patch(f"{LIST}{made.json()['id']}/", named).json()["account"] == "email"


def test_email_is_the_account_when_no_other_is_declared(anna: Voice) -> None:
    assert anna.post(LIST, given(anna)).json()["account"] == "email"


def test_an_account_of_others_is_nobodys_default(
    anna: Voice, real_accounts: None, settings: LazySettings
) -> None:
    settings.ACCOUNTS = {"news": settings.ACCOUNTS["email"], "own": settings.ACCOUNTS["email"]}
    settings.ACCOUNT_HOURS = {"news": None, "own": None}
    settings.ACCOUNT_USERS = {"news": frozenset({"zoe@example.org"})}
    assert anna.post(LIST, given(anna)).json()["account"] == "own"
    message = MessageFactory.create(owner=anna.user)
    assert anna.post("/api/send", {"message": message.pk, "email": "x@example.org"}).json()
    assert Mailing.objects.get(kind="transactional").account == "own"


def test_two_bots_are_asked_about_by_a_mailing_too(
    anna: Voice, real_accounts: None, settings: LazySettings
) -> None:
    second = AccountSettings(kind="telegram", token="2:b")
    settings.ACCOUNTS = {**settings.ACCOUNTS, "second": second}
    answer = anna.post(LIST, given(anna, channel="telegram"))
    assert (answer.status_code, answer.json()["code"]) == (409, "account_unclear")


def test_a_message_to_a_chat_goes_by_the_bot(anna: Voice, real_accounts: None) -> None:
    message = MessageFactory.create(owner=anna.user)
    answer = anna.post("/api/send", {"message": message.pk, "telegram_chat_id": 5})
    assert answer.status_code == 202, answer.json()
    single = Mailing.objects.get(kind="transactional")
    assert (single.channel, single.account) == ("telegram", "bot")


def test_two_bots_are_asked_about(anna: Voice, real_accounts: None, settings: LazySettings) -> None:
    second = AccountSettings(kind="telegram", token="2:b")
    settings.ACCOUNTS = {**settings.ACCOUNTS, "second": second}
    message = MessageFactory.create(owner=anna.user)
    answer = anna.post("/api/send", {"message": message.pk, "telegram_chat_id": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_unclear")
