"""Telegram's webhook, and the page on which a recipient is given a link to the bot."""

from __future__ import annotations

import io
import json
from typing import Any

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.feedback.services import telegram
from apps.feedback.views.hooks import is_too_large
from apps.mailings.models import Recipient


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class TelegramHook(View):
    """Updates of one bot. The answer may carry the bot's words to the person (Bot API)."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        account = _bot_of(secret)
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if account is None:
            raise Http404
        if not telegram.is_header_secret(given, account):
            return HttpResponse(status=403)
        if is_too_large(request):
            return HttpResponse(status=413)
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            return HttpResponse(status=400)
        text = telegram.take_update(account=account, update=update, now=timezone.now())
        if text is None:
            return HttpResponse()
        return JsonResponse({"method": "sendMessage", "chat_id": text[0], "text": text[1]})


def _bot_of(secret: str) -> str | None:
    """The account whose address this is. All are compared, whichever it is."""
    names = [name for name, account in settings.ACCOUNTS.items() if account.kind == "telegram"]
    found = [name for name in names if telegram.is_path_secret(secret, name)]
    return found[0] if found else None


def recipients() -> OwnedQuerySet[Recipient]:
    return Recipient.objects.filter(archived_at=None)


class TelegramPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """The link to the bot and its picture; POST makes a new one. Only for one's own recipients."""

    template_name = "feedback/telegram.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.editable_or_403(recipients(), pk=self.kwargs["pk"])
        link = telegram.open_link(recipient=recipient, now=timezone.now())
        return super().get_context_data(
            recipient=recipient,
            link=link,
            address=telegram.address_of(link) if link else "",
            bots=telegram.bots(),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.editable_or_403(recipients(), pk=pk)
        account = request.POST.get("account", "") or next(iter(telegram.bots()), "")
        try:
            telegram.make_link(recipient=recipient, account=account, now=timezone.now())
        except Refused:
            raise Http404 from None  # the page shows no such button
        return redirect("feedback:telegram", pk=pk)


class TelegramPicture(OwnerFilterMixin, View):
    """The link as a QR code, to be shown to a telephone."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.editable_or_403(recipients(), pk=pk)
        link = telegram.open_link(recipient=recipient, now=timezone.now())
        if link is None:
            raise Http404
        picture = io.BytesIO()
        code = segno.make(telegram.address_of(link), micro=False)
        code.save(picture, kind="svg", scale=6, border=4, dark="#000", light="#fff")
        response = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
        response["Cache-Control"] = "private, no-store"
        return response
