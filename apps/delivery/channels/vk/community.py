"""Calls of a community beside mailing: does its token work, and words to one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels import vk
from apps.delivery.channels.http.account import client_of, connection_to
from apps.delivery.channels.http.channel import json_object
from apps.delivery.channels.http.client import CallFailed, Client, HttpResponse, Timeouts
from apps.delivery.sending_account import SendingAccount

#: The version of the API whose answers are read here.
VERSION: Final = "5.199"
FORM: Final = "application/x-www-form-urlencoded"
SEND: Final = "/method/messages.send"
_ASK: Final = "/method/groups.getById"


class VkRefused(Exception):
    """VK said no."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


def form(token: str, fields: Mapping[str, str]) -> bytes:
    """The body of a call."""
    return urlencode({**fields, "access_token": token, "v": VERSION}).encode()


def say(url: str, token: str, ca_file: str, *, person: int, text: str, random_id: int) -> None:
    """A few words to one who allows messages. Raises CallFailed, VkRefused."""
    timeouts = Timeouts(connect=5.0, read=10.0, total=15.0)
    fields = {"user_id": str(person), "random_id": str(random_id), "message": text}
    with connection_to(Client(url or vk.KIND.url, timeouts, {}, ca_file=ca_file)) as connection:
        answer = connection.post(SEND, form(token, fields), FORM)
    if wrong := _wrong(answer, token):
        raise VkRefused(wrong)


def check(account: SendingAccount) -> Response:
    """``groups.getById`` without a number: whose token is this?"""
    with connection_to(client_of(account, {})) as connection:
        try:
            answer = connection.post(_ASK, form(account.token, {}), FORM)
        except CallFailed as failed:
            return failed.response
    return _wrong(answer, account.token)


def _wrong(answer: HttpResponse, token: str) -> Response:
    """What the answer says was wrong; nothing when it was right."""
    found = json_object(answer) or {}
    if answer.status == 200 and "response" in found:
        return NOTHING
    error = found.get("error")
    if not isinstance(error, dict):
        return with_code(answer.status, coded("no_json"))
    code, text = error.get("error_code"), str(error.get("error_msg", ""))
    shown = foreign(text.replace(token, "***")[:200])
    return with_code(code if type(code) is int else answer.status, shown)
