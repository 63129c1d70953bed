"""What the tests of mailings over several channels share: a bot, a gateway, and who went where."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Recipient, Run
from tests import http_service as http
from tests.delivery.engine.workers import assert_equation
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import Request


@dataclass
class World:
    """A bot and a gateway that keep count. ``gone``: chats that have blocked the bot."""

    gone: set[int] = field(default_factory=set)
    chats: Counter[int] = field(default_factory=Counter)
    phones: Counter[int] = field(default_factory=Counter)
    telegram: http.Reply | None = None

    def bot(self, request: Request) -> list[http.Step]:
        if self.telegram is not None:
            return list(self.telegram(request))
        chat = int(request.json["chat_id"])
        self.chats[chat] += 1
        blocked = {"ok": False, "error_code": 403, "description": "bot was blocked by the user"}
        yes = {"ok": True, "result": {"message_id": chat}}
        return list(
            http.json_reply(*((blocked, 403) if chat in self.gone else (yes, 200)))(request)
        )

    def gateway(self, request: Request) -> list[http.Step]:
        self.phones[request.json["phone"]] += 1
        return list(http.json_reply({"code": 0, "message": "OK"})(request))


MAIL, BOT, SMS = ("email", "mail"), ("telegram", "bot"), ("phone", "sms")


def mailing_over(*routes: tuple[str, str]) -> Mailing:
    """A mailing over these channels with their accounts, in this order."""
    fields: dict[str, str] = {}
    for prefix, (channel, account) in zip(("", "second_", "third_"), routes, strict=False):
        fields |= {f"{prefix}channel": channel, f"{prefix}account": account}
    return MailingFactory.create(**fields)


def somebody(mailing: Mailing, number: int, *, channels: str) -> Recipient:
    """With an address on each of the channels: e, t, p."""
    return RecipientFactory.create(
        owner=mailing.owner,
        email=f"anna{number}@example.org" if "e" in channels else None,
        telegram_chat_id=number if "t" in channels else None,
        phone=f"79{number:09d}" if "p" in channels else None,
    )


def went(run: Run) -> Counter[tuple[str, str]]:
    """How many of each channel came to which state, by the ledger."""
    return Counter(Delivery.objects.filter(run=run).values_list("channel", "state"))


def counted(run: Run) -> dict[str, int]:
    return dict(run.routes.values_list("channel", "count"))


def go_on(run: Run, times: int = 4) -> Run:
    """Work it in this thread until nothing can be done now."""
    for _ in range(times):
        DispatchService().dispatch_due()
        DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert_equation(run)
    return run


def begun(mailing: Mailing) -> Run:
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    assert next_run(mailing.account) == launched.run_id
    return Run.objects.get(pk=launched.run_id)
