"""A finding of a check with the step at which it was found."""

from __future__ import annotations

from dataclasses import dataclass

from apps.delivery.preflight.findings import Finding, Result


@dataclass(frozen=True, slots=True)
class FoundAt:
    """``step``: its key; an empty one: the whole."""

    step: str
    finding: Finding

    @property
    def result(self) -> str:
        return self.finding.result.value

    @property
    def text(self) -> str:
        """In the reader's language."""
        return self.finding.sentence

    @property
    def fix(self) -> str:
        """How it is fixed, in the reader's language; empty where nothing has to be."""
        return self.finding.remedy

    @property
    def is_failure(self) -> bool:
        """It prevents an activation."""
        return self.finding.result is Result.FAIL

    @property
    def is_bad(self) -> bool:
        """It prevents an activation, or might be better."""
        return self.finding.result in (Result.FAIL, Result.WARN)

    @property
    def line(self) -> str:
        """The whole in one line."""
        place = f"{self.step}: " if self.step else ""
        return f"{place}{self.text} {self.fix}".strip()
