"""Processes are killed while files are brought: nobody loses one, nobody gets another's.

``--fault-rounds 20 --invoices 2000`` plays what is published.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.models import DeliveryFile, Mailing, PersonalFile, Run, RunFiles
from apps.mailings.services.personal_files import archives
from tests.delivery.engine.staging.invoices import (
    invoice_mailing,
    own_store,
    pdf,
    sent_files,
    uploaded,
    zipped,
)
from tests.delivery.engine.workers import assert_equation, send
from tests.http_service import HttpService, Request, written

__all__ = ["own_store"]  # a fixture
pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and kills"),
]


class Forker:
    """Starts processes that bring files, and kills them after a moment."""

    def __init__(self, store: Path) -> None:
        names = ("NAME", "USER", "HOST", "PORT", "OPTIONS")
        database = {
            name: str(value) if name == "NAME" else value
            for name, value in connection.settings_dict.items()
            if name in names
        }
        module = "tests.faults.processes.staging_child"
        command = [sys.executable, "-m", module, json.dumps(database), str(store)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def run(self, *, killed_after: float | None = None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        pid = int(self._process.stdout.readline())
        if killed_after is not None:
            time.sleep(killed_after)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        assert self._process.stdout.readline() == "ended\n"

    def close(self) -> None:
        assert self._process.stdin is not None
        with self._process:  # closes its pipes, and waits
            self._process.stdin.close()


@pytest.fixture
def forker(own_store: Path) -> Iterator[Forker]:
    made = Forker(own_store)
    yield made
    made.close()


@pytest.fixture
def tickets() -> Iterator[HttpService]:
    """A server with a ticket for everybody, a little slow."""

    def ticket(request: Request) -> Iterator[bytes | float]:
        yield 0.002
        yield written(pdf(int(request.path.rpartition("-")[2].removesuffix(".pdf")), 500))

    with HttpService(ticket) as service:
        yield service


def add_ticket(mailing: Mailing, tickets: HttpService) -> None:
    PersonalFile.objects.create(
        message=mailing.message,
        name="Билет.pdf",
        source="url",
        origin=f"{tickets.url}/{{{{ invoice }}}}.pdf",
    )


def own_files(mailing: Mailing, count: int) -> dict[str, list[tuple[str, str]]]:
    """What the first so many are to get, by address: names and hashes."""
    found = {}
    for person in mailing.owner.recipients.all():
        number = int(str(person.attributes["invoice"])[2:])
        if number < count:
            digests = [hashlib.sha256(pdf(number, size)).hexdigest() for size in (300, 500)]
            names = [f"Счёт A-{number}.pdf", "Билет.pdf"]
            found[str(person.email)] = list(zip(names, digests, strict=True))
    return found


def test_kills_while_files_are_brought_cost_nobody_a_file(
    forker: Forker,
    tickets: HttpService,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    fault_rounds: int,
) -> None:
    count, dice = int(request.config.getoption("--invoices")), random.Random(20)
    monkeypatch.setattr(archives, "_AT_ONCE", 0.0)
    mailing, file = invoice_mailing(count)
    add_ticket(mailing, tickets)
    missing = count // 10
    packed = zipped({f"a-{n}.pdf": pdf(n) for n in range(count - missing)})
    archives.take_archive(file=file, archive=uploaded(packed), name="a.zip")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    in_the_middle = 0
    for _ in range(fault_rounds):
        forker.run(killed_after=dice.uniform(0.0, 0.03 + count / 4000))
        in_the_middle += RunFiles.objects.get().staged_at is None
    assert in_the_middle
    print(f"{in_the_middle} of {fault_rounds} kills came before the files were there")
    for _ in range(200):
        forker.run()
        if RunFiles.objects.get().staged_at is not None:
            break
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.failed, run.pending) == ("queued", missing, count - missing)
    assert sent_files(settings.OUTBOX_DIR) == {}
    assert DeliveryFile.objects.filter(state="ready", number=0).count() == count - missing
    files = RunFiles.objects.get()
    assert (files.settled, files.total) == (2 * count, 2 * count)
    run = send(mailing)
    assert_equation(run)
    assert run.sent == count - missing
    assert sent_files(settings.OUTBOX_DIR) == own_files(mailing, count - missing)
