"""Providers whose events django-anymail knows: it takes them apart, what is believed is ours.

Postmark has no signature: basic auth (besides the secret in the address). Mailgun signs; an old
signature is not believed. Amazon SES comes through SNS: signed by Amazon, and only from topics that
``.env`` names; of the addresses in a message only that of Amazon's own certificate is ever opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest

from apps.feedback.hooks import sns
from apps.feedback.hooks.verifying import HookRefused, check_age, same
from apps.feedback.report import Report, code_in, event_id, plain, status_in
from apps.feedback.traces import message_id_in, sealed_in

try:
    from anymail.exceptions import AnymailError
    from anymail.utils import get_request_basic_auth
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
    from anymail.webhooks.mailgun import MailgunTrackingWebhookView
    from anymail.webhooks.postmark import PostmarkTrackingWebhookView
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

log = structlog.get_logger(__name__)

POSTMARK, MAILGUN, SES = "postmark", "mailgun", "amazon_ses"


def read(provider: str, request: HttpRequest, now: datetime) -> list[Report]:
    """The events of a call that is genuine. Raises HookRefused."""
    try:
        return [_report(provider, event) for event in _READERS[provider](request, now)]
    except SuspiciousOperation as error:  # anymail's word for a wrong signature
        raise HookRefused(403, "signature") from error
    except (
        AnymailError,
        ImproperlyConfigured,  # news that belongs to another of anymail's doors
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        raise HookRefused(400, type(error).__name__) from error


def _postmark(request: HttpRequest, now: datetime) -> list[Any]:
    if not same(get_request_basic_auth(request) or "", settings.HOOK_POSTMARK_LOGIN):
        raise HookRefused(403, "basic auth")
    view = PostmarkTrackingWebhookView.__new__(PostmarkTrackingWebhookView)
    return [view.esp_to_anymail_event(json.loads(request.body))]


def _mailgun(request: HttpRequest, now: datetime) -> list[Any]:
    view = MailgunTrackingWebhookView(webhook_signing_key=settings.HOOK_MAILGUN_KEY)
    view.run_validators(request)
    if request.content_type == "application/json":
        signed_at = json.loads(request.body)["signature"]["timestamp"]
    else:
        signed_at = request.POST["timestamp"]
    check_age(str(signed_at), now)
    found: list[Any] = view.parse_events(request)
    return found


def _ses(request: HttpRequest, now: datetime) -> list[Any]:
    body = json.loads(request.body)
    kind, topic = body["Type"], str(body["TopicArn"])
    if topic not in settings.HOOK_SES_TOPICS:
        raise HookRefused(403, "topic")
    if request.headers.get("X-Amz-Sns-Message-Type") != kind:
        raise HookRefused(403, "type")
    if request.headers.get("X-Amz-Sns-Message-Id") != body["MessageId"]:
        raise HookRefused(403, "id")
    sns.verify(body, now)
    if kind == sns.SUBSCRIPTION:
        _tell_subscription(topic, str(body.get("SubscribeURL", "")))
    if kind != sns.NOTIFICATION or not body["Message"].startswith("{"):
        return []
    # Its constructor asks for boto3, which only an automatic confirmation would need.
    view = AmazonSESTrackingWebhookView.__new__(AmazonSESTrackingWebhookView)
    found: list[Any] = view.esp_to_anymail_events(json.loads(body["Message"]), body)
    return found


def _tell_subscription(topic: str, url: str) -> None:
    """A person confirms a subscription; a stranger's address is not opened by this machine."""
    link = plain(url) if sns.is_amazons(url) else ""
    log.warning("sns_subscription", topic=topic, open_to_confirm=link)


def _report(provider: str, event: Any) -> Report:
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    headers = _headers(raw)
    words = plain(event.mta_response or event.description)
    recipient = plain(event.recipient).lower()
    named = plain(event.event_id)
    parts = [named] if named else [event.event_type, event.message_id, event.timestamp]
    status = status_in(_status(raw, recipient)) or status_in(words)
    return Report(
        source=provider,
        event_id=event_id(*parts, recipient),
        kind=plain(event.event_type),
        sealed=sealed_in(headers),
        trusted=True,
        message_id=message_id_in(headers) or plain(event.message_id),
        recipient=recipient,
        status=status,
        code=code_in(words),
        reason="invalid" if not status and _is_permanent(raw) else plain(event.reject_reason, 40),
        words=words,
        happened_at=event.timestamp,
    )


def _headers(raw: dict[str, Any]) -> str:
    """The original letter's headers, as far as the provider gives them back (SES)."""
    mail = raw.get("mail")
    listed = mail.get("headers") if isinstance(mail, dict) else None
    rows = [one for one in listed or [] if isinstance(one, dict)]
    return "\n".join(f"{one.get('name')}: {one.get('value')}" for one in rows)


def _status(raw: dict[str, Any], recipient: str) -> str:
    """The enhanced status where the provider has a field for it (SES, Mailgun)."""
    bounce = raw.get("bounce")
    for one in bounce.get("bouncedRecipients", []) if isinstance(bounce, dict) else []:
        if str(one.get("emailAddress", "")).lower() == recipient:
            return str(one.get("status", ""))
    data = raw.get("event-data")
    told = data.get("delivery-status") if isinstance(data, dict) else None
    return str(told.get("enhanced-code", "")) if isinstance(told, dict) else ""


def _is_permanent(raw: dict[str, Any]) -> bool:
    """Does the provider itself say that there is no such address?"""
    bounce = raw.get("bounce")
    ses = isinstance(bounce, dict) and bounce.get("bounceType") == "Permanent"
    return ses or (raw.get("RecordType") == "Bounce" and raw.get("Type") == "HardBounce")


_READERS: Final[Mapping[str, Callable[[HttpRequest, datetime], list[Any]]]] = {
    POSTMARK: _postmark,
    MAILGUN: _mailgun,
    SES: _ses,
}
