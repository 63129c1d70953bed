"""A round: people follow links, the site is killed (-9) in mid-load, and so is a reader of spools.

Every letter's link is asked for once at most. Who got the answer must be counted once; whose
connection broke, once or not at all.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from config.environment import BASE_DIR
from tests.faults.browser import free_port
from tests.faults.installation import Installation

#: Letters of one round, and connections over which their readers come.
LETTERS: Final = 1_000
CONNECTIONS: Final = 4
_AGENT: Final = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Thunderbird/140.0"}
_SEED: Final = [sys.executable, "-m", "tests.faults.engagement.seed"]


class Readers:
    """People at their letters, over connections that stay open."""

    def __init__(self, port: int, tokens: dict[int, str]) -> None:
        self.asked: set[int] = set()
        self.answered: set[int] = set()
        self._port = port
        letters = list(tokens.items())
        shares = [letters[number::CONNECTIONS] for number in range(CONNECTIONS)]
        self._threads = [threading.Thread(target=self._read, args=(share,)) for share in shares]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def until_answered(self, count: int) -> None:
        """Until so many have had their answer, or nobody gets one any more."""
        while len(self.answered) < count and any(one.is_alive() for one in self._threads):
            time.sleep(0.001)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _read(self, letters: list[tuple[int, str]]) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as line:
            for delivery_id, token in letters:
                self.asked.add(delivery_id)
                try:
                    line.request("GET", f"/l/{token}/1", headers=_AGENT)
                    answer = line.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    return
                assert answer.status == 302, answer.status
                self.answered.add(delivery_id)


class EngagementInstall:
    """An installation whose site and readers of spools are killed again and again."""

    def __init__(self, engine: str, directory: Path) -> None:
        self.place = Installation(directory, engine=engine, SCHEDULER_ENABLED="False")
        self.place.start()
        self.answered: set[int] = set()
        self.asked: set[int] = set()

    def close(self) -> None:
        self.place.close()

    def play(self, seed: int) -> list[str]:
        """One round. Returns the promises that were broken."""
        dice = random.Random(seed)
        done = self.place.run([*_SEED, str(LETTERS)])
        assert done.returncode == 0, done.stderr[-2000:]
        tokens = {int(key): value for key, value in json.loads(done.stdout).items()}
        port = free_port()
        site = self._site(port)
        counters = [self.place.spawn([*_SEED, "--count"]) for _ in range(2)]
        readers = Readers(port, tokens)
        readers.start()
        target = dice.randint(20, LETTERS // 2)
        first, second = dice.sample([site, counters[0]], 2)
        readers.until_answered(target)
        first.send_signal(signal.SIGKILL)
        readers.until_answered(target + dice.randint(0, LETTERS // 4))
        second.send_signal(signal.SIGKILL)
        readers.join()
        site.wait()
        counters[1].send_signal(signal.SIGKILL)
        for counter in counters:
            counter.wait()
        self.asked |= readers.asked
        self.answered |= readers.answered
        return self._verdict(len(readers.answered) < len(tokens))

    def _site(self, port: int) -> subprocess.Popen[str]:
        command = [sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)]
        site = self.place.spawn(command, stdout=subprocess.PIPE)
        assert site.stdout is not None and site.stdout.readline().startswith("Serving")
        return site

    def _verdict(self, in_mid_load: bool) -> list[str]:
        done = self.place.run([*_SEED, "--count-once"])
        broken = [] if done.returncode == 0 else [done.stderr[-1000:]]
        if not in_mid_load:
            broken.append("the site was not killed in mid-load")
        rows = self.place.query("SELECT delivery_id, clicks FROM mailings_engagement")
        counted = dict(rows)
        lost, invented = self.answered - counted.keys(), counted.keys() - self.asked
        twice = [number for number, clicks in rows if clicks != 1]
        hours = self.place.query("SELECT coalesce(sum(count), 0) FROM mailings_engagementhour")
        sums = self.place.query(
            "SELECT coalesce(sum(engaged_person), 0), coalesce(sum(engaged_clicked), 0)"
            " FROM mailings_run"
        )
        links = self.place.query("SELECT sum(persons), sum(clicks) FROM mailings_trackedlink")
        figures = [int(one) for row in (*hours, *sums, *links) for one in row]
        if lost or invented or twice:
            broken.append(f"lost {len(lost)}, invented {len(invented)}, twice {len(twice)}")
        if figures != [len(counted)] * len(figures):
            broken.append(f"{len(counted)} letters, and the sums say {figures}")
        left = list((self.place.directory / "var" / "spool").iterdir())
        if left:
            broken.append(f"spools are left: {[file.name for file in left]}")
        return broken
