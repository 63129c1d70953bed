"""The end of a round of rights: whom the run wrote to, against what people had said by then."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.faults.rights.seed import AUDIENCE, KINDS
from tests.faults.rounds.observer import _SNAPSHOT, unequal
from tests.faults.rounds.verdict import Verdict, _recovery

if TYPE_CHECKING:
    from tests.faults.rights.round import RightsRound

_DELIVERIES: Final = """
SELECT d.id, r.key, d.state, d.token, w.pid, d.response, d.left_out, c.id, c.full_name,
       r.mailing_id, r.frozen_at,
       (SELECT count(*) FROM mailings_subscription u
         WHERE u.id = d.subscription_id AND u.recipient_id = c.id)
  FROM mailings_delivery d
  JOIN mailings_run r ON r.id = d.run_id
  JOIN mailings_recipient c ON c.id = d.recipient_id
  LEFT JOIN delivery_workerlease w ON w.id = d.token
 WHERE d.sent_at IS NULL OR d.token IS NOT NULL"""
#: The last word about each list, and how the person stands to it. Who has left everything has left
#: every list; who takes that back has, word by word, come back to those that were left by it.
_LAST_WORDS: Final = """
SELECT u.recipient_id, u.list_id, u.status,
       (SELECT k.act FROM mailings_consent k
         WHERE k.recipient_id = u.recipient_id
           AND ((k.list_id = u.list_id AND k.act IN ('given', 'confirmed', 'resumed', 'withdrawn'))
             OR (k.list_id IS NULL AND k.channel = '' AND k.act = 'withdrawn'))
         ORDER BY k.id DESC LIMIT 1)
  FROM mailings_subscription u"""
_SIGNUPS: Final = """
SELECT (SELECT count(*) FROM feedback_signup WHERE delivery_id IS NOT NULL),
       (SELECT count(*) FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id
          JOIN mailings_mailing m ON m.id = r.mailing_id WHERE m.purpose = 'confirmation'),
       (SELECT count(*) FROM feedback_signup), (SELECT received FROM feedback_signupcounts)"""
#: What a person's own act may be the reason of.
_OWN: Final = ("unsubscribed", "paused", "suppressed")


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a person. ``ends`` and ``may_get`` are None for one that was cut short."""

    begins: float
    ends: float | None
    may_get: bool | None


@dataclass(slots=True)
class Claimed:
    """One claim of one delivery."""

    begins: float
    ends: float


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@dataclass(slots=True)
class Notes:
    """What the processes have written down: acts by person, claims by delivery."""

    acts: dict[int, list[Act]] = field(default_factory=lambda: defaultdict(list))
    claims: dict[int, list[Claimed]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, acts: Path, claims: Path) -> Notes:
        notes = cls()
        open_acts: dict[int, float] = {}
        for line in _lines(acts):
            note = json.loads(line)
            who = note["who"]
            if "begins" in note:
                open_acts[who] = note["begins"]
                continue
            if note["act"] == "seen" and who in open_acts:  # its process was killed in the middle
                notes.acts[who].append(Act(open_acts.pop(who), None, None))
            begins = open_acts.pop(who, note["ends"])
            notes.acts[who].append(Act(begins, note["ends"], note["may_get"]))
        for who, begins in open_acts.items():
            notes.acts[who].append(Act(begins, None, None))
        for line in _lines(claims):
            start, end, *ids = line.split()
            for one in ids:
                notes.claims[int(one)].append(Claimed(float(start), float(end)))
        return notes

    def had_left(self, who: int, claim: Claimed) -> bool:
        """Had the person left before the claim began, and not come back before it ended?"""
        before = [act for act in self.acts[who] if act.begins < claim.ends]
        if not before or before[-1].ends is None or before[-1].ends > claim.begins:
            return False
        return before[-1].may_get is False

    def may_have_come(self, who: int, until: float) -> bool:
        """Was there an act before that moment by which the person may be written to?"""
        acts = self.acts[who]
        return any(act.may_get in (True, None) and act.begins < until for act in acts)

    def may_have_left(self, who: int) -> bool:
        return any(act.may_get in (False, None) for act in self.acts[who])


