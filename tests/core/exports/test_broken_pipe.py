"""``| head`` ends a command; it breaks nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
from apps.core.exports.broken_pipe import until_nobody_reads
with until_nobody_reads():
    for number in range(100_000):
        print("line", number)
sys.stderr.write("left in order")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe breaks otherwise there")
def test_who_has_read_enough_ends_the_command_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline().strip() == b"line 0"
        child.stdout.close()
        assert child.stderr.read() == b"left in order"
        assert child.wait(30) == 0
