"""The crash journal proves what it says, and nothing when it is torn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apps.delivery.engine.worker.journal import Evidence, Journal, JournalReader, JournalUnreadable

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="counts blocks and sets limits")


def read(path: Path) -> Evidence:
    with JournalReader(path) as dead:
        return dead.evidence()


def test_it_knows_what_was_accepted_and_what_is_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = Journal(path, connections=3, window=5)
    for line, delivery_id in enumerate((11, 12, 13)):
        journal.leaving(line, delivery_id)
    journal.answered(0, 11, True)
    journal.answered(1, 12, False)
    assert read(path) == Evidence(accepted=frozenset({11}), in_flight=frozenset({13}))
    journal.close(remove=False)


def test_it_remembers_at_least_a_window_of_acceptances(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = Journal(path, connections=2, window=10)
    for delivery_id in range(1, 101):
        journal.leaving(0, delivery_id)
        journal.answered(0, delivery_id, True)
    assert read(path).accepted >= set(range(91, 101))
    journal.close(remove=False)


def test_a_message_without_an_answer_stays_in_doubt_when_its_line_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = Journal(path, connections=1, window=5)
    journal.leaving(0, 21)
    journal.leaving(0, 22)
    journal.answered(0, 22, True)
    assert read(path) == Evidence(accepted=frozenset({22}), in_flight=frozenset({21}))
    journal.close(remove=False)


@ON_POSIX
def test_its_space_is_taken_before_anything_is_sent(tmp_path: Path) -> None:
    """A page without a block on a disk that is full by then would end the process (SIGBUS)."""
    path = tmp_path / "a.journal"
    journal = Journal(path, connections=8, window=1000)
    assert path.stat().st_blocks * 512 >= path.stat().st_size
    journal.close(remove=True)


@ON_POSIX
def test_a_journal_that_cannot_be_written_is_not_left_behind(tmp_path: Path) -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.raises(OSError):
            Journal(tmp_path / "a.journal", connections=8, window=1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())


def test_it_is_locked_by_its_living_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    journal = Journal(path, connections=1, window=1)
    with JournalReader(path) as seen:
        assert not seen.owner_is_gone()
    journal.close(remove=False)
    with JournalReader(path) as seen:
        assert seen.owner_is_gone()


def test_a_killed_owner_leaves_its_word_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from apps.delivery.engine.worker.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), connections=2, window=4)\n"
        "journal.leaving(0, 41); journal.answered(0, 41, True); journal.leaving(1, 42)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)])
    assert done.returncode == -9
    with JournalReader(path) as dead:
        assert dead.owner_is_gone()
        assert dead.evidence() == Evidence(frozenset({41}), frozenset({42}))
        dead.remove()
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"garbage" * 9, b"VJNL0001" + b"\xff" * 56])
def test_a_torn_file_proves_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "torn.journal"
    path.write_bytes(content)
    with pytest.raises(JournalUnreadable):
        read(path)


def test_a_missing_file_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable):
        JournalReader(tmp_path / "none.journal")


def test_two_journals_never_share_a_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.journal", connections=1, window=1)
    with pytest.raises(FileExistsError):
        Journal(tmp_path / "a.journal", connections=1, window=1)
    journal.close(remove=True)
