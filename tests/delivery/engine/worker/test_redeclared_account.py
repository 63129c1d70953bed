"""A running worker ends its turn on the account as it was; the next one takes it as it is."""

from __future__ import annotations

import threading

import pytest
from django.conf import LazySettings

from apps.core.contracts import Letter, Outcome
from apps.delivery.channels.outbox import channel as outbox
from apps.delivery.service import DispatchService
from apps.mailings.models import Run
from config.account_settings import AccountSettings
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def declared(**more: object) -> dict[str, AccountSettings]:
    fields = {"kind": "outbox", "window": 2, "from_email": "old@example.org", **more}
    return {"email": AccountSettings.model_validate(fields)}


@pytest.mark.parametrize("after", ["changed", "removed"])
def test_a_change_while_it_sends_holds_from_the_next_turn(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    settings.ACCOUNTS = declared()
    monkeypatch.setattr("apps.delivery.engine.worker.preconditions._ACCOUNT_EVERY", 0.0)
    senders: list[bytes] = []
    write = outbox.OutboxChannel.send

    def changing(self: outbox.OutboxChannel, line: int, letter: Letter) -> Outcome:
        senders.append(b"new@example.org" if b"new@example.org" in letter.body else b"old")
        if after == "removed":
            settings.ACCOUNTS = {"other": declared()["email"]}
        else:
            settings.ACCOUNTS = declared(from_email="new@example.org")
        return write(self, line, letter)

    monkeypatch.setattr(outbox.OutboxChannel, "send", changing)
    service = DispatchService()
    mailing = mailing_to(8)
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.work_until(launched.run_id, threading.Event())
    run = Run.objects.get(pk=launched.run_id)
    if after == "changed":
        assert run.sent == 8
        assert senders[0] == b"old" and senders[-1] == b"new@example.org"
    else:
        assert (run.state, run.reason) == ("paused", "account_disabled")
        assert 0 < run.sent < 8 and run.pending == 8 - run.sent
