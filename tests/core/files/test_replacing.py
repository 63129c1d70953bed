"""A file that is replaced is the old one or the new one, whenever its writer dies."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.files.replacing import alone, replace_file

ROOT = Path(__file__).parents[3]
#: Replaces the file without end, by contents of one letter and of a length that must be whole.
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from apps.core.files.replacing import alone, replace_file
path = Path(sys.argv[1])
for number in range(10**9):
    with alone(path):
        replace_file(path, (b"ab"[number % 2 : number % 2 + 1] * 500_000))
    print(number, flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def test_the_new_content_has_the_mode_of_the_old_one_which_stays_beside_it(file: Path) -> None:
    replace_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    backup = file.with_name(".env.bak")
    assert backup.read_bytes() == b"old"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o640
    assert sorted(one.name for one in file.parent.iterdir()) == [".env", ".env.bak"]


@pytest.mark.skipif(os.name != "posix", reason="owners of POSIX")
def test_the_owner_is_kept(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(file, 1234, 1235)
    replace_file(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    replace_file(link, b"new")
    assert link.is_symlink() and file.read_bytes() == b"new"


def test_a_folder_that_cannot_be_written_changes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert [one.name for one in file.parent.iterdir()] == [".env"]


def test_only_one_process_changes_the_file_at_a_time(file: Path) -> None:
    with alone(file) as first, alone(file) as second:
        assert (first, second) == (True, False)
    with alone(file) as again:
        assert again


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new_one(
    file: Path, fault_rounds: int
) -> None:
    file.write_bytes(b"a" * 500_000)
    whole = {b"a" * 500_000, b"b" * 500_000}
    for number in range(3 * fault_rounds):
        command = [sys.executable, "-c", WRITER, str(file), str(ROOT)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()  # it is at work
        for _ in range(number % 4):
            writer.stdout.readline()
        while not file.with_name(".env.new").exists():
            pass  # it is in the middle of writing
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert file.read_bytes() in whole
        with alone(file) as mine:  # its lock has died with it
            assert mine
            replace_file(file, b"a" * 500_000)
