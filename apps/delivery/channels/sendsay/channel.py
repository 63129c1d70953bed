"""Email through Sendsay: ``issue.send`` to one person at a time.

An HTTP 200 alone says nothing: errors come inside it. A letter that was taken on has a
``track.id``, which is kept in the attempt; ``tracking.track`` asks by it what became of the letter.
"""

from __future__ import annotations

import base64
import json
import re

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded, foreign
from apps.delivery.channels.http.account import http_options
from apps.delivery.channels.http.channel import (
    GuardedRequest,
    HttpChannel,
    HttpOptions,
    json_object,
)
from apps.delivery.channels.http.client import HttpResponse
from apps.delivery.channels.sendsay.api import SendsayApi, api_of, errors_of
from apps.delivery.sending_account import SendingAccount

_OF_THE_ACCOUNT = re.compile(r"auth|access|apikey|session|forbidden|login|rights", re.I)
_LATER = re.compile(r"limit|busy|overload|too_many|temporar", re.I)
_OF_THE_ADDRESS = re.compile(r"email|member|address", re.I)


class SendsayChannel(HttpChannel):
    """One call per letter."""

    def __init__(self, api: SendsayApi, guard: Guard, options: HttpOptions) -> None:
        super().__init__(api.client, guard, options)
        self._api = api
        self._encoded: dict[tuple[str, str, bytes], str] = {}

    def deliver(self, letter: Letter, ask: GuardedRequest) -> Outcome:
        written = json.loads(letter.body)
        files = [(file[0], self._base64(file)) for file in letter.attachments]
        files += [(name, _encoded(data)) for name, _type, data in letter.personal]
        if files:
            written["attaches"] = [
                {"name": name, "content": content, "encoding": "base64"} for name, content in files
            ]
        request = {
            "action": "issue.send",
            "group": "personal",
            "email": letter.address,
            "sendwhen": "now",
            "letter": written,
        }
        answer = self._api.call(request, ask, ask.unguarded)
        return (
            self._outcome_of(letter, answer)
            if answer.status == 200
            else self.by_status(letter, answer)
        )

    def is_personal(self, outcome: Outcome) -> bool:
        return outcome.code == 200 and _OF_THE_ADDRESS.search(outcome.response) is not None

    def _base64(self, file: tuple[str, str, bytes]) -> str:
        if file not in self._encoded:
            self._encoded[file] = _encoded(file[2])
        return self._encoded[file]

    def _outcome_of(self, letter: Letter, answer: HttpResponse) -> Outcome:
        """HTTP 200: taken on, refused, or nothing that Sendsay would say."""
        if errors := errors_of(answer):
            return self._rejected(letter, errors)
        found = json_object(answer) or {}
        track = found.get("track.id")
        if isinstance(track, bool) or not isinstance(track, (int, str)) or track == "":
            return self.response_lost(letter, 200, coded("no_track", reply=self.reply_text(answer)))
        return Outcome(letter.delivery_id, Verdict.SENT, 200, foreign(f"track.id={track}"))

    def _rejected(self, letter: Letter, errors: list[tuple[str, str]]) -> Outcome:
        text = foreign("; ".join(" ".join(filter(None, error)) for error in errors))
        names = " ".join(name for name, _ in errors)
        number = letter.delivery_id
        if _OF_THE_ACCOUNT.search(names):
            return Outcome(number, Verdict.UNSENT, 200, text, blame=Blame.ACCOUNT)
        if _LATER.search(names):
            return Outcome(number, Verdict.RETRY, 200, text)
        return Outcome(number, Verdict.FAILED, 200, text)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return SendsayChannel(api_of(account), guard, http_options(account))
