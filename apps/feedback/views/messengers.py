"""The webhooks of messengers, and the page on which a recipient is given a link to a bot."""

from __future__ import annotations

import io
import json
from typing import Any, Final

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

from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.delivery.channels.vk.inbound import CONFIRMATION
from apps.feedback.models import MessengerLink
from apps.feedback.services.messengers import answers, links, secrets, updates
from apps.feedback.services.messengers.kinds import KINDS
from apps.feedback.views.hooks import is_too_large
from apps.mailings.models import Channel, Recipient

#: Where a messenger says its secret in every call; VK says it in the body.
_HEADERS: Final = {
    Channel.TELEGRAM.value: "X-Telegram-Bot-Api-Secret-Token",
    Channel.MAX.value: "X-Max-Bot-Api-Secret",
}


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class MessengerHook(View):
    """Updates of one bot. The secret in the path says whose, another one that it is they."""

    http_method_names = ["post"]
    kind = ""

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        account = secrets.account_at(self.kind, secret)
        if account is None:
            raise Http404
        header = _HEADERS.get(self.kind, "")
        given = request.headers.get(header, "") if header else ""
        if header and not secrets.is_call_secret(given, self.kind, account):
            return HttpResponse(status=403)
        if is_too_large(request):
            return HttpResponse(status=413)
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            return HttpResponse(status=400)
        return self._taken(account, update)

    def _taken(self, account: str, update: Any) -> HttpResponse:
        said = updates.take_update(account=account, update=update, now=timezone.now())
        if self.kind == Channel.TELEGRAM:  # the answer may carry the bot's words (Bot API)
            method = {"method": "sendMessage"}
            body = {**method, "chat_id": said[0], "text": said[1]} if said else None
            return JsonResponse(body) if body else HttpResponse()
        if said:
            answers.say(account=account, person=said[0], text=said[1])
        return HttpResponse()


class VkHook(MessengerHook):
    """Events of a community. VK wants a plain ``ok``, and at first the confirmation string."""

    kind = Channel.VK.value

    def _taken(self, account: str, update: Any) -> HttpResponse:
        declared, found = settings.ACCOUNTS[account], update if isinstance(update, dict) else {}
        if found.get("type") == CONFIRMATION:
            mine = str(found.get("group_id", "")) == declared.username
            if not mine or not declared.confirmation:
                raise Http404
            return HttpResponse(declared.confirmation, content_type="text/plain")
        if not secrets.is_call_secret(str(found.get("secret", "")), self.kind, account):
            return HttpResponse(status=403)
        super()._taken(account, update)
        return HttpResponse("ok", content_type="text/plain")


def recipients() -> OwnedQuerySet[Recipient]:
    return Recipient.objects.filter(archived_at=None)


class MessengerPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """The link to the bot and its picture; POST makes a new one. Only for one's own recipients."""

    template_name = "feedback/messenger.html"
    kind = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.editable_or_403(recipients(), pk=self.kwargs["pk"])
        link = links.open_link(recipient=recipient, channel=self.kind, now=timezone.now())
        return super().get_context_data(
            recipient=recipient,
            kind=self.kind,
            title=Channel(self.kind).label,
            picture=f"feedback:{self.kind}_qr",
            number=getattr(recipient, KINDS[self.kind].field),
            link=link,
            address=links.address_of(link) if link else "",
            bots=links.bots([self.kind]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.editable_or_403(recipients(), pk=pk)
        mine = links.bots([self.kind])
        account = request.POST.get("account", "") or next(iter(mine), "")
        if account not in mine:
            raise Http404  # the page shows no such button
        links.make_link(recipient=recipient, account=account, now=timezone.now())
        return redirect(f"feedback:{self.kind}", pk=pk)


class MessengerPicture(OwnerFilterMixin, View):
    """The link as a QR code, to be shown to a telephone."""

    http_method_names = ["get"]
    kind = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.editable_or_403(recipients(), pk=pk)
        link = links.open_link(recipient=recipient, channel=self.kind, now=timezone.now())
        if link is None:
            raise Http404
        return _picture_of(link)


def _picture_of(link: MessengerLink) -> HttpResponse:
    picture = io.BytesIO()
    code = segno.make(links.address_of(link), micro=False)
    code.save(picture, kind="svg", scale=6, border=4, dark="#000", light="#fff")
    response = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-store"
    return response
