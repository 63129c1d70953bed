"""A command ends in order at the first signal, and at once at the second."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys
from apps.delivery.management.signals import stop_on_signals
number, by_parent = int(sys.argv[1]), sys.argv[2:] == ["asked by its parent"]
stop = stop_on_signals()
if by_parent:
    stop.set()
signal.raise_signal(number)
print("asked" if stop.is_set() else "not asked", flush=True)
signal.raise_signal(number)
print("still there", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process ends otherwise there")
@pytest.mark.parametrize("text", [[], ["asked by its parent"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_and_the_second_ends_the_process(
    number: signal.Signals, text: list[str]
) -> None:
    """Another process has asked: under systemd the signal may come after the parent's word."""
    command = [sys.executable, "-c", PROGRAM, str(int(number)), *text]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-number, b"asked\n", b"")
