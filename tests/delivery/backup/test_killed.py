"""A process that restores and is killed in the middle."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from django.db import connections

from apps.delivery.backup import places, restoring
from apps.delivery.backup.restoring import restore
from apps.mailings.models import Run

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("step", ["_pause_runs", "move_in"])
def test_a_kill_leaves_no_row_and_the_next_one_succeeds(
    saved: Path, there: Path, step: str
) -> None:
    connections.close_all()
    child = os.fork()
    if child == 0:  # pragma: no cover - it is killed
        owner = restoring if step == "_pause_runs" else places
        act = getattr(owner, step)

        def die(*args: object) -> None:
            act(*args)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, step, die)
        restore(saved)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert not Run.objects.exists()
    restore(saved)
    assert Run.objects.get().reason == "restored"
    assert [one.name for one in there.rglob("*.csv")] == ["list.csv"]
