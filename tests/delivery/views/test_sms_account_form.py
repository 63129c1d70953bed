"""A superuser adds an account for text messages on the page, tests it, and sends by it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import Message
from tests import http_service as http
from tests.delivery.engine.workers import assert_equation, send
from tests.delivery.views.test_account_forms import Live, client, edit, new
from tests.env_file import env_file
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Request
from tests.people import HTMX

__all__ = ["client", "env_file"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

TOKEN = "00000000-key"


def smsru(request: Request) -> list[http.Step]:
    """A balance, and a yes to every message."""
    if request.path == "/my/balance":
        return list(http.json_reply({"status_code": 100, "balance": 10.5})(request))
    phone = dict(part.split("=") for part in request.body.decode().split("&"))["to"]
    one = {"status_code": 100, "sms_id": f"2026-{phone}"}
    return list(http.json_reply({"status_code": 100, "sms": {phone: one}})(request))


def typed(url: str, **more: str) -> dict[str, str]:
    fields = {"name": "texts", "provider": "smsru", "token": TOKEN, "url": url}
    return {**fields, "sender": "Shop", "price": "2.49 RUB", "act": "save", **more}


def test_a_newcomer_adds_it_tests_it_and_sends(client: Client, env_file: Live) -> None:
    file, live = env_file
    page = client.get(reverse("sending:new")).content.decode()
    assert "Text messages (SMS)" in page and "?preset=smsru" in page
    assert "api_id" in client.get(new(preset="smsru")).content.decode()
    with HttpService(smsru) as service:
        tested = client.post(new(preset="smsru"), typed(service.url, act="test"), headers=HTMX)
        assert "It works" in tested.content.decode()
        assert client.post(new(preset="smsru"), typed(service.url)).status_code == 302
        mailing = MailingFactory.create(channel="phone", account="texts")
        Message.objects.filter(pk=mailing.message_id).update(text="Hi {{ full_name }}", html="")
        for number in range(30):
            RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
        run = send(mailing)
        paths = [request.path for request in service.requests]
    assert (run.state, run.outcome, run.sent) == ("done", "success", 30)
    assert_equation(run)
    assert (paths.count("/my/balance"), paths.count("/sms/send")) == (2, 30)
    assert "ACCOUNTS__TEXTS__PRICE=" in file.read_text(encoding="utf-8")
    assert live.accounts["texts"].token == TOKEN
    assert TOKEN not in client.get(edit("texts")).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("provider", "", "Choose the provider"),
        ("token", "", "The provider needs this."),
        ("price", "cheap", "Write a number with a currency"),
        ("record", "/nowhere.toml", "read, or is no record"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, env_file: Live, field: str, value: str, text: str
) -> None:
    page = client.post(new(kind="sms"), typed("", **{field: value})).content.decode()
    assert text in page
    assert "texts" not in env_file[1].accounts


def test_a_stored_key_does_not_go_to_another_provider(client: Client, env_file: Live) -> None:
    with HttpService(smsru) as service:
        client.post(new(kind="sms"), typed(service.url))
        page = client.post(edit("texts"), typed(service.url, provider="exolve", token=""))
    assert "Enter it again" in page.content.decode()
    assert env_file[1].accounts["texts"].provider == "smsru"
