"""The crash journal on systems that lack what Linux has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from apps.delivery.engine.worker.journal import Journal, boot_id


def lacking(*_: object, **__: object) -> None:
    raise OSError("there is no such thing here")


def test_without_proc_a_boot_is_known_by_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = boot_id()
    monkeypatch.setattr(Path, "read_text", lacking)
    assert boot_id() == boot_id() != usual


@pytest.mark.skipif(sys.platform == "win32", reason="it locks otherwise")
def test_a_file_system_without_locks_takes_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that holds nobody back would let others take a living worker for dead."""
    monkeypatch.setattr("fcntl.flock", lacking)
    with pytest.raises(OSError, match="locked"):
        Journal(tmp_path / "a.journal", connections=1, window=1)
    assert not list(tmp_path.iterdir())
