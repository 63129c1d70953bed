"""Texts to phones through a send service: ``POST {URL}/send/{msgId}``, a token as bearer.

The message's id is the delivery's: the same over all tries, and never another's. Only HTTP 200 with
``"code": 0`` is a success.
"""

from __future__ import annotations

from apps.core.contracts import Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.http.account import http_options, timeouts_of
from apps.delivery.channels.http.channel import (
    JSON,
    GuardedRequest,
    HttpChannel,
    HttpOptions,
    as_json,
    json_object,
)
from apps.delivery.channels.http.client import Client, HttpResponse, Timeouts
from apps.delivery.sending_account import SendingAccount


class GatewayChannel(HttpChannel):
    """One call per letter, as many at a time as there are connections."""

    def __init__(
        self, url: str, token: str, guard: Guard, timeouts: Timeouts, options: HttpOptions
    ) -> None:
        client = Client(url, timeouts, {"Authorization": f"Bearer {token}"})
        super().__init__(client, guard, options)

    def deliver(self, letter: Letter, ask: GuardedRequest) -> Outcome:
        number = letter.delivery_id
        if not (letter.address.isascii() and letter.address.isdigit()):
            return Outcome(number, Verdict.FAILED, response=coded("no_phone"))
        text = letter.body.decode()
        body = as_json({"id": number, "phone": int(letter.address), "text": text})
        answer = ask(f"/send/{number}", body, JSON)
        return (
            self._outcome_of(letter, answer)
            if answer.status == 200
            else self.by_status(letter, answer)
        )

    def _outcome_of(self, letter: Letter, answer: HttpResponse) -> Outcome:
        """HTTP 200: yes, no, or nothing that this service would say."""
        found = json_object(answer)
        code = None if found is None else found.get("code")
        text = self.reply_text(answer)
        if type(code) is not int:  # a bool is no code
            return self.response_lost(letter, 200, coded("no_code", reply=text))
        if code == 0:
            return Outcome(letter.delivery_id, Verdict.SENT, 200, text)
        return Outcome(letter.delivery_id, Verdict.RETRY, 200, text)


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    timeouts, options = timeouts_of(account), http_options(account)
    return GatewayChannel(account.url, account.token, guard, timeouts, options)
