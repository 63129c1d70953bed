"""A mailing to phones, from launch to the last outcome, through a service over HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.errors import Refused
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Mailing, Message, Run
from tests import http_service as http
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory, UserFactory
from tests.http_service import HttpService, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]
YES = http.json_reply({"code": 0, "message": "OK"})


@pytest.fixture
def service(declare: Declare) -> Iterator[HttpService]:
    with HttpService(YES) as service:
        declare("sms", kind="gateway", url=service.url, token="t0ken", timeout=5)
        yield service


def mailing_to_phones(count: int, account: str = "sms") -> Mailing:
    mailing = MailingFactory.create(channel="phone", account=account)
    Message.objects.filter(pk=mailing.message_id).update(text="Здравствуйте, {{ full_name }}!")
    for number in range(count):
        RecipientFactory(owner=mailing.owner, email=None, phone=f"79{number:09d}")
    return mailing


def test_everybody_gets_one_text_and_the_ledger_is_right(service: HttpService) -> None:
    mailing = mailing_to_phones(200)
    RecipientFactory(owner=mailing.owner)  # has no phone
    run = send(mailing)
    assert (run.state, run.outcome) == ("done", "partial")  # one was left out
    assert run.get_outcome_display() == "finished; 1 was skipped"
    assert (run.sent, run.suppressed, run.audience) == (200, 1, 201)
    assert_equation(run)
    asked = {request.json["id"]: request.json for request in service.requests}
    assert len(service.requests) == len(asked) == 200
    for delivery in Delivery.objects.filter(run=run, state="sent").select_related("recipient"):
        request = asked[delivery.pk]
        assert request["phone"] == int(delivery.address)
        assert request["text"] == f"Здравствуйте, {delivery.recipient.full_name}!"
    assert Attempt.objects.filter(mailing=mailing, status="success").count() == 200


def test_every_kind_of_answer_ends_in_its_own_column(
    service: HttpService, declare: Declare
) -> None:
    """By the phone's last digit: refused, in doubt, or sent."""
    declare("sms", kind="gateway", url=service.url, token="t0ken", idempotent=False)

    def usual(request: Request) -> list[http.Step]:
        kind = request.json["phone"] % 10
        reply = {3: http.empty(400), 7: http.close()}.get(kind, YES)
        return list(reply(request))

    service.usual = usual
    run = send(mailing_to_phones(100))
    assert (run.sent, run.failed, run.unknown, run.audience) == (80, 10, 10, 100)
    assert_equation(run)
    assert set(Counter(request.json["id"] for request in service.requests).values()) == {1}


def test_a_service_that_is_gone_burns_nobody(declare: Declare) -> None:
    with HttpService(YES) as service:
        url = service.url
    declare("sms", kind="gateway", url=url, token="t0ken", timeout=1)
    run = send(mailing_to_phones(5))
    assert (run.state, run.reason, run.pending) == ("deferred", "channel_down", 5)
    assert not Attempt.objects.exists()
    assert_equation(run)


def test_a_refused_token_waits_for_a_person(
    service: HttpService, capfd: pytest.CaptureFixture[str]
) -> None:
    service.usual = http.json_reply({"message": "token expired: t0ken"}, 401)
    run = send(mailing_to_phones(30))
    assert (run.reason, run.pending, run.failed) == ("account_disabled", 30, 0)
    row = AccountState.objects.get(name="sms")
    assert row.state == AccountState.State.DOWN
    assert row.last_error.endswith('"token expired: ***"}')
    assert "t0ken" not in "".join(capfd.readouterr())


def test_a_service_that_answers_nonsense_does_not_get_the_whole_audience(
    service: HttpService, declare: Declare
) -> None:
    declare("sms", kind="gateway", url=service.url, token="t0ken", idempotent=False)
    service.usual = http.html()
    run = send(mailing_to_phones(100))
    assert run.reason == "channel_down"
    assert 5 <= run.unknown <= 13  # five in a row, and what the eight lines had begun
    assert run.pending == 100 - run.unknown
    assert_equation(run)


def test_a_test_text_reaches_the_phone(service: HttpService) -> None:
    mailing = mailing_to_phones(1)
    outcome = DispatchService().send_test(
        message_id=mailing.message_id, address="79990001122", account="sms"
    )
    assert outcome.verdict == "sent"
    assert service.requests[0].json["phone"] == 79990001122


def test_an_account_that_cannot_write_to_phones_is_refused(service: HttpService) -> None:
    for channel, account in (("email", "sms"), ("telegram", "sms")):
        mailing = mailing_to_phones(1, account)
        Mailing.objects.filter(pk=mailing.pk).update(channel=channel)
        with pytest.raises(Refused) as refusal:
            DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        assert refusal.value.code == "channel_missing"


def test_the_outbox_takes_a_text_for_trying_out(tmp_path: Path) -> None:
    mailing = mailing_to_phones(2, "email")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    DispatchService().work_until(launched.run_id, threading.Event())
    assert Run.objects.get(pk=launched.run_id).sent == 2
    texts = sorted(file.read_text(encoding="utf-8") for file in (tmp_path / "outbox").glob("*.txt"))
    assert texts[0].startswith("79000000000\n\nЗдравствуйте, Анна")


def test_a_superuser_tries_the_gateway_with_a_phone(service: HttpService, client: Client) -> None:
    client.force_login(UserFactory.create(is_superuser=True, is_staff=True))
    page = client.get(reverse("sending:accounts")).content.decode()
    assert page.count('name="address"') == 1
    client.post(reverse("sending:test", args=["sms"]), {"address": " 79990001122 "})
    assert [request.json["phone"] for request in service.requests] == [79990001122]
