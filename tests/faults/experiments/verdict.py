"""The end of a round of an experiment: decided once, and everybody has the variant that is theirs.

Beside what is asked of every run (rounds.verdict).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.faults.experiments.seed import SUBJECTS
from tests.faults.rounds.verdict import Verdict
from tests.faults.rounds.verdict import judge as judge_run

if TYPE_CHECKING:
    from tests.faults.experiments.round import ExperimentRound

#: One statement is one snapshot. What the others do before the decision, and how the run stands.
SNAPSHOT: Final = """
SELECT e.judged_at, e.winner, e.figures, e.decided_at, e.chosen, r.state, r.reason,
       r.deferred_until, (SELECT count(*) FROM mailings_delivery d
        WHERE d.run_id = r.id AND d.position > 0 AND (d.state <> 'pending' OR d.tries > 0))
  FROM mailings_runexperiment e JOIN mailings_run r ON r.id = e.run_id"""
_EXPERIMENT: Final = """
SELECT due_at, judged_at, figures, winner, decided_at, chosen, "by" FROM mailings_runexperiment"""
_DELIVERIES: Final = """
SELECT d.id, r.key, d.recipient_id, d.position, d.content_version, d.state
  FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id"""
_CHOICES: Final = """
SELECT count(*) FROM users_auditentry WHERE object_type = 'mailings.runexperiment'
   AND act = 'changed' AND CAST(changes AS text) LIKE '%"chosen"%'"""


class Decisions:
    """What is wrong with a snapshot, beside those before it: what was decided never changes."""

    def __init__(self) -> None:
        self._kept: dict[int, Any] = {}

    def __call__(self, rows: list[tuple[Any, ...]]) -> list[str]:
        broken = []
        for row in rows:
            *facts, state, reason, until, begun = row
            for number, fact in enumerate(facts):
                if number in self._kept and self._kept[number] != fact:
                    broken.append(f"decided anew: {self._kept[number]} became {fact}")
                if fact not in (None, [], "[]"):
                    self._kept[number] = fact
            if facts[-1] is None and begun:
                broken.append(f"{begun} of the others before the decision")
            if (state, reason) == ("deferred", "experiment") and until is None:
                broken.append("waits for the decision without a time")
        return broken


@dataclass(frozen=True, slots=True)
class _Letter:
    name: str
    recipient: int
    position: int
    version: int
    state: str

    @property
    def is_of_sample(self) -> bool:
        return self.position <= 0


def judge(of: ExperimentRound) -> Verdict:
    """Check everything. Nothing is raised: what is broken is listed."""
    verdict = judge_run(of)
    rows = of.eye.see(_EXPERIMENT) or []
    if len(rows) != 1 or rows[0][1] is None or rows[0][4] is None:
        verdict.broken.append(f"not decided: {rows}")
        return verdict
    verdict.acts = 1
    letters = [_Letter(f"{row[0]}.{row[1]}", *row[2:]) for row in of.eye.see(_DELIVERIES) or []]
    _decision(of, rows[0], letters, verdict)
    _variants(of, letters, chosen=rows[0][5], verdict=verdict)
    _order(of, letters, judged=_moment(rows[0][1]), decided=_moment(rows[0][4]), verdict=verdict)
    return verdict


def _decision(
    of: ExperimentRound, row: tuple[Any, ...], letters: Sequence[_Letter], verdict: Verdict
) -> None:
    """Made once, by the figures there were, not before its time, and what follows from them."""
    due, judged, figures, *decision = row
    winner, _decided, chosen, by = decision
    if _moment(judged) < _moment(due):
        verdict.broken.append(f"judged at {judged}, before {due}")
    sample = [one for one in letters if one.is_of_sample and one.state == "sent"]
    sent = Counter(one.version for one in sample)
    seen = [(one["count"], one["events"]) for one in _json(figures)]
    if seen != [(sent[number], of.clicks[number - 1]) for number in SUBJECTS]:
        verdict.broken.append(f"the figures say {seen}, sent {sent}, clicks {of.clicks}")
    if (winner, chosen, by) != _expected(of):
        verdict.broken.append(f"{(winner, chosen, by)} instead of {_expected(of)}")
    choices = (of.eye.see(_CHOICES) or [(0,)])[0][0]
    if choices != 1:
        verdict.broken.append(f"{choices} choices in the audit log")


def _expected(of: ExperimentRound) -> tuple[int | None, int | None, str]:
    """The winner, what the others get, and by what."""
    if of.clicks[1] >= 30:
        return 2, 2, "figures"
    if of.rule == "ask":
        return None, of.chosen_by_person, "person"
    return None, 1 if of.rule == "first" else 2, "rule"


def _variants(
    of: ExperimentRound, letters: Sequence[_Letter], *, chosen: int, verdict: Verdict
) -> None:
    """The sample has what the hash says, the others the chosen one, in the receiver's hands too."""
    contents = of.eye.see("SELECT content FROM mailings_run") or [("{}",)]
    split = _json(contents[0][0])["choice"]["split"]
    for one in letters:
        hashed = hashlib.md5(f"{split['key']}{one.recipient}".encode(), usedforsecurity=False)
        variant, sampled = hashed.hexdigest()[:8], hashed.hexdigest()[8:16]
        if one.is_of_sample != (sampled < f"{int(of.share / 100 * 16**8):08x}"):
            verdict.broken.append(f"{one} is of the sample, or not, against its hash")
        own = 1 if variant < "80000000" else 2
        if one.version != (own if one.is_of_sample else chosen):
            verdict.broken.append(f"{one} has another variant: {own} by its hash, chosen {chosen}")
        got = of.mail.log.subjects.get(one.name, SUBJECTS[one.version])
        if got != SUBJECTS[one.version]:
            verdict.broken.append(f"{one} has got {got}")


def _order(
    of: ExperimentRound,
    letters: Sequence[_Letter],
    *,
    judged: float,
    decided: float,
    verdict: Verdict,
) -> None:
    """By the receiver's clock: the sample before the judgement, the others after the decision."""
    times: dict[str, float] = {}
    for name, _address, at in of.mail.log.accepted:
        times[name] = at
    sample = [times[one.name] for one in letters if one.is_of_sample and one.name in times]
    others = [times[one.name] for one in letters if not one.is_of_sample and one.name in times]
    if not sample or not others:
        verdict.broken.append(f"{len(sample)} of the sample and {len(others)} others were accepted")
    elif max(sample) > judged or min(others) < decided:
        verdict.broken.append(
            f"sample until {max(sample)}, judged {judged}, decided {decided}, then {min(others)}"
        )


def _moment(kept: Any) -> float:
    """SQLite keeps a moment as a text, in UTC."""
    if isinstance(kept, datetime):
        return kept.timestamp()
    return datetime.fromisoformat(str(kept)).replace(tzinfo=UTC).timestamp()


def _json(kept: Any) -> Any:
    return json.loads(kept) if isinstance(kept, str) else kept
