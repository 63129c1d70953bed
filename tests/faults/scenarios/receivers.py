"""Mail servers that refuse, close, hang, drip, or are not there."""

from __future__ import annotations

from typing import Final

from tests.faults.processes.children import wait_until
from tests.faults.rounds.round import Round
from tests.faults.scenarios.registry import Act, Scenario, register, scenario
from tests.faults.servers.mail_server import Fault, Stage, chosen

_BUSY: Final = b"421 4.3.2 try again later\r\n"
_LATER: Final = b"450 4.2.1 greylisted\r\n"
_NEVER: Final = b"550 5.1.1 no such user\r\n"


def _perhaps_a_kill(round: Round) -> None:
    """In one round of three, a worker dies on top of it."""
    if round.dice.random() < 0.33:
        worker = round.worker()
        round.until_accepted(round.somewhere(0.05, 0.6), worker)
        round.kill(worker)
        round.mark()


def _closing_at(stage: Stage) -> Act:
    def act(round: Round) -> None:
        share = 0.3 if stage in ("GREETING", "EHLO") else 0.05
        round.mail.faults = [Fault(stage, say=_BUSY, close=True, share=share, most=20)]
        _perhaps_a_kill(round)

    act.__name__ = f"closing_at_{stage.lower()}"
    return act


_COMMANDS: Final[tuple[Stage, ...]] = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT")
for _stage in _COMMANDS:
    register(Scenario("F16", f"421 and closed at {_stage}", _closing_at(_stage)))


@scenario("F17", "4xx for 30 % at RCPT, DATA and the dot", weight=2)
def not_now(round: Round) -> None:
    stages: tuple[Stage, ...] = ("RCPT", "DATA", "DOT")
    round.expected.refusals = True
    round.mail.faults = [
        Fault(stage, say=_LATER, share=0.3, by_address=True, times=round.dice.randint(1, 2))
        for stage in round.dice.sample(stages, round.dice.randint(1, 2))
    ]
    _perhaps_a_kill(round)


@scenario("F18", "5xx for a fixed set of recipients", weight=2)
def never(round: Round) -> None:
    share = 0.05
    round.expected.refusals = True
    stage: Stage = round.dice.choice(("RCPT", "DATA", "DOT"))
    round.mail.faults = [Fault(stage, say=_NEVER, share=share, by_address=True)]
    addresses = [f"r{number}@example.org" for number in range(10_000)]
    round.expected.failed = {one for one in addresses if chosen(one.encode(), share)}
    _perhaps_a_kill(round)


@scenario("F19", "dropped at DATA, before a byte of the message")
def dropped_at_data(round: Round) -> None:
    round.mail.faults = [Fault("DATA", close=True, share=0.03, most=12)]
    _perhaps_a_kill(round)


@scenario("F19", "dropped and thrown away while the dot is under way")
def dropped_with_the_body(round: Round) -> None:
    # The kernel has the dot already when the line breaks: the sender cannot know.
    round.mail.faults = [Fault("BODY", close=True, share=0.03, most=12)]
    round.expected.withheld = True
    _perhaps_a_kill(round)


@scenario("F19", "dropped after the dot, before its answer", weight=2)
def dropped_after_the_dot(round: Round) -> None:
    round.mail.faults = [Fault("ANSWER", close=True, share=0.03, most=12)]
    round.expected.withheld = True
    _perhaps_a_kill(round)


@scenario("F20", "the answer to the dot comes later than anybody waits")
def answered_too_late(round: Round) -> None:
    round.terms.timeout = 0.2  # so the final reply is waited for during 2 s
    round.mail.faults = [Fault("ANSWER", wait=2.6, share=0.02, most=6)]
    round.expected.withheld = True


@scenario("F21", "one byte a second, at any stage")
def drip(round: Round) -> None:
    stage: Stage = round.dice.choice(("GREETING", "EHLO", "MAIL", "RCPT", "DATA"))
    round.terms.timeout = 0.5
    round.mail.faults = [Fault(stage, drip=1.0, share=0.2, most=3)]


@scenario("F24", "closes after some messages per connection")
def few_per_connection(round: Round) -> None:
    round.mail.per_connection = round.dice.choice([1, 5, 30, 100])
    _perhaps_a_kill(round)


@scenario("F24", "bears nothing behind the dot, and senders are killed", weight=2)
def bears_nothing_behind(round: Round) -> None:
    round.mail.behind = round.dice.choice(("503", "close", "hang"))
    round.mail.program = round.dice.choice(("sink", "sink Postfix"))
    round.account["pipelining"] = round.dice.choice(("auto", "auto", "full"))
    round.terms.timeout = 0.5  # so the final reply is waited for during 5 s
    round.expected.withheld = True  # of the one letter with which it is tried
    workers = round.dice.randint(1, 3)
    for _ in range(workers):
        worker = round.worker()
        round.until_accepted(round.somewhere(), worker)
        round.kill(worker)
        round.mark()
    round.finish()
    if round.mail.provoked > workers + 1:
        round.broken.append(f"F24: {round.mail.provoked} letters with text behind their dot")


@scenario("F25", "nobody listens, at the start or in the middle", weight=2)
def receiver_away(round: Round) -> None:
    if round.dice.random() < 0.3:
        round.mail.down()
        worker = round.worker()
    else:
        # Whatever was in flight when the connections were reset: nobody can know of it.
        round.expected.spared = round.terms.lines
        worker = round.worker()
        round.until_accepted(round.somewhere(0.1, 0.7), worker)
        round.mail.down()
    worker.wait(round.dice.uniform(0.2, 1.0))
    round.mail.up()
    round.mark()
    wait_until(round.done, 1.0)


@scenario("F25", "the account's server is away, a spare account stands in", weight=2)
def spare_account(round: Round) -> None:
    round.expected.spared = round.terms.lines
    spare = round.with_spare()
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.5), worker)
    round.mail.down()
    round.mark()
    wait_until(lambda: spare.connections > 0 or round.done(), 10.0)
    if round.dice.random() < 0.5:
        round.kill(worker)
    if round.dice.random() < 0.5:
        worker.wait(0.5)
        round.mail.up()
    round.finish()
    if not spare.connections:
        round.broken.append("F25: the spare account was not used")
