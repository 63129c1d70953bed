"""Reports of providers of text messages, read by their records (apps/delivery/channels/sms).

The secret in the address names the account; a provider that signs its calls has to prove itself as
well. A report names our delivery, and means something only if that went by this account.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from apps.delivery.channels.sms.calls import value_at
from apps.delivery.channels.sms.record import Hook, RecordWrong, record_of
from apps.delivery.channels.sms.tracking import tracked
from apps.feedback.hooks.signatures import HookRefused, same
from apps.feedback.tracking_event import TrackingEvent, event_id, plain

SOURCE: Final = "sms"
_TWILIO: Final = "X-Twilio-Signature"


def hook_of(name: str) -> Hook | None:
    """What the account's provider reports; None: it does not call us."""
    account = settings.ACCOUNTS[name]
    try:
        return record_of(account.provider, account.record).hook
    except RecordWrong:
        return None


def read(hook: Hook, request: HttpRequest, name: str) -> TrackingEvent | None:
    """What a genuine call says; None: nothing that is final. Raises HookRefused."""
    if hook.signed == "twilio":
        _check_twilio(request, settings.ACCOUNTS[name].password)
    found = _fields(request)
    number = value_at(found, hook.delivery, {})
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise HookRefused(400, "no delivery")
    status = value_at(found, hook.status, {})
    reason = value_at(found, hook.reason, {})
    said = tracked(hook, status, reason)
    if not said.event:
        return None
    remote = plain(value_at(found, hook.id, {}), 100)
    return TrackingEvent(
        source=SOURCE,
        event_id=event_id(name, number, remote, status),
        kind=said.event,
        sealed=int(number),
        trusted=True,
        message_id=remote,
        reason="invalid" if said.gone else "",
        words=said.words,
    )


def _fields(request: HttpRequest) -> dict[str, Any]:
    """What stands behind the question mark, and what is posted, as JSON or as a form."""
    found: dict[str, Any] = request.GET.dict()
    if request.content_type != "application/json":
        return {**found, **request.POST.dict()}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise HookRefused(400, "no JSON") from None
    if not isinstance(body, dict):
        raise HookRefused(400, "no object")
    return {**found, **body}


def _check_twilio(request: HttpRequest, key: str) -> None:
    """HMAC-SHA1 of the address, as it was given to Twilio, and of the sorted fields."""
    signed = settings.SITE_URL.rstrip("/") + request.get_full_path()
    for name in sorted(request.POST):
        signed += name + "".join(sorted(set(request.POST.getlist(name))))
    expected = base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()
    if not same(request.headers.get(_TWILIO, ""), expected):
        raise HookRefused(403, "signature")
