"""A dispatcher that only remembers what it was asked for."""

from __future__ import annotations

from typing import Any

from apps.core.contracts import Dispatcher, Launched
from apps.core.errors import Refused


class RecordingDispatcher(Dispatcher):
    """Answers kindly, or refuses everything with the given words."""

    def __init__(self, refusal: str = "") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._refusal = refusal

    def _note(self, verb: str, **asked: Any) -> None:
        self.calls.append((verb, asked))
        if self._refusal:
            raise Refused(self._refusal)

    def launch(self, *, mailing_id: int, trigger: str, early: bool = False) -> Launched:
        self._note("launch", mailing_id=mailing_id, trigger=trigger, early=early)
        return Launched(run_id=1, number=1, created=True)

    def pause(self, *, mailing_id: int) -> None:
        self._note("pause", mailing_id=mailing_id)

    def resume(self, *, mailing_id: int) -> None:
        self._note("resume", mailing_id=mailing_id)

    def stop(self, *, mailing_id: int) -> None:
        self._note("stop", mailing_id=mailing_id)

    def reset(self, *, mailing_id: int) -> int:
        self._note("reset", mailing_id=mailing_id)
        return 2

    def dispatch_due(self) -> list[Launched]:
        raise NotImplementedError
