"""What people do in the middle of a run, and what the clock does."""

from __future__ import annotations

import time

from tests.faults.processes.children import wait_until
from tests.faults.rounds.round import Round
from tests.faults.scenarios.registry import Act, Scenario, register, scenario

#: Seconds after which a button must have had its effect.
EFFECT = 2.0


@scenario("F28", "the mailing's end in the middle of the run", weight=4)
def end_in_the_middle(round: Round) -> None:
    round.expected.left_out = True
    # Much is claimed and little is sent: without a guard at the dot, all of it would come late.
    round.terms.window = 300
    round.mail.delay = round.dice.uniform(0.02, 0.05)
    seconds = round.dice.uniform(0.4, 1.6)
    worker = round.worker()
    # Counted from the first message: how long a process takes to start is nobody's business here.
    round.until_accepted(1, worker)
    round.expected.ends_at = time.time() + seconds
    round.eye.act(_ends_at(round, seconds))
    if round.dice.random() < 0.3:
        round.until_accepted(round.somewhere(0.02, 0.3), worker)
        round.kill(worker)


def _ends_at(round: Round, seconds: float) -> str:
    if round.on_sqlite:
        when = f"strftime('%Y-%m-%d %H:%M:%f', 'now', '+{seconds:.3f} seconds')"
    else:
        when = f"clock_timestamp() + interval '{seconds:.3f} seconds'"
    return f"UPDATE mailings_mailing SET ends_at = {when}"


def _held(verb: str, args: tuple[str, ...], back: tuple[str, ...]) -> Act:
    """A button that holds the run, and the one that lets it go on."""

    def act(round: Round) -> None:
        worker = round.worker()
        round.until_accepted(round.somewhere(0.05, 0.6), worker)
        round.press(verb, *args)
        _silence(round)
        round.press(*back)
        if verb != "pause":
            round.press("resume")
        round.mark()

    act.__name__ = f"held_by_{verb}"
    return act


for _verb, _words, _back in (
    ("pause", (), ("resume",)),
    ("owner", ("off",), ("owner", "on")),
    ("mailing", ("off",), ("mailing", "on")),
    ("account", ("off",), ("account", "on")),
):
    _title = {"owner": "the owner is blocked", "mailing": "the mailing is disabled"}.get(_verb)
    _title = _title or {"pause": "Pause", "account": "the account is switched off"}[_verb]
    register(Scenario("F29", f"{_title}, then resumed", _held(_verb, _words, _back)))


def _silence(round: Round) -> None:
    """After two seconds at most, nothing leaves any more."""
    pressed = time.time()
    wait_until(round.done, EFFECT)
    at = len(round.mail.log.accepted)
    wait_until(round.done, 0.3)
    more = len(round.mail.log.accepted) - at
    if more and not round.done():
        late = round.mail.log.accepted[-1][2] - pressed
        round.broken.append(f"F29: {more} more, the last {late:.2f} s after it was pressed")


@scenario("F29", "Stop in the middle", weight=2)
def stopped(round: Round) -> None:
    round.expected.left_out = True
    worker = round.worker()
    round.until_accepted(round.somewhere(0.02, 0.7), worker)
    round.press("stop")
    _silence(round)


@scenario("F29", "a third of all unsubscribe in the middle", weight=2)
def unsubscribed(round: Round) -> None:
    round.expected.suppressed = 200
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.5), worker)
    gone = {f"r{number}@example.org" for number in range(400, 600)}
    round.press("unsubscribe", "200")
    known = {address for _, address, _ in list(round.mail.log.accepted)}
    round.finish()
    after = {address for _, address, _ in round.mail.log.accepted} - known
    if len(after & gone) > round.terms.window:
        round.broken.append(f"F29: {len(after & gone)} got mail after they had unsubscribed")


@scenario("F30", "Reset is pressed in the middle: refused")
def reset_refused(round: Round) -> None:
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.7), worker)
    if round.done():
        return
    round.press("reset")
    rows = round.eye.see("SELECT count(*), max(number) FROM mailings_run")
    if rows != [(1, 1)]:
        round.broken.append(f"F30: runs and highest number are {rows}")


@scenario("F32", "the database's clock jumps an hour, back or forth", weight=2)
def clock_jumps(round: Round) -> None:
    round.eye.act("UPDATE mailings_mailing SET starts_at = '2020-01-01 00:00:00'")
    round.put_clock(0)
    worker = round.worker()
    jumps = round.dice.sample([1, -1, 1, -1], round.dice.randint(1, 3))
    # A wait that was set before the clock went back is longer by as much: it ends where it was.
    for hours in [*jumps, max(0, *jumps)]:
        round.until_accepted(round.somewhere(0.05, 0.5), worker)
        round.put_clock(hours)
        if round.dice.random() < 0.3:
            round.kill(worker)
            worker = round.worker()
    round.mark()


@scenario("F32", "the clock jumps past the mailing's end")
def clock_past_the_end(round: Round) -> None:
    round.expected.left_out = True
    round.put_clock(0)
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.6), worker)
    jumped = time.time()
    round.put_clock(48)
    # Until the next check of the clock it cannot know.
    round.expected.ends_at = jumped + EFFECT
