"""The figures of many rounds, as a table for people and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.rounds.runner import RoundResult

BEGIN = "<!-- results: begin -->"
END = "<!-- results: end -->"
_HEAD = (
    "| # | fault | rounds | kills | lost | doubled | unknown | worst unknown of a kill"
    " | slowest recovery | broken |"
)


@dataclass(slots=True)
class Line:
    """All rounds of one fault."""

    code: str
    title: str
    rounds: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    worst: int = 0
    recovery: float = 0.0
    broken: int = 0

    def add(self, played: RoundResult) -> None:
        verdict = played.verdict
        self.rounds += 1
        self.kills += verdict.kills
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.unknown += verdict.unknown
        self.worst = max(self.worst, verdict.worst)
        self.recovery = max(self.recovery, verdict.recovery)
        self.broken += bool(verdict.broken)

    def row(self) -> str:
        recovery = f"{self.recovery:.1f} s" if self.recovery else "-"
        cells = [self.code, self.title, *(str(number) for number in self._numbers()), recovery]
        return f"| {' | '.join(cells)} | {self.broken} |"

    def _numbers(self) -> tuple[int, ...]:
        return self.rounds, self.kills, self.lost, self.doubled, self.unknown, self.worst


def table(all_played: Iterable[RoundResult]) -> str:
    """One line per fault, and one for all."""
    lines: dict[str, Line] = {}
    total = Line("", "all")
    for played in all_played:
        found = played.scenario
        line = lines.setdefault(found.title, Line(found.code, found.title))
        line.add(played)
        total.add(played)
    ordered = sorted(lines.values(), key=lambda line: (line.code, line.title))
    rule = "|" + "---|" * (_HEAD.count("|") - 1)
    return "\n".join([_HEAD, rule, *(line.row() for line in ordered), total.row()])


def write_between(path: Path, text: str) -> None:
    """Put the text between the page's two markers. Raises ValueError when they are not there."""
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
