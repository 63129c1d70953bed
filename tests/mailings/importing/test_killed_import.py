"""An import that is really killed, at random moments, and run again ends as if it had not been."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.mailings.importing.lists import BAD, KNOWN, ROWS, write_list

pytestmark = pytest.mark.faults

SEED = """
import django
django.setup()
from apps.mailings.models import Recipient
from apps.users.models import User
owner = User.objects.create_user("boss@example.org", "x")
for number in range(5):
    Recipient.objects.create(owner=owner, email=f"known{number}@example.org")
"""
EVERYBODY = (
    "SELECT email, full_name, CAST(attributes AS text) FROM mailings_recipient ORDER BY email"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    place = Installation(tmp_path / "place", engine=request.param)
    place.start(port=1)
    assert place.run([sys.executable, "-c", SEED]).returncode == 0
    yield place
    place.close()


def command(source: Path) -> list[str]:
    return ["import_recipients", str(source), "--owner", "boss@example.org"]


def lines_of(rejects: Path) -> list[tuple[int, str]]:
    _header, *rows = rejects.read_text(encoding="utf-8-sig").splitlines()
    return [(int(row.split(";")[0]), row.split(";")[1]) for row in rows]


def test_killed_and_run_again_it_ends_the_same(
    place: Installation, tmp_path: Path, fault_rounds: int
) -> None:
    source, rejects = tmp_path / "list.csv", tmp_path / "list.rejected.csv"
    write_list(source)
    began = time.monotonic()
    assert place.manage(*command(source), "--dry-run").returncode == 1
    length = time.monotonic() - began
    dice = random.Random(37)
    finished = False
    for number in range(fault_rounds):
        process = place.process(*command(source))
        # The last moments, with the commit in them, deserve more than their share.
        share = dice.uniform(0.2, 0.7) if number < fault_rounds // 2 else dice.uniform(0.7, 1.2)
        time.sleep(length * share)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # With the rejects in place and the receipt gone it had done everything but leave.
        finished = rejects.exists() and not list(tmp_path.glob(".*"))
        if finished:
            break
        everybody = len(place.query(EVERYBODY))
        assert everybody in (len(KNOWN), ROWS - 37 + len(KNOWN))
    if not finished:
        done = place.manage(*command(source))
        assert done.returncode == 1, done.stderr
        assert "37 rejected" in done.stdout
    assert lines_of(rejects) == [(line, code) for line, code, _raw in BAD]
    people = place.query(EVERYBODY)
    assert len(people) == ROWS - 37 + len(KNOWN)
    assert len({email for email, _name, _attributes in people}) == len(people)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", rejects.name, "place"]


def test_others_can_write_while_a_large_file_is_read(tmp_path: Path) -> None:
    """On SQLite only the last step takes the write lock: for a small part of the time."""
    place = Installation(tmp_path / "place", engine="sqlite")
    try:
        place.start(port=1)
        assert place.run([sys.executable, "-c", SEED]).returncode == 0
        source = tmp_path / "list.csv"
        write_list(source)
        process = place.process(*command(source))
        free = held = 0.0
        while process.poll() is None:
            began = time.monotonic()
            if place.can_write():
                time.sleep(0.02)
                free += time.monotonic() - began
            else:
                held += time.monotonic() - began
        assert process.returncode == 1
        assert held < free
    finally:
        place.close()
