"""Every fault at once, at random and repeatable: still one outcome for every letter, and no lie."""

from __future__ import annotations

import random

import pytest

from apps.core.contracts import Outcome, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    configure,
    letter,
    no_lie,
)
from tests.smtp_server import CLOSE, HANG, Act, Behavior, SmtpServer, say

FAULTS = [
    CLOSE,
    HANG,
    say("421 4.3.2 going down", close=True),
    say("450 4.2.0 later"),
    say("550 5.1.1 unknown"),
    say("all is well"),
    say("354 go ahead"),
    say("250-a\r\n550 b"),
    Act(b"250 " + b"x" * 3000 + b"\r\n", drip=0.02),
    Act(b"250 2.0.0 slow\r\n", wait=0.05),
]
COMMANDS = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "RSET"]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_every_letter_has_one_true_outcome(seed: int, pipelining: bool) -> None:
    chance = random.Random(seed)
    guard = RecordingGuard(lambda number: number != 5)
    behavior = Behavior(pipelining=pipelining, per_connection=chance.choice([0, 5]))
    with SmtpServer(behavior) as server:
        for _ in range(20):
            to = f"user{chance.randrange(100)}@example.net"
            server.on(chance.choice(COMMANDS), chance.choice(FAULTS), to=to, times=1)
        for _ in range(5):
            server.on(chance.choice(COMMANDS), chance.choice(FAULTS), times=1)
        short = {
            "command_timeout": 0.2,
            "data_timeout": 0.2,
            "data_done_timeout": 0.2,
            "cool_down": 0.05,
            "head_of_line_timeout": 0.05,
        }
        channel = SmtpChannel(configure(server, connections=4, **short), guard)
        found = until_all_were_tried(channel, 100)
        assert channel.close() == []
        no_lie(server, found)

    assert found[5].verdict is Verdict.UNSENT
    assert sum(one.verdict is Verdict.SENT for one in found.values()) >= 70


def until_all_were_tried(channel: SmtpChannel, count: int) -> dict[int, Outcome]:
    """As the engine does: what comes back unsent for the network's sake is handed over again."""
    channel.hand_over([letter(number, size=number % 3 * 20_000) for number in range(count)])
    found: dict[int, Outcome] = {}
    for _ in range(1000):
        for outcome in channel.outcomes(0.1):
            assert outcome.delivery_id not in found
            if outcome.verdict is Verdict.UNSENT and outcome.delivery_id != 5:
                number = outcome.delivery_id
                channel.hand_over([letter(number, size=number % 3 * 20_000)])
            else:
                found[outcome.delivery_id] = outcome
        if len(found) == count:
            break
    assert sorted(found) == list(range(count))
    return found
