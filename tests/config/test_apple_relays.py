"""TRACKING_APPLE_RELAYS names a file that lists ranges of addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.rules.feedback import apple_relays


def test_none_or_a_file_of_ranges_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "relays.csv"
    path.write_text("172.224.226.0/27,GB,GB-EN,London,\n", encoding="utf-8")
    apple_relays("")
    apple_relays(str(path))


@pytest.mark.parametrize("content", [b"", b"start_ip,end_ip\n", b"\xff\xfe"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "relays.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is "):
        apple_relays(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can be read"):
        apple_relays(str(tmp_path / "none.csv"))
