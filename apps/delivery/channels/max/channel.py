"""Messages of a bot to those who have started it, through the Bot API of MAX."""

from __future__ import annotations

import re
from typing import Any, Final

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded, foreign
from apps.delivery.channels.http.account import client_of, http_options
from apps.delivery.channels.http.channel import (
    JSON,
    GuardedRequest,
    HttpChannel,
    as_json,
    json_object,
)
from apps.delivery.channels.http.client import HttpResponse
from apps.delivery.sending_account import SendingAccount

_PERSON = re.compile(r"[1-9]\d{0,18}", re.ASCII)
#: The person has stopped the bot, or closed the chat with it.
GONE: Final = frozenset({"chat.denied", "error.dialog.suspended"})
#: Nobody is to be found under the number; a refusal of this one recipient.
UNKNOWN_PERSON: Final = frozenset({"dialog.not.found", "chat.not.found", "user.not.found"})
#: MAX has not made the attachment ready yet.
NOT_READY: Final = "attachment.not.ready"


class MaxChannel(HttpChannel):
    """One call per letter. The token goes in a header of every call, and is in no address."""

    def deliver(self, letter: Letter, request: GuardedRequest) -> Outcome:
        if not _PERSON.fullmatch(letter.address):
            return Outcome(letter.delivery_id, Verdict.FAILED, response=coded("no_person"))
        body = {"text": letter.body.decode(), "attachments": None, "link": None, "format": "html"}
        answer = request(f"/messages?user_id={letter.address}", as_json(body), JSON)
        found = json_object(answer)
        if answer.status == 200:
            return self._accepted(letter, answer, found or {})
        if found is None or not isinstance(found.get("code"), str):
            return self._unreadable(letter, answer)
        return self._rejected(letter, answer, found["code"])

    def is_personal(self, outcome: Outcome) -> bool:
        return outcome.code in (0, 404)

    def _accepted(self, letter: Letter, answer: HttpResponse, found: dict[str, Any]) -> Outcome:
        message = found.get("message")
        body = message.get("body") if isinstance(message, dict) else None
        number = body.get("mid") if isinstance(body, dict) else None
        if not isinstance(number, str) or not number:
            return self.response_lost(letter, answer.status, self.reply_text(answer))
        text = foreign(f"mid={number[:200]}")
        return Outcome(letter.delivery_id, Verdict.SENT, answer.status, text)

    def _rejected(self, letter: Letter, answer: HttpResponse, code: str) -> Outcome:
        number, status, text = letter.delivery_id, answer.status, self.reply_text(answer)
        if status == 403 and any(word in answer.body.decode("utf-8", "replace") for word in GONE):
            return Outcome(number, Verdict.FAILED, status, text, gone=True)
        if status == 404 or (status == 403 and code in UNKNOWN_PERSON):
            return Outcome(number, Verdict.FAILED, status, text)
        if status == 400 and code == NOT_READY:
            return Outcome(number, Verdict.RETRY, status, text)
        return self.by_status(letter, answer)

    def _unreadable(self, letter: Letter, answer: HttpResponse) -> Outcome:
        """Not a reply of the Bot API: something stands in between, or the URL is wrong."""
        if answer.status in (400, 404, 405):
            text = coded("no_bot_api", reply=self.reply_text(answer))
            number, status = letter.delivery_id, answer.status
            return Outcome(number, Verdict.UNSENT, status, text, blame=Blame.NETWORK)
        return self.by_status(letter, answer)


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    client = client_of(account, {"Authorization": account.token})
    return MaxChannel(client, guard, http_options(account))
