"""Mailings to Telegram, MAX and VK, from launch to the last outcome."""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qs

import pytest

from apps.mailings.models import Attempt, Suppression
from tests import http_service as http
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def max_bot(request: Request) -> list[http.Step]:
    person = int(request.path.rpartition("=")[2])
    gone = {"code": "chat.denied", "message": "error.dialog.suspended"}
    yes = {"message": {"body": {"mid": f"mid.{person}"}}}
    return list(http.json_reply(*((gone, 403) if person % 10 == 0 else (yes, 200)))(request))


def vk_community(request: Request) -> list[http.Step]:
    person = int(parse_qs(request.body.decode())["user_id"][0])
    gone = {"error": {"error_code": 901, "error_msg": "Can't send messages"}}
    return list(http.json_reply(gone if person % 10 == 0 else {"response": person})(request))


@pytest.mark.parametrize(
    ("kind", "service"), [("max", max_bot), ("vk", vk_community)], ids=["max", "vk"]
)
def test_everybody_gets_a_message_and_who_left_is_suppressed(
    declare: Declare, kind: str, service: http.Reply
) -> None:
    with HttpService(service) as far:
        declare("bot", kind=kind, url=far.url, token="secret", timeout=5)
        mailing = MailingFactory.create(channel=kind, account="bot")
        for number in range(1, 31):
            RecipientFactory(owner=mailing.owner, **{f"{kind}_user_id": number})
        run = send(mailing)
    assert (run.state, run.sent, run.failed, run.audience) == ("done", 27, 3, 30)
    assert_equation(run)
    stopped = Suppression.objects.filter(owner=mailing.owner, channel=kind, reason="bounced")
    assert sorted(stopped.values_list("address", flat=True)) == ["10", "20", "30"]


def test_a_lost_answer_of_vk_is_asked_for_again_with_the_same_id(declare: Declare) -> None:
    with HttpService(http.json_reply({"response": 5})) as far:
        far.script.append(http.reset())
        declare("bot", kind="vk", url=far.url, token="secret", timeout=5)
        mailing = MailingFactory.create(channel="vk", account="bot")
        RecipientFactory(owner=mailing.owner, vk_user_id=7)
        run = send(mailing)
        assert run.unknown == 0
    ids = Counter(parse_qs(one.body.decode())["random_id"][0] for one in far.requests)
    assert len(ids) == 1


# --- Telegram ---


def test_everybody_gets_a_message_of_the_bot_and_who_left_is_reported(declare: Declare) -> None:
    def usual(request: Request) -> list[http.Step]:
        chat = int(request.json["chat_id"])
        blocked = {"ok": False, "error_code": 403, "description": "bot was blocked by the user"}
        yes = {"ok": True, "result": {"message_id": chat}}
        return list(http.json_reply(*((blocked, 403) if chat % 10 == 0 else (yes, 200)))(request))

    with HttpService(usual) as service:
        declare("bot", kind="telegram", url=service.url, token="1:a", timeout=5)
        mailing = MailingFactory.create(channel="telegram", account="bot")
        for number in range(1, 31):
            RecipientFactory(owner=mailing.owner, telegram_chat_id=number)
        run = send(mailing)
    assert (run.state, run.sent, run.failed, run.audience) == ("done", 27, 3, 30)
    assert_equation(run)
    texts = {request.json["text"] for request in service.requests}
    assert len(texts) == 30
    assert all("Здравствуйте, Анна" in text and '<a href="http' in text for text in texts)
    assert Attempt.objects.filter(response="message_id=7").count() == 1
    stopped = Suppression.objects.filter(owner=mailing.owner, channel="telegram", reason="bounced")
    assert sorted(stopped.values_list("address", flat=True)) == ["10", "20", "30"]


def test_who_has_blocked_the_bot_is_not_written_to_again(declare: Declare) -> None:
    no = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    with HttpService(http.json_reply(no, 403)) as service:
        declare("bot", kind="telegram", url=service.url, token="1:a", timeout=5)
        mailing = MailingFactory.create(channel="telegram", account="bot")
        RecipientFactory(owner=mailing.owner, telegram_chat_id=1)
        assert send(mailing).failed == 1
        again = MailingFactory.create(owner=mailing.owner, channel="telegram", account="bot")
        run = send(again)
    assert (run.suppressed, run.audience, len(service.requests)) == (1, 1, 1)
    assert_equation(run)


def test_a_wrong_chat_is_a_failure_and_no_suppression(declare: Declare) -> None:
    no = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
    with HttpService(http.json_reply(no, 400)) as service:
        declare("bot", kind="telegram", url=service.url, token="1:a", timeout=5)
        mailing = MailingFactory.create(channel="telegram", account="bot")
        RecipientFactory(owner=mailing.owner, telegram_chat_id=1)
        assert send(mailing).failed == 1
    assert not Suppression.objects.exists()
