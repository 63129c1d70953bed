"""Accounts of the known providers, as tests declare them, and answers as their documents show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.delivery.accounts import declaration
from apps.delivery.sending_account import SendingAccount
from config.account_settings import AccountSettings

TOKEN: Final = "t0ken-of-the-account"
PASSWORD: Final = "pa55word"
#: ``AC1:pa55word`` in base64.
BASIC: Final = "QUMxOnBhNTV3b3Jk"
PHONE: Final = "79161234567"
_KEYS: Final = {"username": "AC1", "password": PASSWORD}
KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "exolve": {"token": TOKEN, "sender": "Shop"},
    "sigmasms": {"token": TOKEN, "sender": "Shop"},
    "smsaero": {**_KEYS, "sender": "Shop"},
    "smsc": {**_KEYS, "sender": "Shop"},
    "smsru": {"token": TOKEN, "sender": "Shop"},
    "twilio": {**_KEYS, "sender": "+15557122661"},
    "vonage": {**_KEYS, "sender": "Shop"},
}


def account(provider: str, url: str = "", **more: Any) -> SendingAccount:
    """An account of this provider, or of another address."""
    given = {**KEYS[provider], "url": url, **more}
    return declaration("texts", AccountSettings(kind="sms", provider=provider, **given))


#: What a provider answers to a message that it takes.
YES: Final[Mapping[str, tuple[int, Any]]] = {
    "exolve": (200, {"message_id": "439166538239448536", "template_resource_id": 136519}),
    "sigmasms": (
        200,
        {
            "id": "c81736cd-2919-4e6f-ac91-41bbd99fa085",
            "recipient": "+79161234567",
            "status": "pending",
            "error": None,
        },
    ),
    "smsaero": (
        200,
        {
            "success": True,
            "data": {"id": 1, "from": "Shop", "number": PHONE, "status": 0, "cost": 3.69},
            "message": None,
        },
    ),
    "smsc": (200, {"id": 1, "cnt": 1}),
    "smsru": (
        200,
        {
            "status": "OK",
            "status_code": 100,
            "sms": {PHONE: {"status": "OK", "status_code": 100, "sms_id": "000000-10000000"}},
            "balance": 10,
        },
    ),
    "twilio": (
        201,
        {"sid": "SM" + "a" * 32, "status": "queued", "error_code": None, "num_segments": "1"},
    ),
    "vonage": (
        200,
        {
            "message-count": "1",
            "messages": [
                {
                    "to": PHONE,
                    "message-id": "0C000000217B7F02",
                    "status": "0",
                    "remaining-balance": "15.53590000",
                    "message-price": "0.03330000",
                    "network": "23410",
                }
            ],
        },
    ),
}
#: The ids in these answers.
IDS: Final = {
    "exolve": "439166538239448536",
    "sigmasms": "c81736cd-2919-4e6f-ac91-41bbd99fa085",
    "smsaero": "1",
    "smsc": "1",
    "smsru": "000000-10000000",
    "twilio": "SM" + "a" * 32,
    "vonage": "0C000000217B7F02",
}
