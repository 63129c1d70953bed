"""The log while another process has one of its files open, as Windows counts it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from apps.core.logs.files import LogFiles, log_lines


def test_an_old_file_that_cannot_be_removed_keeps_no_line_from_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "another process has it open", str(path))

    monkeypatch.setattr(Path, "unlink", held)
    made = LogFiles(str(tmp_path), size=10, keep=1)
    made.setFormatter(logging.Formatter('{"event": "%(message)s"}'))
    for number in range(3):
        made.handle(logging.makeLogRecord({"msg": f"line {number}", "levelno": 20}))
    made.close()
    assert [line["event"] for line in log_lines(tmp_path)] == ["line 0", "line 1", "line 2"]
