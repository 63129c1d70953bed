"""Calls of the Bot API beside sending. No message holds the token, not even an error."""

from __future__ import annotations

from typing import Any, Final

from apps.core.responses.stored import Response, coded, foreign
from apps.delivery.channels.http.channel import JSON, as_json, json_object
from apps.delivery.channels.http.client import Client, Connection, Timeouts
from apps.delivery.channels.telegram.channel import API

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
        self._connection = Connection(Client(url or API, timeouts, {}, most=_MOST))
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
