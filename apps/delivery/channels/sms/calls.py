"""Calls by a record: its placeholders filled in, and what stands in an answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

from apps.core.text.sms_parts import alphabet_of
from apps.delivery.channels.http.channel import JSON, as_json
from apps.delivery.channels.http.client import Connection, HttpResponse
from apps.delivery.channels.sms.record import PLACE, Call, Record
from apps.delivery.sending_account import SendingAccount

FORM: Final = "application/x-www-form-urlencoded"
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A call with everything filled in."""

    method: str
    path: str
    body: bytes
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def by(self, connection: Connection) -> HttpResponse:
        """Call without a guard: it carries no message. Raises CallFailed."""
        if self.method == "GET":
            return connection.ask(self.path, headers=self.headers)
        return connection.post(self.path, self.body, self.kind, headers=self.headers)


def values_of(account: SendingAccount) -> dict[str, str]:
    """What placeholders of the account stand for."""
    pair = f"{account.username}:{account.password}".encode()
    return {
        "token": account.token,
        "username": account.username,
        "password": account.password,
        "basic": base64.b64encode(pair).decode(),
        "sender": account.sender,
        "hook": account.report_url,
    }


def values_for(record: Record, address: str, text: str, delivery_id: int) -> dict[str, str]:
    """What placeholders of one message stand for."""
    alphabet = alphabet_of(text)
    return {
        "id": str(delivery_id),
        "phone": address,
        "e164": f"+{address}",
        "text": text,
        "alphabet": record.alphabets.get(alphabet, ""),
    }


def secrets_of(account: SendingAccount) -> tuple[str, ...]:
    """What must not be stored of an answer, in each form in which a call carries it."""
    values = values_of(account)
    names = ["token", "hook", *(["password", "basic"] if account.password else [])]
    found = [values[name] for name in names if values[name]]
    return tuple(dict.fromkeys([*found, *map(quote_plus, found), *map(quote, found)]))


def ready(call: Call, values: Values) -> Ready:
    """The call with these values; a field is left out when a value in it is empty."""
    path = _filled(call.path, {name: quote(value, safe="") for name, value in values.items()})
    headers = {name: _filled(value, values) for name, value in call.headers.items()}
    fields = _fields(call.fields, values)
    if call.format == "query":
        text = urlencode(fields)
        joint = "&" if "?" in path else "?"
        return Ready(call.method, f"{path}{joint}{text}" if text else path, b"", FORM, headers)
    if call.format == "json":
        return Ready(call.method, path, as_json(fields), JSON, headers)
    return Ready(call.method, path, urlencode(fields).encode(), FORM, headers)


def value_at(found: Any, places: tuple[str, ...], values: Values) -> str:
    """What stands at the first of these places that there is; empty when none is there."""
    for place in places:
        here = _at(found, place, values)
        if here is None or isinstance(here, (dict, list)):
            continue
        return str(here).lower() if isinstance(here, bool) else str(here).strip()
    return ""


def _at(found: Any, place: str, values: Values) -> Any:
    for name in place.split("."):
        name = _filled(name, values)
        if isinstance(found, list) and name.isascii() and name.isdigit():
            found = found[int(name)] if int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found


def _fields(fields: Any, values: Values) -> Any:
    """The same with values, without what is empty."""
    if isinstance(fields, Mapping):
        filled = {name: _fields(value, values) for name, value in fields.items()}
        return {name: value for name, value in filled.items() if value not in ("", {}, [])}
    if isinstance(fields, list | tuple):
        return [_fields(value, values) for value in fields]
    if not isinstance(fields, str):
        return fields
    number = re.fullmatch(r"\{([a-z0-9]+):int\}", fields)
    if number is not None:
        value = values.get(number[1], "")
        return int(value) if value.isascii() and value.isdigit() else value
    empty = any(not values.get(one[1]) for one in PLACE.finditer(fields))
    return "" if empty else _filled(fields, values)


def _filled(text: str, values: Values) -> str:
    """One pass: what a value holds is no placeholder."""
    return PLACE.sub(lambda one: values.get(one[1], ""), text) if "{" in text else text
