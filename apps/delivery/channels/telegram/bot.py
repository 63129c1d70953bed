"""Calls of the Bot API beside sending. No message holds the token, not even an error."""

from __future__ import annotations

from typing import Any, Final

from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels import telegram
from apps.delivery.channels.http.account import connection_to, timeouts_of
from apps.delivery.channels.http.channel import JSON, as_json, json_object
from apps.delivery.channels.http.client import CallFailed, Client, Connection, Timeouts
from apps.delivery.sending_account import SendingAccount

#: A hundred updates with long texts.
_MOST: Final = 4_000_000


class BotRefused(Exception):
    """The Bot API said no. ``code`` is its error code."""

    def __init__(self, code: int, response: Response) -> None:
        super().__init__(response)
        self.code, self.response = code, response


class Bot:
    """One bot; a long poll of ``hold`` seconds is waited for."""

    def __init__(self, url: str, token: str, *, hold: float = 0.0) -> None:
        timeouts = Timeouts(connect=10.0, read=hold + 15.0, total=hold + 30.0)
        self._connection = Connection(Client(url or telegram.KIND.url, timeouts, {}, most=_MOST))
        self._token = token

    def call(self, method: str, **params: Any) -> Any:
        """The result of a method. Raises BotRefused, CallFailed."""
        answer = self._connection.post(f"/bot{self._token}/{method}", as_json(params), JSON)
        found = json_object(answer) or {}
        if found.get("ok") is not True:
            text = foreign(str(found.get("description", "")).replace(self._token, "***")[:300])
            raise BotRefused(answer.status, text or coded("no_json"))
        return found.get("result")

    def close(self) -> None:
        self._connection.close()


def check(account: SendingAccount) -> Response:
    """``getMe``: which bot is this? (core.telegram.org/bots/api#getme)"""
    with connection_to(Client(account.url, timeouts_of(account), {})) as connection:
        try:
            answer = connection.post(f"/bot{account.token}/getMe", as_json({}), JSON)
        except CallFailed as failed:
            return failed.response
    found = json_object(answer) or {}
    if answer.status == 200 and found.get("ok") is True:
        return NOTHING
    return with_code(answer.status, foreign(str(found.get("description", ""))[:200]))