def judge(of: RightsRound) -> Verdict:
    """Check everything. Nothing is raised: what is broken is listed."""
    notes = Notes.read(of.acts, of.claims)
    found = of.eye.see(_DELIVERIES) or []
    # Who has signed up while the audience was being frozen may belong to it, too.
    mine = [row for row in found if row[9] == of.base.mailing and row[8]]
    verdict = Verdict(kills=of.kills + of.deaths, broken=list(of.broken), cries=of.cries())
    verdict.broken += unequal(of.eye.see(_SNAPSHOT) or [])
    if len(mine) != AUDIENCE or len({row[7] for row in mine}) != AUDIENCE:
        names = Counter(row[8] for row in mine)
        short = {kind: count - names[kind] for kind, (count, _) in KINDS.items()}
        verdict.broken.append(f"I1: {len(mine)} deliveries for {AUDIENCE} people: {short}")
    accepted = _against_the_receiver(of, found, verdict)
    for row in mine:
        _justified(row, accepted, notes, verdict)
    _both_or_neither(of, verdict)
    _unknown(of, found, verdict)
    _recovery(of, verdict)
    verdict.acts = sum(len(acts) for acts in notes.acts.values())
    verdict.left = sum(1 for row in mine if row[6] in _OWN and not KINDS[row[8]][1])
    return verdict


def _against_the_receiver(
    of: RightsRound, rows: list[tuple[Any, ...]], verdict: Verdict
) -> Counter[str]:
    """Nobody twice, and no lie in either direction, confirmations included."""
    accepted = of.mail.log.counts()
    names = {f"{row[0]}.{row[1]}": row[2] for row in rows}
    verdict.doubled = sum(count - 1 for count in accepted.values())
    if verdict.doubled:
        twice = [name for name, count in accepted.items() if count > 1]
        verdict.broken.append(f"I3: {verdict.doubled} doubled: {twice[:5]}")
    if strangers := set(accepted) - set(names):
        verdict.broken.append(f"I4: unknown to the ledger: {sorted(strangers)[:5]}")
    if lies := [name for name, state in names.items() if state == "sent" and not accepted[name]]:
        verdict.broken.append(f"I4: said to be sent, never seen: {lies[:5]}")
    said = {"sent", "unknown"}
    if hidden := [name for name in accepted if names.get(name, "sent") not in said]:
        verdict.broken.append(f"I4: accepted, but the ledger says otherwise: {hidden[:5]}")
    return accepted


def _justified(
    row: tuple[Any, ...], accepted: Counter[str], notes: Notes, verdict: Verdict
) -> None:
    """Written to by right, or left out for the one reason that is true."""
    pk, key, state, _token, _pid, _response, left_out, who, kind, _mailing, frozen, right = row
    usual = KINDS[kind][1]
    if state in ("sent", "unknown"):
        claims = notes.claims[pk]
        if accepted[f"{pk}.{key}"] and claims and notes.had_left(who, claims[-1]):
            verdict.lost += 1
            verdict.broken.append(f"R1: {who} had left before the claim: {notes.acts[who][-3:]}")
        if usual and not notes.may_have_come(who, _seconds(frozen)):
            verdict.broken.append(f"R2: {who} ({kind}) was written to without a right")
        if right != 1:
            verdict.broken.append(f"R3: the letter to {who} names no subscription of theirs")
    elif state != "suppressed":
        verdict.broken.append(f"I2: {who} ended as {state}")
    elif left_out != usual and not (left_out in _OWN and notes.may_have_left(who)):
        verdict.lost += 1
        verdict.broken.append(f"R4: {who} ({kind}) was left out as {left_out}: {notes.acts[who]}")


def _unknown(of: RightsRound, rows: list[tuple[Any, ...]], verdict: Verdict) -> None:
    """At most K for each run that a killed worker was sending: the messages to one have a lane,
    and connections, of their own."""
    unknown = Counter((row[3], row[4]) for row in rows if row[2] == "unknown")
    verdict.unknown = unknown.total()
    verdict.worst = max(unknown.values(), default=0)
    for (token, pid), count in unknown.items():
        if count > (of.terms.lines if pid in of.hurt else 0):
            verdict.broken.append(f"I5: {count} unknown of worker {pid} under lease {token}")


def _seconds(moment: Any) -> float:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found: float = moment.timestamp()
    return found


def _both_or_neither(of: RightsRound, verdict: Verdict) -> None:
    """An act that was cut short by a kill has been done with all that belongs to it, or not."""
    yes = {"given", "confirmed", "resumed"}
    for who, list_id, status, said in of.eye.see(_LAST_WORDS) or []:
        if (status == "subscribed") != (said in yes) or (status == "unsubscribed") != (
            said == "withdrawn"
        ):
            # Who has left everything may be asked about a list once more.
            if status == "unconfirmed" or (status == "sunset" and said in yes):
                continue
            verdict.broken.append(f"R5: {who} on list {list_id}: {status}, last word {said}")
    ((asked, letters, received, counted),) = of.eye.see(_SIGNUPS) or [(0, 0, 0, 0)]
    if asked != letters or received != (counted or 0):
        verdict.broken.append(f"R6: {asked} asked by {letters} letters; {received} of {counted}")
