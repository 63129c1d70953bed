"""The end of a round: what the ledger says, against what the receiver knows (I1 to I7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.faults.processes.base_install import AUDIENCE
from tests.faults.rounds.observer import _SNAPSHOT, unequal
from tests.faults.rounds.round import Round

#: Seconds by which the receiver may see a final dot after the end: the way there, and a receiver
#: that shares two cores with everything else.
TOLERANCE: Final = 0.1

_DELIVERIES: Final = """
SELECT d.id, r.key, d.state, d.address, w.pid, d.response,
       (SELECT count(*) FROM mailings_attempt a
         WHERE a.delivery_id = d.id AND a.kind = 'delivery' AND a.status = 'success'),
       (SELECT count(*) FROM mailings_attempt a
         WHERE a.delivery_id = d.id AND a.kind = 'delivery' AND a.status = 'failure')
  FROM mailings_delivery d
  JOIN mailings_run r ON r.id = d.run_id
  LEFT JOIN delivery_workerlease w ON w.id = d.token"""

_USED: Final = "SELECT used FROM delivery_limitwindow WHERE period = 'month'"


@dataclass(slots=True)
class Row:
    """One delivery at the end."""

    name: str
    state: str
    address: str
    pid: int | None  # of the worker that held it last
    response: str
    successes: int
    failures: int


@dataclass(slots=True)
class Verdict:
    """The figures of one round, and every promise that was broken."""

    kills: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    worst: int = 0  # unknown of one killed worker
    recovery: float = 0.0  # seconds until the next acceptance, at worst
    late: float = 0.0  # seconds by which a dot came after the end, at worst
    looks: int = 0
    acts: int = 0  # of people at the public pages
    left: int = 0  # who were left out because of such an act
    broken: list[str] = field(default_factory=list)
    cries: list[str] = field(default_factory=list)  # exceptions that ended a thread or a process


def judge(of: Round) -> Verdict:
    """Check everything. Nothing is raised: what is broken is listed."""
    rows = [
        Row(f"{row[0]}.{row[1]}", row[2], row[3], row[4], row[5], row[6], row[7])
        for row in of.eye.see(_DELIVERIES) or []
    ]
    verdict = Verdict(kills=of.kills, broken=list(of.broken), cries=of.cries())
    _identity(of, rows, verdict)
    _against_the_receiver(of, rows, verdict)
    _unknown(of, rows, verdict)
    _limit(of, verdict)
    _end(of, verdict)
    _recovery(of, verdict)
    return verdict


def compare_letters(of: Round, states: Mapping[str, str], verdict: Verdict) -> None:
    """Nobody lost, nobody twice: ``states`` are those of all deliveries, by the letters' names."""
    accepted = of.mail.log.counts()
    verdict.doubled = sum(count - 1 for count in accepted.values())
    if verdict.doubled:
        verdict.broken.append(f"{verdict.doubled} letters doubled")
    if strangers := set(accepted) - set(states):
        verdict.broken.append(f"unknown to the ledger: {sorted(strangers)[:5]}")
    unsent = [name for name, state in states.items() if state not in ("sent", "unknown")]
    lies = [name for name, state in states.items() if state == "sent" and name not in accepted]
    verdict.lost = len(unsent) + len(lies)
    if verdict.lost:
        verdict.broken.append(f"not sent {unsent[:5]}, never seen {lies[:5]}")
    verdict.unknown = sum(state == "unknown" for state in states.values())
    if verdict.unknown > of.kills * of.terms.lines:
        verdict.broken.append(f"{verdict.unknown} unknown after {of.kills} kills")


def _identity(of: Round, rows: list[Row], verdict: Verdict) -> None:
    """I1, and that nobody is left in the middle."""
    verdict.broken += unequal(of.eye.see(_SNAPSHOT) or [])
    if len(rows) != AUDIENCE or len({row.address for row in rows}) != AUDIENCE:
        verdict.broken.append(f"I1: {len(rows)} deliveries for {AUDIENCE} recipients")
    by_state = Counter(row.state for row in rows)
    if by_state["pending"] or by_state["sending"]:
        verdict.broken.append(f"I2: done, and yet {dict(by_state)}")


