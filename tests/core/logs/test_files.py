"""The log, read back: what is not older than asked for, and nothing that is no line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.core.logs.files import from_before, log_lines, moment_of, remove_from_before

NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Three days, one file a day, with a line that a full disk has cut."""
    for days in range(3):
        at = NOON - timedelta(days=days)
        lines = [json.dumps({"event": "sent", "day": days, "timestamp": at.isoformat()})]
        lines += ['{"event": "sent", "timest', '["sent"]']
        file = tmp_path / f"vestnik-{at:%Y-%m-%d}.1.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("since", "days"),
    [
        (None, [2, 1, 0]),
        (NOON - timedelta(days=1), [1, 0]),
        (NOON - timedelta(hours=23), [0]),
        (NOON + timedelta(seconds=1), []),
    ],
)
def test_lines_are_reported_from_a_moment_on(
    directory: Path, since: datetime | None, days: list[int]
) -> None:
    assert [line["day"] for line in log_lines(directory, text="sent", since=since)] == days


def test_files_of_earlier_days_are_removed_and_nothing_else(directory: Path) -> None:
    strange = directory / "vestnik-notes.txt"
    strange.write_text("ours", encoding="utf-8")
    yesterday = (NOON - timedelta(days=1)).date()
    assert [path.name for path in from_before(directory, yesterday)] == [
        "vestnik-2026-06-03.1.jsonl"
    ]
    assert remove_from_before(directory, yesterday) == 1
    assert [line["day"] for line in log_lines(directory)] == [1, 0]
    assert remove_from_before(directory, yesterday) == 0
    assert strange.exists()


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-06-05T12:00:00+00:00", NOON),
        ("2026-06-05T12:00:00", NOON),
        ("yesterday", datetime.min.replace(tzinfo=UTC)),
        (None, datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_line_without_a_time_is_older_than_all(stamp: str | None, moment: datetime) -> None:
    assert moment_of({"timestamp": stamp}) == moment
