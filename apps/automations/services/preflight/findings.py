"""A finding of a check: at which step, what it is about, and whether it prevents an activation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.delivery.preflight.findings import Finding, Result

#: Steps that are none: the draft's trigger, its exit rules, and the whole.
TRIGGER: Final = "trigger"
EXITS: Final = "exits"
WHOLE: Final = ""


class FindingCode(StrEnum):
    """What a finding is about, for programs."""

    FIT = "fit"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    UNFIT = "unfit"
    NOT_FOUND = "not_found"
    CONDITIONS = "conditions"
    ACTION = "action"
    WRONG_WAY = "wrong_way"
    QUICK_LOOP = "quick_loop"
    NO_END = "no_end"
    UNREACHABLE = "unreachable"
    ACCOUNT = "account"
    SENDER = "sender"
    MESSAGE = "message"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class DraftFinding:
    """``step``: its key, TRIGGER, EXITS or WHOLE."""

    step: str
    code: FindingCode
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
    def stops(self) -> bool:
        """It prevents an activation."""
        return self.finding.result is Result.FAIL

    @property
    def warns(self) -> bool:
        """It prevents nothing, and might be better."""
        return self.finding.result is Result.WARN

    @property
    def sentence(self) -> str:
        """What it is and how it is fixed."""
        return f"{self.text} {self.fix}".strip()

    @property
    def line(self) -> str:
        """The whole in one line."""
        return f"{self.step}: {self.sentence}" if self.step else self.sentence
