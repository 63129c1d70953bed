"""A superuser adds a message centre on the page, tests it, and sends by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import Message
from tests.delivery.channels.smpp.centre import SmppCentre
from tests.delivery.engine.workers import assert_equation, send
from tests.delivery.views.test_account_forms import Live, client, edit, new
from tests.env_file import env_file
from tests.factories import MailingFactory, RecipientFactory
from tests.people import HTMX

__all__ = ["client", "env_file"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def typed(centre: SmppCentre, **more: Any) -> dict[str, Any]:
    server = {"name": "texts", "host": "127.0.0.1", "port": centre.port, "security": "none"}
    log_in = {"username": "vestnik", "password": "secret08", "system_type": "VMS"}
    return {**server, **log_in, "sender": "Shop", "long_text": "payload", "act": "save", **more}


def test_a_newcomer_adds_it_tests_it_and_sends(client: Client, env_file: Live) -> None:
    assert "?kind=smpp" in client.get(reverse("sending:new")).content.decode()
    page = client.get(new(kind="smpp")).content.decode()
    assert 'placeholder="2775"' in page and "STARTTLS" not in page
    with SmppCentre() as centre:
        tested = client.post(new(kind="smpp"), typed(centre, act="test"), headers=HTMX)
        assert "It works" in tested.content.decode()
        assert client.post(new(kind="smpp"), typed(centre)).status_code == 302
        mailing = MailingFactory.create(channel="phone", account="texts")
        Message.objects.filter(pk=mailing.message_id).update(text="Hi {{ full_name }}", html="")
        for number in range(30):
            RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
        run = send(mailing)
        assert {one[:3] for one in centre.binds} == {("vestnik", "secret08", "VMS")}
    assert (run.state, run.outcome, run.sent) == ("done", "success", 30)
    assert_equation(run)
    found = env_file[1].accounts["texts"]
    assert (found.password, found.long_text, found.security) == ("secret08", "payload", "none")
    assert "secret08" not in client.get(edit("texts")).content.decode()


def test_what_is_wrong_is_said_at_its_field(client: Client, env_file: Live) -> None:
    with SmppCentre() as centre:
        page = client.post(new(kind="smpp"), typed(centre, sender="Магазин")).content.decode()
    assert "Up to 11 Latin letters" in page
    assert "texts" not in env_file[1].accounts
