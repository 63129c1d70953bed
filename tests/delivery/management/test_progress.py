"""How a run gets on, as a person sees it who waits for it."""

from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper

from apps.delivery.management.progress import Watching
from apps.mailings.models import Run
from tests.delivery.engine.workers import processing_run
from tests.delivery.management.test_send_command import Terminal
from tests.delivery.scheduling.test_scheduler import wait_for

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_elsewhere_than_on_a_terminal_there_is_a_line_now_and_then() -> None:
    run = processing_run(10)
    Run.objects.filter(pk=run.pk).update(pending=5, sent=5)
    out = io.StringIO()
    with Watching(run.pk, OutputWrapper(out)):
        wait_for(lambda: "5/10" in out.getvalue())
    assert all(line.endswith("5/10  50%") for line in out.getvalue().splitlines())


def test_a_run_that_was_deleted_meanwhile_ends_no_command() -> None:
    terminal = Terminal()
    with Watching(10**9, OutputWrapper(terminal)):
        pass
    assert terminal.getvalue().strip() == ""
