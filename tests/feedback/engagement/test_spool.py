"""What a process writes down is read again, whatever became of the process and of the disk."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from apps.feedback.engagement import spool
from apps.feedback.engagement.reaction import HEADERS, TRAP, Reaction

NOW = datetime(2026, 11, 30, 22, 5, 7, 123_456, tzinfo=UTC)
ONE = Reaction(
    kind="click",
    at=NOW,
    delivery_id=2**40,
    run_id=7,
    version=65_535,
    number=3,
    user_agent="Mozilla/5.0 (Ц)",
    headers={"dnt": "1", "purpose": "prefetch"},
    address="2001:db8::1",
)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
reactions = st.builds(
    Reaction,
    kind=st.sampled_from(["open", "click"]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    delivery_id=st.integers(0, 2**48 - 1),
    run_id=st.integers(0, 2**32 - 1),
    version=st.integers(0, 2**16 - 1),
    number=st.integers(-1, 2**15 - 1),
    method=st.sampled_from(["GET", "HEAD"]),
    user_agent=texts,
    headers=st.dictionaries(st.sampled_from(HEADERS), texts.filter(bool)),
    address=st.sampled_from(["", "192.0.2.1", "2001:db8::1"]),
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: LazySettings) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


@given(st.lists(reactions, max_size=5))
def test_what_is_read_is_what_was_written(wanted: list[Reaction]) -> None:
    data = b"".join(map(spool.pack, wanted))
    found = spool.read(data, most=10)
    assert (found.reactions, found.end, found.broken) == (wanted, len(data), 0)


@given(reactions, reactions, st.data())
def test_a_torn_record_is_passed_over(torn: Reaction, whole: Reaction, data: st.DataObject) -> None:
    record = spool.pack(torn)
    cut = data.draw(st.integers(0, len(record) - 1))
    found = spool.read(record[:cut] + spool.pack(whole), most=10)
    assert (found.reactions, found.broken) == ([whole], cut)


def test_a_record_cut_short_at_the_end_waits_for_its_rest() -> None:
    record = spool.pack(ONE)
    found = spool.read(record + record[:-1], most=10)
    assert (found.reactions, found.end) == ([ONE], len(record))


def test_no_more_are_read_than_are_asked_for() -> None:
    record = spool.pack(ONE)
    assert spool.read(record * 3, most=2).end == 2 * len(record)


def test_a_long_spool_is_followed_by_another(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LARGEST", 1)
    kept = spool.Spool()
    for _ in range(3):
        kept.append(ONE)
    kept.close()
    assert len(list(place.iterdir())) == 3


class FullDisk:
    """A file that takes only a part of what is written, as a full disk does."""

    def __init__(self, file: Any, takes: int) -> None:
        self._file, self._takes = file, takes

    def write(self, data: bytes) -> int:
        if not self._takes:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data[: self._takes]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("takes", [0, 20])
def test_a_full_disk_drops_and_counts(place: Path, takes: int) -> None:
    kept = spool.Spool()
    kept.append(ONE)
    real = kept._file
    kept._file = FullDisk(real, takes)  # type: ignore[assignment]
    kept.append(ONE)
    kept.append(ONE)
    assert kept.take_dropped() == 2
    kept._file = real
    trap = Reaction("click", NOW, 1, 2, 1, TRAP)
    kept.append(trap)
    kept.close()
    (file,) = place.iterdir()
    found = spool.read(file.read_bytes(), most=10)
    assert (found.reactions, found.broken, kept.take_dropped()) == ([ONE, trap], 0, 0)
