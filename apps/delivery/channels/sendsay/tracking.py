"""What became of letters that Sendsay has taken on: ``track.get`` by their ``track.id``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from apps.core.contracts import Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.http.account import connection_to
from apps.delivery.channels.http.channel import json_object
from apps.delivery.channels.http.client import HttpResponse
from apps.delivery.channels.sendsay.api import SendsayApi, api_of
from apps.delivery.channels.tracked import Tracked, Tracker
from apps.delivery.sending_account import SendingAccount

#: Every status that is known; None: not decided yet, ask again later.
STATUSES: Final[Mapping[int, Verdict | None]] = {
    0: None,  # accepted
    1: None,  # started
    2: None,  # in process
    3: None,  # sorting
    4: None,  # formatting
    5: None,  # generating a report
    6: None,  # checking for spam
    -1: Verdict.SENT,  # finished with success
    -2: Verdict.FAILED,  # finished with an error
    -3: Verdict.FAILED,  # cancelled
    -4: None,  # will be done later
    -5: None,  # on moderation
    -6: Verdict.FAILED,  # not let through by moderation
}


@dataclass(frozen=True, slots=True)
class TrackedStatus:
    """``verdict`` None: not decided yet. SENT is handed over, which is no proof of an inbox."""

    status: int
    verdict: Verdict | None


def track(api: SendsayApi, ids: Iterable[str]) -> dict[str, TrackedStatus]:
    """Ask for each id. One of which nothing sensible is said is left out. Raises CallFailed."""
    found: dict[str, TrackedStatus] = {}
    with connection_to(api.client) as connection:
        for one in ids:
            request = {"action": "track.get", "id": one}
            answer = api.call(request, connection.post, connection.post)
            if (statuses := _parse_status(answer)) is not None:
                found[one] = statuses
    return found


def _parse_status(answer: HttpResponse) -> TrackedStatus | None:
    """A status that is not known counts as taken on."""
    body = json_object(answer) if answer.status == 200 else None
    status_object = (body or {}).get("obj")
    status = status_object.get("status") if isinstance(status_object, dict) else None
    try:
        number = int(str(status))
    except ValueError:
        return None
    return TrackedStatus(number, STATUSES.get(number))


class SendsayTracker(Tracker):
    """Letters of one account."""

    source = "sendsay"
    prefix = "track.id="

    def __init__(self, account: SendingAccount) -> None:
        self._api = api_of(account)

    def track(self, addresses: Mapping[str, str]) -> dict[str, Tracked]:
        return {name: _tracked(found) for name, found in track(self._api, addresses).items()}


def _tracked(found: TrackedStatus) -> Tracked:
    if found.verdict is None:
        return Tracked()
    event = "sent" if found.verdict is Verdict.SENT else "failed"
    return Tracked(event, coded("sendsay_status", found.status))


def tracker_of(account: SendingAccount) -> Tracker:
    """Asks about the account's letters."""
    return SendsayTracker(account)
