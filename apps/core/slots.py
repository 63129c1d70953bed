"""Typed sockets: a lower app declares one, a higher app plugs its implementation in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from apps.core.contracts import BackgroundJob, DirectSender, Planner, RunControl

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds the one implementation of a contract for this process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._value: T | None = None

    def fill(self, value: T) -> None:
        """Fill the slot. Called once, in ``AppConfig.ready()``."""
        self._value = value

    @property
    def value(self) -> T:
        """The implementation. Raises LookupError when no app has filled the slot."""
        if self._value is None:
            raise LookupError(f"Nothing is plugged into the slot {self._name!r}.")
        return self._value

    @contextmanager
    def swapped(self, value: T) -> Iterator[T]:
        """Put another implementation in for the length of a ``with`` block (tests)."""
        before, self._value = self._value, value
        try:
            yield value
        finally:
            self._value = before


run_control: Slot[RunControl] = Slot("run_control")
direct_sender: Slot[DirectSender] = Slot("direct_sender")
planner: Slot[Planner] = Slot("planner")


class Registry:
    """The background jobs of a process, each added once by its app's ``ready()``."""

    def __init__(self) -> None:
        self._jobs: dict[str, BackgroundJob] = {}

    def add(self, job: BackgroundJob) -> None:
        self._jobs[job.name] = job

    def __iter__(self) -> Iterator[BackgroundJob]:
        return iter(self._jobs.values())


background_jobs = Registry()


@dataclass(frozen=True, slots=True)
class Figures:
    """A gauge of a higher app for ``/metrics``: what it counts, by the values of one label.

    Without a label there is one value, by the empty word.
    """

    name: str
    text: str
    label: str
    values: Mapping[str, float]


#: Asked with every look at ``/metrics``; each added once by its app's ``ready()``.
figure_sources: list[Callable[[], Figures]] = []


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is not as it should be: its stable word, and the sentence for people."""

    code: str
    text: str


#: Asked with every look at the health of the installation; each added by its app's ``ready()``.
alert_sources: list[Callable[[datetime], list[Alert]]] = []
