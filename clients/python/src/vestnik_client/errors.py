"""What a call may end with."""

from __future__ import annotations

from typing import Any


class VestnikError(Exception):
    """No answer that can be used."""


class NoAnswer(VestnikError):
    """The server was not reached, or broke off. A call with an Idempotency-Key may be repeated."""


class ApiError(VestnikError):
    """The server refused. ``code`` is stable (docs/errors.md of the installation)."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: list[dict[str, str]] = problem.get("errors", [])
        self.retry_after = retry_after
        super().__init__(f"{status} {self.code}: {self._words()}")

    def _words(self) -> str:
        fields = "; ".join(f"{one.get('field')}: {one.get('detail')}" for one in self.errors)
        return f"{self.detail} {fields}".strip()
