"""Messages as files: one per delivery, for a first look and for tests.

Letters become ``.eml``; what has no envelope sender is no letter and becomes ``.txt``, with the
address in its first line.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from apps.core.contracts import Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.threaded import ThreadedChannel
from apps.delivery.sending_account import SendingAccount


class OutboxChannel(ThreadedChannel):
    """Writes each letter to ``directory``, whole or not at all, and on disk before it says so.

    The file is named by the delivery, so the same delivery can never become two files.
    """

    def __init__(self, directory: Path, guard: Guard, *, connections: int = 2) -> None:
        super().__init__(guard, connections=connections)
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def send(self, line: int, letter: Letter) -> Outcome:
        started = time.monotonic()
        ending = "eml" if letter.sender else "txt"
        path = self._directory / f"{letter.delivery_id}.{ending}"
        if not self._guard.allow(line, letter.delivery_id):
            return self._refused(letter)
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(b"" if letter.sender else f"{letter.address}\n\n".encode())
            file.write(letter.body)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        self._guard.answered(line, letter.delivery_id, True)
        return Outcome(
            letter.delivery_id,
            Verdict.SENT,
            response=coded("written", path.name),
            seconds=time.monotonic() - started,
        )


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return OutboxChannel(account.outbox_dir, guard, connections=min(2, account.max_connections))
