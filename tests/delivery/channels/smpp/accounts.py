"""An account at a message centre of this machine, as tests declare it."""

from __future__ import annotations

from typing import Any, Final

from apps.core.contracts import Letter
from apps.delivery.accounts import declaration
from apps.delivery.sending_account import SendingAccount
from config.account_settings import AccountSettings
from tests.delivery.channels.smpp.centre import SmppCentre

PHONE: Final = "79161234567"
KEYS: Final = {"username": "vestnik", "password": "secret08", "sender": "Shop"}


def account(centre: SmppCentre | int, **more: Any) -> SendingAccount:
    """An account without encryption whose window is four."""
    port = centre if isinstance(centre, int) else centre.port
    given = {"host": "127.0.0.1", "port": port, "security": "none", "max_connections": 4}
    rules = {**given, **KEYS, "timeout": 30, **more}
    return declaration("texts", AccountSettings(kind="smpp", **rules))


def letters(count: int, text: str = "Hello") -> list[Letter]:
    return [letter(number, text) for number in range(1, count + 1)]


def letter(number: int, text: str = "Hello", phone: str = "") -> Letter:
    return Letter(number, "", phone or f"7916{number:07d}", text.encode())
