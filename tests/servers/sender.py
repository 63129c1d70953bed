"""The sending side: one installation, empty again before every trial."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.faults.installation import Installation


class Sender(Installation):
    """A real installation over SQLite whose account points to one server after the other."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            directory,
            engine="sqlite",
            DISPATCH_RETRY_SECONDS="5",
            # Of every audience exactly five percent are unknown to the server.
            LIMIT_BOUNCE_PERCENT="0",
            SCHEDULER_CHECK_INTERVAL_MINUTES="0.02",
        )
        self._common = dict(self._settings)
        directory.mkdir()
        #: The port at which every letter ends that a server passes on.
        self.sink = self.open_sink("--jitter", "0")
        self.start(port=self.sink)
        shutil.copyfile(self._database, self._template)

    def use_account(self, port: int, keys: Mapping[str, str]) -> None:
        """From now on the account is the server on this port, with these keys of ``.env``."""
        self._settings = {**self._common, **keys}
        self.point_to(port)

    def received(self) -> Counter[str]:
        """Return how often each letter came to the sink, by its Message-ID's left part."""
        return Counter({name.partition("@")[0]: times for name, times in self.accepted().items()})

    def clear(self) -> None:
        """Forget all mailings, suppressions and what was learnt of the account."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._database)

    @property
    def _database(self) -> Path:
        return self.directory / "var" / "vestnik.sqlite3"

    @property
    def _template(self) -> Path:
        return self.directory / "template.sqlite3"
