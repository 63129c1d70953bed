"""Events as plain JSON, for whatever has no adapter of its own: a gateway, a script, a relay.

Header ``X-Timestamp``: seconds since 1970; ``X-Signature``: the hexadecimal HMAC-SHA256 of the
timestamp, a dot and the body, with HOOK_GENERIC_KEY. docs/feedback.md has the fields.
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from apps.core.responses.stored import foreign
from apps.feedback.hooks.signatures import HookRefused, check_age, same
from apps.feedback.models import Event
from apps.feedback.tracking_event import TrackingEvent, code_in, event_id, plain, status_in

SOURCE: Final = "generic"
#: The most events in one call.
MOST: Final = 200


def read(request: HttpRequest, now: datetime) -> list[TrackingEvent]:
    """The events of a call that is genuine. Raises HookRefused."""
    timestamp = request.headers.get("X-Timestamp", "")
    signed = timestamp.encode("utf-8", "replace") + b"." + request.body
    expected = hmac.new(settings.HOOK_GENERIC_KEY.encode(), signed, "sha256").hexdigest()
    if not same(request.headers.get("X-Signature", "").lower(), expected):
        raise HookRefused(403, "signature")
    check_age(timestamp, now)
    return [_tracking_event(item) for item in _items(request.body)]


def _items(body: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise HookRefused(400, "no JSON") from None
    items = found.get("events", [found]) if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise HookRefused(400, "not a list of events")
    if len(items) > MOST:
        raise HookRefused(400, f"more than {MOST} events")
    return items


def _tracking_event(item: dict[str, Any]) -> TrackingEvent:
    kind = plain(item.get("event"))
    if kind not in Event.Kind.values:
        raise HookRefused(400, "event must be one of: " + ", ".join(Event.Kind.values))
    number = item.get("delivery")
    text = plain(item.get("description"))
    message_id, recipient = plain(item.get("message_id")), plain(item.get("recipient"))
    name = plain(item.get("event_id"))
    parts = [name] if name else [kind, number, message_id, recipient, item.get("timestamp")]
    return TrackingEvent(
        source=SOURCE,
        event_id=event_id(*parts),
        kind=kind,
        sealed=number if type(number) is int and 0 < number < 2**63 else None,
        trusted=True,
        message_id=message_id,
        recipient=recipient,
        status=status_in(plain(item.get("status"))) or status_in(text),
        code=code_in(text),
        reason=plain(item.get("reason"), 40),
        words=foreign(text),
        happened_at=_time(item.get("timestamp")),
        url=plain(item.get("url"), 2000),
        user_agent=plain(item.get("user_agent")),
    )


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