def _against_the_receiver(of: Round, rows: list[Row], verdict: Verdict) -> None:
    """I2, I3, I4: nobody lost, nobody twice, no lie in either direction."""
    accepted = of.mail.log.counts()
    known = {row.name for row in rows}
    if strangers := set(accepted) - known:
        verdict.broken.append(f"I4: unknown to the ledger: {sorted(strangers)[:5]}")
    verdict.doubled = sum(count - 1 for count in accepted.values())
    if verdict.doubled > of.expected.doubled:
        twice = [name for name, count in accepted.items() if count > 1]
        verdict.broken.append(f"I3: {verdict.doubled} doubled: {twice[:5]}")
    lies = [row.name for row in rows if row.state == "sent" and row.name not in accepted]
    if len(lies) > of.expected.assumed:
        verdict.broken.append(f"I4: said to be sent, never seen: {lies[:5]}")
    hidden = [row for row in rows if row.name in accepted and row.state not in ("sent", "unknown")]
    if hidden:
        verdict.broken.append(f"I4: accepted, but the ledger says {hidden[:5]}")
    missing = [row for row in rows if not _accounted_for(of, row)]
    given_up = [row for row in missing if (row.state, row.response[:7]) == ("failed", "@poison")]
    if len(given_up) <= of.expected.given_up:
        missing = [row for row in missing if row not in given_up]
    verdict.lost = len(missing) + (len(lies) if not of.expected.assumed else 0)
    if missing:
        verdict.broken.append(f"I2: {len(missing)} lost: {missing[:5]}")
    assumed = of.expected.assumed  # reported by the policy, not by a success
    untrue = [row for row in rows if row.successes != (row.state == "sent") and not assumed]
    if of.expected.refusals:
        refused = of.mail.log.refused
        untrue += [row for row in rows if row.failures > refused[row.address]]
    if untrue:
        verdict.broken.append(f"I4: {len(untrue)} histories disagree: {untrue[:5]}")


def _accounted_for(of: Round, row: Row) -> bool:
    """Is the state one that this round's story explains?"""
    expected = of.expected
    if row.address in expected.failed:
        # Refused at the dot, and the worker died before it read that: nobody knows. I5 counts it.
        known = row.state in ("failed", "unknown")
        return known or (expected.left_out and row.state != "sent")
    if row.state in ("sent", "unknown"):
        return True
    if row.state == "suppressed":
        return expected.suppressed > 0
    return expected.left_out and row.state in ("expired", "cancelled")


def _unknown(of: Round, rows: list[Row], verdict: Verdict) -> None:
    """I5: at most K for every worker that was killed, and only for those."""
    unknown = [row for row in rows if row.state == "unknown"]
    if of.expected.withheld:
        unknown = [row for row in unknown if row.name not in of.mail.log.withheld]
    verdict.unknown = len(unknown)
    by_worker = Counter(row.pid for row in unknown)
    verdict.worst = max(by_worker.values(), default=0)
    bound = of.expected.per_kill or of.terms.lines
    for pid, count in by_worker.items():
        hurt = pid in of.hurt and not of.expected.clean
        allowed = bound if hurt else of.expected.spared
        if count > allowed:
            text = {row.response for row in unknown if row.pid == pid}
            verdict.broken.append(f"I5: {count} unknown of worker {pid}, allowed {allowed}: {text}")


def _limit(of: Round, verdict: Verdict) -> None:
    """I6: never more than the limit, and what is reserved for nothing comes from crashes only."""
    limit = of.expected.limit
    if not limit:
        return
    reserved = max((row[0] for row in of.eye.see(_USED) or []), default=0)
    unused = reserved - of.accepted
    if of.accepted > limit or reserved > limit:
        verdict.broken.append(f"I6: {of.accepted} accepted, {reserved} reserved, limit {limit}")
    if not 0 <= unused <= of.kills * of.terms.window:
        verdict.broken.append(f"I6: {unused} reserved and not used after {of.kills} kills")


def _end(of: Round, verdict: Verdict) -> None:
    """I7: by the receiver's clock, nothing after the end."""
    if of.expected.ends_at is None or not of.mail.log.accepted:
        return
    last = max(at for _, _, at in of.mail.log.accepted)
    verdict.late = max(0.0, last - of.expected.ends_at)
    if verdict.late > TOLERANCE:
        verdict.broken.append(f"I7: a message {verdict.late:.3f} s after the end")


def _recovery(of: Round, verdict: Verdict) -> None:
    """I8: how long after the fault's end the next message was accepted."""
    times = sorted(at for _, _, at in of.mail.log.accepted)
    for mark in of.marks:
        after = [at for at in times if at > mark]
        if after:
            verdict.recovery = max(verdict.recovery, after[0] - mark)
