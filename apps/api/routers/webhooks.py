"""`/api/webhooks/`. The answers that hold a secret must not be kept for an Idempotency-Key."""

from typing import Any

from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, answers
from apps.api.schemas.webhooks import WebhookCallOut, WebhookIn, WebhookOut, WebhookRevealed
from apps.api.webhooks import services
from apps.api.webhooks.models import Webhook, WebhookCall
from apps.core.permissions import editable_or_403, visible_or_404

router = Router(tags=["Webhooks"])


@router.get("/", response=answers({200: Page[WebhookOut]}), summary="List webhooks")
def list_webhooks(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own; for managers everybody's. Never with their secrets."""
    return page_of(Webhook.objects.visible_to(request.auth.user), page)


@router.post("/", response=answers({201: WebhookRevealed}, 400, 409), summary="Make a webhook")
def make_webhook(request: ApiRequest, given: WebhookIn) -> Status[services.Revealed]:
    """From now on it receives events. Keep the secret: it is shown only here."""
    now = timezone.now()
    return Status(201, services.register(owner=request.auth.user, now=now, **given.dict()))


@router.get("/{int:pk}/", response=answers({200: WebhookOut}, 404), summary="One webhook")
def get_webhook(request: ApiRequest, pk: int) -> Webhook:
    return visible_or_404(Webhook.objects.all(), request.auth.user, pk=pk)


@router.delete("/{int:pk}/", response={204: None, **answers({}, 404)}, summary="Remove the webhook")
def remove_webhook(request: ApiRequest, pk: int) -> Status[None]:
    """It receives nothing more, and its log is deleted."""
    services.remove(webhook=editable_or_403(Webhook.objects.all(), request.auth.user, pk=pk))
    return Status(204, None)


@router.post(
    "/{int:pk}/rotate/",
    response=answers({200: WebhookRevealed}, 404),
    summary="Give it another secret",
)
def rotate_webhook_secret(request: ApiRequest, pk: int) -> services.Revealed:
    """For 24 hours every call is signed with both, the old one and the new one."""
    webhook = editable_or_403(Webhook.objects.all(), request.auth.user, pk=pk)
    return services.rotate(webhook=webhook, now=timezone.now())


@router.get(
    "/{int:pk}/calls/", response=answers({200: Page[WebhookCallOut]}, 404), summary="Its log"
)
def list_webhook_calls(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """Newest first: the last 100 that were delivered, and what waits."""
    webhook = visible_or_404(Webhook.objects.all(), request.auth.user, pk=pk)
    return page_of(webhook.calls.all(), page)


@router.post(
    "/{int:pk}/calls/{int:call_pk}/again/",
    response={204: None, **answers({}, 404)},
    summary="Send a call again",
)
def send_webhook_call_again(request: ApiRequest, pk: int, call_pk: int) -> Status[None]:
    """Within seconds, with the same id. A paused webhook is back in service."""
    rows = WebhookCall.objects.filter(webhook=pk)
    call = editable_or_403(rows, request.auth.user, pk=call_pk)
    services.send_again(call=call, now=timezone.now())
    return Status(204, None)
