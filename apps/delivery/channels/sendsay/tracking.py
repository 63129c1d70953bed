"""What became of letters that Sendsay has taken on: ``track.get`` by their ``track.id``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from apps.core.contracts import Verdict
from apps.delivery.channels.http_channel import json_object
from apps.delivery.channels.http_client import Answer, Line
from apps.delivery.channels.sendsay.api import SendsayApi

#: Every status that is known; None: not decided yet, ask again later.
STATUSES: Final[Mapping[int, tuple[str, Verdict | None]]] = {
    0: ("accepted", None),
    1: ("started", None),
    2: ("in process", None),
    3: ("sorting", None),
    4: ("formatting", None),
    5: ("generating a report", None),
    6: ("checking for spam", None),
    -1: ("finished with success", Verdict.SENT),
    -2: ("finished with an error", Verdict.FAILED),
    -3: ("cancelled", Verdict.FAILED),
    -4: ("will be done later", None),
    -5: ("on moderation", None),
    -6: ("not let through by moderation", Verdict.FAILED),
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """``verdict`` None: not decided yet. SENT is handed over, which is no proof of an inbox."""

    status: int
    words: str
    verdict: Verdict | None


def track(api: SendsayApi, ids: Iterable[str]) -> dict[str, Tracked]:
    """Ask for each id. One of which nothing sensible is said is left out. Raises CallFailed."""
    line = Line(api.client)
    try:
        found: dict[str, Tracked] = {}
        for one in ids:
            answer = api.call({"action": "track.get", "id": one}, line.post, line.post)
            if (told := _told(answer)) is not None:
                found[one] = told
        return found
    finally:
        line.close()


def _told(answer: Answer) -> Tracked | None:
    """A status that is not known counts as taken on."""
    body = json_object(answer) if answer.status == 200 else None
    told = (body or {}).get("obj")
    status = told.get("status") if isinstance(told, dict) else None
    try:
        number = int(str(status))
    except ValueError:
        return None
    words, verdict = STATUSES.get(number, (f"status {number}", None))
    return Tracked(number, words, verdict)
