"""Standard output that somebody has stopped to read, as ``| head`` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_nobody_reads() -> Iterator[None]:
    """A reader who has read enough ends the command quietly: that is no error.

    What is left in the buffer must go somewhere, or the interpreter complains as it leaves
    (docs.python.org, "Note on SIGPIPE").
    """
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
