"""One mailing through one real server: the ledger against what the server passed on."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from tests.servers.sender import Sender
from tests.servers.server import UNKNOWN, CannotStart, MailServer, Place, Variant

#: Seconds between two checks of a run that is under way.
_LOOK: Final = 0.25
#: Seconds without another letter after which a server's own queue counts as empty.
_QUIET: Final = 10.0
_CONNECTIONS: Final = "8"


@dataclass(frozen=True)
class Result:
    """What one trial came to. ``failure`` empty: every line of the promise held."""

    server: str
    variant: str
    letters: int
    seconds: float = 0.0
    sent: int = 0
    failed: int = 0
    other: int = 0
    received: int = 0
    retries: int = 0
    failure: str = ""
    skipped: str = ""

    def row(self) -> str:
        """Return the line of the table."""
        if self.skipped:
            return f"| {self.server} | {self.variant} | - | - | - | - | - | - | {self.skipped} |"
        numbers = (self.letters, self.sent, self.failed, self.other, self.received, self.retries)
        cells = " | ".join(str(number) for number in numbers)
        end = self.failure or f"ledger = receiver, {self.seconds:.0f} s"
        return f"| {self.server} | {self.variant} | {cells} | {end} |"


def try_server(kind: type[MailServer], variant: Variant, place: Place, sender: Sender) -> Result:
    """Start the server, send, compare, stop."""
    lacking = kind.missing(place) or next(
        (f"needs {name}" for name in variant.needs if not place.program(name)), ""
    )
    if lacking:
        return Result(kind.name, variant.name, variant.letters, skipped=lacking)
    server = kind(place, variant)
    with ExitStack() as stack:
        stack.callback(server.stop)
        try:
            server.start()
        except CannotStart as error:
            return Result(kind.name, variant.name, variant.letters, failure=f"no start: {error}")
        sender.use_account(server.port, _account(variant, place))
        return _send(kind.name, variant, sender)


def _account(variant: Variant, place: Place) -> dict[str, str]:
    keys = {"MAX_CONNECTIONS": _CONNECTIONS, "CA_FILE": str(place.certificate)}
    return {
        f"ACCOUNTS__SINK__{name}": value for name, value in {**keys, **variant.settings}.items()
    }


def _send(server: str, variant: Variant, sender: Sender) -> Result:
    sender.clear()
    before = sender.received()
    mailing = sender.seed(variant.letters)
    started = time.monotonic()
    process = sender.process("run_scheduler")
    try:
        while not _is_over(sender) and time.monotonic() - started < variant.seconds:
            time.sleep(_LOOK)
    finally:
        process.terminate()
        process.wait(30)
    seconds = time.monotonic() - started
    received = _wait_for_quiet(sender, before)
    return _compare(server, variant, sender, received, seconds, mailing)


def _is_over(sender: Sender) -> bool:
    return sender.counters().get("state") == "done"


def _wait_for_quiet(sender: Sender, before: Counter[str]) -> Counter[str]:
    """Wait until the server's own queue brings nothing more; return what came since ``before``."""
    seen, quiet_from = sender.received() - before, time.monotonic()
    while time.monotonic() - quiet_from < _QUIET:
        time.sleep(_LOOK)
        now = sender.received() - before
        if now.total() > seen.total():
            seen, quiet_from = now, time.monotonic()
        elif now.total() >= sender.counters()["sent"]:
            return now
    return seen


def _compare(
    server: str,
    variant: Variant,
    sender: Sender,
    received: Counter[str],
    seconds: float,
    mailing: int,
) -> Result:
    rows = sender.query(
        "SELECT d.id, r.key, d.address, d.state FROM mailings_delivery d JOIN mailings_run r"
        f" ON r.id = d.run_id WHERE r.mailing_id = {mailing}"
    )
    states = Counter(state for _, _, _, state in rows)
    retries = sender.query(
        f"SELECT count(*) FROM mailings_attempt WHERE mailing_id = {mailing}"
        " AND status = 'failure'"
    )[0][0]
    sent = {f"{number}.{key}" for number, key, _, state in rows if state == "sent"}
    unknown = {
        f"{number}.{key}": state
        for number, key, address, state in rows
        if variant.unknown and re.fullmatch(UNKNOWN, address)
    }
    failed = states["failed"]
    return Result(
        server=server,
        variant=variant.name,
        letters=len(rows),
        seconds=seconds,
        sent=states["sent"],
        failed=failed,
        other=len(rows) - states["sent"] - failed,
        received=received.total(),
        retries=retries - failed,
        failure=_failure(variant, len(rows), sent, unknown, received),
    )


def _failure(
    variant: Variant,
    audience: int,
    sent: set[str],
    unknown: dict[str, str],
    received: Counter[str],
) -> str:
    doubled = [name for name, times in received.items() if times > 1]
    wrong = [name for name, state in unknown.items() if state != "failed"]
    good_lost = audience - len(unknown) - len(sent - unknown.keys())
    found = {
        f"{audience} letters of {variant.letters}": audience != variant.letters,
        f"{len(doubled)} doubled": bool(doubled),
        f"{len(sent - received.keys())} sent and not received": not sent <= received.keys(),
        f"{len(received.keys() - sent)} received and not sent": not received.keys() <= sent,
        f"{good_lost} good ones not sent": good_lost != 0,
        f"{len(wrong)} unknown recipients not failed": bool(wrong),
    }
    return "; ".join(text for text, holds in found.items() if holds)
