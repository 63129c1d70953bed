"""Whether an account works: the provider is asked what is left on it, where it can be asked."""

from __future__ import annotations

from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels.http.account import check_connection, client_of, connection_to
from apps.delivery.channels.http.channel import json_object
from apps.delivery.channels.http.client import CallFailed, HttpResponse
from apps.delivery.channels.sms.calls import ready, secrets_of, value_at, values_of
from apps.delivery.channels.sms.record import Check, RecordWrong, record_of
from apps.delivery.sending_account import SendingAccount


def check(account: SendingAccount) -> Response:
    """Connect, and ask for the balance. Empty: the provider knows the account."""
    try:
        asked = record_of(account.provider, account.record).check
    except RecordWrong as error:
        return coded("record_wrong", error)
    if asked is None:
        return check_connection(account)
    with connection_to(client_of(account, {})) as connection:
        try:
            answer = ready(asked, values_of(account)).by(connection)
        except CallFailed as failed:
            return failed.response
    return _wrong(asked, answer, account)


def _wrong(asked: Check, answer: HttpResponse, account: SendingAccount) -> Response:
    """What the answer says was wrong; nothing when it was right."""
    if answer.status in asked.statuses:
        return NOTHING
    found = json_object(answer)
    code = value_at(found, asked.answer.code, {})
    accepted = code in asked.answer.ok if asked.answer.ok else not code
    known = value_at(found, asked.balance, {}) if asked.balance else "-"
    if answer.status == 200 and found is not None and accepted and known:
        return NOTHING
    reply = value_at(found, asked.answer.text, {})
    if not reply:
        return with_code(answer.status, coded("no_json") if found is None else NOTHING)
    for secret in secrets_of(account):
        reply = reply.replace(secret, "***")
    return with_code(_number(code) or answer.status, foreign(reply[:200]))


def _number(code: str) -> int:
    return int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0
