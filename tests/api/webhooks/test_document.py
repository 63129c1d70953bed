"""The receiver in docs/webhooks.md does what it says."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.utils import timezone

from apps.api.webhooks.models import Webhook
from apps.api.webhooks.services import rotate
from apps.api.webhooks.signing import secret_of
from config.environment import BASE_DIR
from tests.api.webhooks.conftest import Dispatch
from tests.api.webhooks.test_events import attempts_of
from tests.factories import WebhookFactory

pytestmark = pytest.mark.django_db


@contextmanager
def receiver(secret: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The document's program as a process; its address, and the process."""
    text = (BASE_DIR / "docs" / "webhooks.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", found[1]],
        env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/hooks", process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_it_takes_what_is_genuine_and_drops_repetitions(dispatch: Dispatch) -> None:
    webhook = WebhookFactory.create(runs=False)
    with receiver(secret_of(webhook)) as (url, process):
        Webhook.objects.update(url=url)
        attempts_of(webhook.owner, 1, code=250)
        dispatch.run_rounds()
        call = webhook.calls.get()
        assert call.code == 204
        webhook.calls.update(delivered_at=None)
        dispatch.run_rounds_when_due()
        rotate(webhook=webhook, now=timezone.now())  # it still has the old secret
        attempts_of(webhook.owner, 1, code=252)
        dispatch.run_rounds()
        assert set(webhook.calls.values_list("code", flat=True)) == {204}
        assert process.stdout is not None
        lines = [process.stdout.readline() for _number in range(2)]
    assert "250" in lines[0] and "252" in lines[1]
    assert all(line.startswith("delivery.attempt {") for line in lines)


def test_it_refuses_what_is_forged_or_old(dispatch: Dispatch) -> None:
    webhook = WebhookFactory.create(runs=False)
    with receiver(secret_of(Webhook())) as (url, _process):
        Webhook.objects.update(url=url)
        attempts_of(webhook.owner, 1)
        dispatch.run_rounds()
        assert webhook.calls.get().code == 401
        answer = httpx.post(url, content=b'{"events": []}', trust_env=False)
        assert answer.status_code == 401
