"""The log on disk: JSON lines in files that are begun by day and by size, and never renamed.

Any number of processes write into the same file, each line by one append. A file that is full is
left, and the next number of the day begins; so nobody's open file is moved from under it, which
Windows would not allow and elsewhere would lose lines.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

_NAME: Final = re.compile(r"vestnik-(\d{4}-\d\d-\d\d)\.(\d+)\.jsonl")
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class LogFiles(logging.Handler):
    """Appends to today's newest file; at most ``keep`` files of about ``size`` bytes stay."""

    def __init__(self, directory: str, size: int = 20_000_000, keep: int = 50) -> None:
        super().__init__()
        self._directory = Path(directory)
        self._size = size
        self._keep = keep
        self._fd = -1
        self._day: date | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            today = datetime.now(UTC).date()
            if self._fd < 0 or today != self._day or os.fstat(self._fd).st_size >= self._size:
                self._open(today)
            os.write(self._fd, line)
        except Exception:  # the library's own way: a log must not end what it records
            self.handleError(record)

    def close(self) -> None:
        self._leave()
        super().close()

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self, today: date) -> None:
        self._leave()
        self._directory.mkdir(parents=True, exist_ok=True)
        number = max((n for day, n, _ in _known(self._directory) if day == today), default=1)
        path = self._path(today, number)
        if path.exists() and path.stat().st_size >= self._size:
            path = self._path(today, number + 1)
        self._fd = os.open(path, _APPEND, 0o640)
        self._day = today
        _remove(path for _day, _number, path in _known(self._directory)[: -self._keep])

    def _path(self, day: date, number: int) -> Path:
        return self._directory / f"vestnik-{day.isoformat()}.{number}.jsonl"


def _known(directory: Path) -> list[tuple[date, int, Path]]:
    """The files of the log, oldest first."""
    found = []
    for path in directory.glob("vestnik-*.jsonl"):
        if match := _NAME.fullmatch(path.name):
            found.append((date.fromisoformat(match[1]), int(match[2]), path))
    return sorted(found)


def from_before(directory: Path, day: date) -> list[Path]:
    """The files of the days before this one (UTC), oldest first."""
    return [path for begun, _number, path in _known(directory) if begun < day]


def remove_from_before(directory: Path, day: date) -> int:
    """Remove the files of the days before this one. Returns how many."""
    return _remove(from_before(directory, day))


def _remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue  # on Windows another process may still have it open
        count += 1
    return count


def log_lines(
    directory: Path, *, text: str = "", since: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Every line that contains ``text`` and is not older, as a mapping, file after file.

    Lines that are no JSON (a disk that was full) are passed over.
    """
    for day, _number, path in _known(directory):
        if since is not None and day < since.astimezone(UTC).date():
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if text in line and (found := _parsed(line)) is not None:
                    if since is None or moment_of(found) >= since:
                        yield found


def moment_of(line: dict[str, Any]) -> datetime:
    """When the line was written; the beginning of time when it does not say."""
    try:
        moment = datetime.fromisoformat(str(line.get("timestamp")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
