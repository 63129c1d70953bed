"""A dispatcher that only remembers what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from apps.core.contracts import (
    AccountInfo,
    DirectSender,
    Forecast,
    Launched,
    LaunchedTransactional,
    Outcome,
    Planner,
    RunControl,
    Verdict,
)
from apps.core.errors import Refused
from apps.core.responses.stored import foreign
from apps.core.slots import direct_sender, planner, run_control
from apps.delivery.service import DispatchService


class Dispatching(RunControl, DirectSender, Planner):
    """All three contracts in one, as the service is."""


T = TypeVar("T", bound=Dispatching | DispatchService)


@contextmanager
def dispatching(value: T) -> Iterator[T]:
    """Put it into the slots of all three contracts."""
    slots = run_control.swapped(value), direct_sender.swapped(value), planner.swapped(value)
    with slots[0], slots[1], slots[2]:
        yield value


class RecordingDispatcher(Dispatching):
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

    def launch_transactional(self, *, mailing_id: int, trigger: str) -> LaunchedTransactional:
        self._note("launch_transactional", mailing_id=mailing_id, trigger=trigger)
        return LaunchedTransactional(run_id=1, delivery_id=1, state="pending")

    def pause(self, *, mailing_id: int) -> None:
        self._note("pause", mailing_id=mailing_id)

    def resume(self, *, mailing_id: int) -> None:
        self._note("resume", mailing_id=mailing_id)

    def stop(self, *, mailing_id: int) -> None:
        self._note("stop", mailing_id=mailing_id)

    def reset(self, *, mailing_id: int) -> int:
        self._note("reset", mailing_id=mailing_id)
        return 2

    def change_status(self, *, mailing_id: int, status: str, actor: str) -> int:
        self._note("change_status", mailing_id=mailing_id, status=status)
        return 6

    def skip(self, *, mailing_id: int) -> None:
        self._note("skip", mailing_id=mailing_id)

    def replace_content(self, *, mailing_id: int) -> int:
        self._note("replace_content", mailing_id=mailing_id)
        return 5

    def retry_failed(self, *, mailing_id: int, hopeful_only: bool = False) -> int:
        more = {"hopeful_only": True} if hopeful_only else {}
        self._note("retry_failed", mailing_id=mailing_id, **more)
        return 3

    def send_remaining(self, *, mailing_id: int) -> int:
        self._note("send_remaining", mailing_id=mailing_id)
        return 4

    def add_recipient(self, *, mailing_id: int, recipient_id: int) -> int:
        self._note("add_recipient", mailing_id=mailing_id, recipient_id=recipient_id)
        return 7

    def launch_open(self, *, mailing_id: int, trigger: str) -> Launched:
        self._note("launch_open", mailing_id=mailing_id, trigger=trigger)
        return Launched(run_id=1, number=1, created=True)

    def add_recipients(self, *, mailing_id: int, recipient_ids: Sequence[int]) -> dict[int, int]:
        self._note("add_recipients", mailing_id=mailing_id, recipient_ids=list(recipient_ids))
        return dict.fromkeys(recipient_ids, 1)

    def resolve_unknown(
        self, *, run_id: int, delivery_ids: list[int] | None, verdict: str, actor: str
    ) -> int:
        self._note("resolve_unknown", run_id=run_id, delivery_ids=delivery_ids, verdict=verdict)
        return 1 if delivery_ids is None else len(delivery_ids)

    def send_test(
        self,
        *,
        message_id: int,
        address: str,
        account: str,
        recipient_id: int | None = None,
        lang: str = "",
    ) -> Outcome:
        about = {"message_id": message_id, "address": address, "account": account}
        self._note("send_test", **about, **({"lang": lang} if lang else {}))
        return Outcome(0, Verdict.SENT, 250, foreign("2.0.0 Ok"))

    def send_system_message(
        self, *, key: str, account: str, address: str, subject: str, text: str, owner_id: int = 0
    ) -> str:
        about = {"subject": subject, "text": text, "owner_id": owner_id}
        self._note("send_system_message", key=key, account=account, address=address, **about)
        return "sent"

    def owner_changed(self, *, owner_id: int) -> None:
        self._note("owner_changed", owner_id=owner_id)

    def forecast(
        self, *, account: str, count: int, starts_at: datetime, ends_at: datetime
    ) -> Forecast:
        return Forecast(starts_at, 0)

    def rehearse(self, *, mailing_id: int, early: bool) -> int:
        return 1

    def accounts(self) -> list[str]:
        return ["email", "second"]

    def account_infos(self) -> list[AccountInfo]:
        every = frozenset({"email", "phone", "telegram"})
        return [AccountInfo(name, every) for name in self.accounts()]

    def planned(self) -> None:
        """Nothing is moved by it."""

    def dispatch_due(self, *, trigger: str = "scheduled") -> list[Launched]:
        raise NotImplementedError
