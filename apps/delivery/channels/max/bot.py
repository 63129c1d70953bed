"""Calls of the Bot API of MAX beside mailing: who the bot is, what people did, words to one."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels import max as max_messenger
from apps.delivery.channels.http.account import client_of, connection_to
from apps.delivery.channels.http.channel import JSON, as_json, json_object
from apps.delivery.channels.http.client import (
    CallFailed,
    Client,
    Connection,
    HttpResponse,
    Timeouts,
)
from apps.delivery.channels.max.inbound import UPDATES
from apps.delivery.sending_account import SendingAccount

#: A hundred updates with long texts.
_MOST: Final = 4_000_000


class MaxRefused(Exception):
    """The Bot API said no. ``code`` is the HTTP status."""

    def __init__(self, code: int, response: Response) -> None:
        super().__init__(response)
        self.code, self.response = code, response


class MaxBot:
    """One bot; a long poll of ``hold`` seconds is waited for. Every call raises CallFailed."""

    def __init__(self, url: str, token: str, *, ca_file: str = "", hold: float = 0.0) -> None:
        timeouts = Timeouts(connect=5.0, read=hold + 10.0, total=hold + 15.0)
        headers = {"Authorization": token}
        place = url or max_messenger.KIND.url
        client = Client(place, timeouts, headers, most=_MOST, ca_file=ca_file)
        self._connection, self._token = Connection(client), token

    def updates(self, marker: int | None, *, hold: int) -> tuple[list[Any], int | None]:
        """What happened since ``marker``, and the marker to go on from. Raises MaxRefused."""
        asked = {"limit": "100", "timeout": str(hold), "types": ",".join(UPDATES)}
        if marker is not None:
            asked["marker"] = str(marker)
        found = self._read(self._connection.ask(f"/updates?{urlencode(asked)}"))
        rows, after = found.get("updates"), found.get("marker")
        return rows if isinstance(rows, list) else [], after if type(after) is int else marker

    def webhooks(self) -> list[str]:
        """The addresses that MAX calls. Raises MaxRefused."""
        rows = self._read(self._connection.ask("/subscriptions")).get("subscriptions")
        found = [one.get("url") for one in rows or () if isinstance(one, dict)]
        return [one for one in found if isinstance(one, str)]

    def subscribe(self, url: str, secret: str) -> None:
        """Have MAX call this address. Raises MaxRefused."""
        body = as_json({"url": url, "update_types": list(UPDATES), "secret": secret})
        self._read(self._connection.post("/subscriptions", body, JSON))

    def unsubscribe(self, url: str) -> None:
        """Have it called no more. Raises MaxRefused."""
        path = f"/subscriptions?url={quote(url, safe='')}"
        self._read(self._connection.ask(path, method="DELETE"))

    def say(self, person: int, text: str) -> None:
        """A few words to one who has started the bot. Raises MaxRefused."""
        body = as_json({"text": text, "attachments": None, "link": None})
        self._read(self._connection.post(f"/messages?user_id={person}", body, JSON))

    def close(self) -> None:
        self._connection.close()

    def _read(self, answer: HttpResponse) -> dict[str, Any]:
        found = json_object(answer)
        if answer.status == 200 and found is not None and found.get("success") is not False:
            return found
        text = str((found or {}).get("message", "")).replace(self._token, "***")[:300]
        raise MaxRefused(answer.status, foreign(text) or coded("no_json"))


def check(account: SendingAccount) -> Response:
    """``GET /me``: which bot is this?"""
    with connection_to(client_of(account, {"Authorization": account.token})) as connection:
        try:
            answer = connection.ask("/me")
        except CallFailed as failed:
            return failed.response
    found = json_object(answer) or {}
    if answer.status == 200 and type(found.get("user_id")) is int:
        return NOTHING
    text = str(found.get("message", "")).replace(account.token, "***")
    return with_code(answer.status, foreign(text[:200]))
