"""The contract of a check, and what checks are handed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.preflight.fetching import Answer, ask_all
from apps.delivery.preflight.findings import Finding
from apps.delivery.preflight.letter import Letter

#: Addresses, seconds for all of them, bytes of a body -> what each answered. One that was not asked
#: in time is not in the answer.
AskAll = Callable[[Sequence[str], float, int], Mapping[str, Answer]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What leads out of this process, handed in so that it can be another one."""

    now: datetime
    ask_all: AskAll = ask_all
    resolver: Resolver = field(default_factory=SystemResolver)


class Check(ABC):
    """One question about a mailing. ``name`` is stable, ``title`` a text of the catalogues.

    ``network``: it asks others, and takes at most ``seconds``; without time left it is not run.
    ``reads``: the parts of a letter (Letter.part) that its answer depends on; variants of an
    experiment that are alike in these are looked at once.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    network: ClassVar[bool] = False
    seconds: ClassVar[float] = 10.0
    reads: ClassVar[tuple[str, ...]] = ("message", "head", "sender")

    @abstractmethod
    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterable[Finding]:
        """What was found, at least one; no more than ``seconds`` are waited for others."""
