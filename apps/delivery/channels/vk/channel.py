"""Messages of a community to those who allow them. VK answers 200 whatever it says."""

from __future__ import annotations

import re
from typing import Any, Final

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded, foreign
from apps.delivery.channels.http.account import client_of, http_options
from apps.delivery.channels.http.channel import (
    GuardedRequest,
    HttpChannel,
    HttpOptions,
    json_object,
)
from apps.delivery.channels.http.client import Client, HttpResponse
from apps.delivery.channels.vk.community import FORM, SEND, form
from apps.delivery.channels.vk.errors import WAITS, Meaning, meaning_of
from apps.delivery.sending_account import SendingAccount

_PERSON = re.compile(r"[1-9]\d{0,18}", re.ASCII)
#: ``random_id`` is a positive int32.
_RANDOM_IDS: Final = 2**31 - 1


class VkChannel(HttpChannel):
    """One call per letter; the token is in the body of every call, and in no address."""

    def __init__(self, client: Client, token: str, guard: Guard, options: HttpOptions) -> None:
        super().__init__(client, guard, options)
        self._token = token

    def deliver(self, letter: Letter, request: GuardedRequest) -> Outcome:
        if not _PERSON.fullmatch(letter.address):
            return Outcome(letter.delivery_id, Verdict.FAILED, response=coded("no_person"))
        fields = {
            "user_id": letter.address,
            "random_id": str(letter.delivery_id % _RANDOM_IDS + 1),
            "message": letter.body.decode(),
        }
        answer = request(SEND, form(self._token, fields), FORM)
        if answer.status != 200:
            return self.by_status(letter, answer)
        found = json_object(answer) or {}
        if isinstance(error := found.get("error"), dict):
            return self._rejected(letter, answer, error)
        if type(number := found.get("response")) is int and number > 0:
            text = foreign(f"message_id={number}")
            return Outcome(letter.delivery_id, Verdict.SENT, answer.status, text)
        return self.response_lost(letter, answer.status, self.reply_text(answer))

    def is_personal(self, outcome: Outcome) -> bool:
        return outcome.gone or meaning_of(outcome.code) is Meaning.PERSON or not outcome.code

    def _rejected(self, letter: Letter, answer: HttpResponse, error: dict[str, Any]) -> Outcome:
        code = error.get("error_code")
        if type(code) is not int or code <= 0:
            return self.response_lost(letter, answer.status, self.reply_text(answer))
        number, meaning = letter.delivery_id, meaning_of(code)
        text = foreign(str(error.get("error_msg", ""))[:500])
        if meaning is Meaning.ACCOUNT:
            return Outcome(number, Verdict.UNSENT, code, text, blame=Blame.ACCOUNT)
        if meaning is Meaning.LATER:
            return Outcome(number, Verdict.RETRY, code, text, wait=WAITS[code])
        if meaning is Meaning.SERVICE:
            return self.response_lost(letter, code, text)
        return Outcome(number, Verdict.FAILED, code, text, gone=meaning is Meaning.GONE)


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return VkChannel(client_of(account, {}), account.token, guard, http_options(account))
