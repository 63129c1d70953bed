"""The end of a round of a feed: what was published, against what the runs have sent."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from tests.faults.feeds.seed import AUDIENCE
from tests.faults.rounds.observer import _SNAPSHOT, unequal
from tests.faults.rounds.verdict import Verdict, compare_letters

if TYPE_CHECKING:
    from tests.faults.feeds.round import FeedRound

_ITEMS: Final = "SELECT title, run_id, taken_at IS NOT NULL FROM mailings_feeditem"
_RUNS: Final = "SELECT id, content FROM mailings_run ORDER BY id"
_DELIVERIES: Final = """
SELECT d.id, r.key, d.state, r.id FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id"""
_PASSED: Final = "SELECT count(*) FROM mailings_feedcheck WHERE passed AND code = 'feed_no_items'"
_TITLE: Final = re.compile(r"Post (\d+)\b")


def judge(of: FeedRound) -> Verdict:
    """Check everything. Nothing is raised: what is broken is listed."""
    verdict = Verdict(kills=of.kills, broken=list(of.broken), cries=of.cries())
    verdict.broken += unequal(of.eye.see(_SNAPSHOT) or [])
    _items(of, verdict)
    _letters(of, verdict)
    return verdict


def _items(of: FeedRound, verdict: Verdict) -> None:
    """Each post is one item; each item is in the letter of exactly one run; no run is empty."""
    items = of.eye.see(_ITEMS) or []
    known = Counter(number for title, _run, _taken in items for number in _numbers(title))
    if known != Counter(of.published):
        verdict.broken.append(f"published {of.published}, known {sorted(known.elements())}")
    shown: Counter[int] = Counter()
    for run, content in of.eye.see(_RUNS) or []:
        in_letter = set(_numbers(str(content)))
        taken = {
            number for title, taken_by, _ in items if taken_by == run for number in _numbers(title)
        }
        if not in_letter or in_letter != taken:
            verdict.broken.append(f"run {run} shows {in_letter}, and has taken {taken}")
        shown.update(in_letter)
    if twice := [number for number, count in shown.items() if count > 1]:
        verdict.broken.append(f"sent twice: {twice}")
    waiting = {number for title, _run, taken in items if not taken for number in _numbers(title)}
    if lost := set(of.published) - set(shown) - waiting:
        verdict.broken.append(f"lost: {sorted(lost)}")
    if waiting:
        verdict.broken.append(f"left over: {sorted(waiting)}")
    verdict.acts = len(of.published)


def _numbers(text: str) -> list[int]:
    return [int(found) for found in _TITLE.findall(text)]


def _letters(of: FeedRound, verdict: Verdict) -> None:
    """Nobody lost, nobody twice, in every run; a start without news made none."""
    rows: list[tuple[Any, ...]] = of.eye.see(_DELIVERIES) or []
    runs = Counter(row[3] for row in rows)
    if len(runs) != of.occurrences or set(runs.values()) - {AUDIENCE}:
        verdict.broken.append(f"{of.occurrences} starts with news, runs {dict(runs)}")
    if not (of.eye.see(_PASSED) or [(0,)])[0][0]:
        verdict.broken.append("the start without news is not in the history")
    compare_letters(of, {f"{row[0]}.{row[1]}": row[2] for row in rows}, verdict)
