"""One's own webhooks, their log, and what was sent."""

from __future__ import annotations

import json
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.api.webhooks import services
from apps.api.webhooks.forms import WebhookForm
from apps.api.webhooks.models import Webhook, WebhookCall
from apps.core.errors import Refused
from apps.core.mixins import SHOWN_ONCE, LoggingMixin, OwnerFilterMixin
from apps.core.paging import keyset_page
from apps.users.models import User

ON_A_PAGE = 30


class _Revealing(LoggingMixin, OwnerFilterMixin, TemplateView):
    """A page that may show a secret: nobody keeps a copy of it on the way."""

    def reveal(self, revealed: services.Revealed) -> HttpResponse:
        """The page of the webhook, once with its secret. No redirect: it would have to keep it."""
        context = log_of(revealed.webhook, self.request)
        response = self.response_class(
            self.request, "webhooks/detail.html", {**context, "secret": revealed.secret}
        )
        response["Cache-Control"] = "no-store"
        response.headers[SHOWN_ONCE] = "1"
        return response


class WebhookList(_Revealing):
    """The user's own webhooks, and the form for a new one."""

    template_name = "webhooks/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", WebhookForm(owner=self.request.user))
        webhooks = Webhook.objects.editable_by(self.actor)
        return super().get_context_data(webhooks=list(webhooks), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST, owner=request.user)
        if form.is_valid():
            try:
                owner = cast(User, request.user)
                return self.reveal(
                    services.register(owner=owner, now=timezone.now(), **form.cleaned_data)
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
        return self.render_to_response(self.get_context_data(form=form))


class WebhookDetail(OwnerFilterMixin, TemplateView):
    """A webhook with its log."""

    template_name = "webhooks/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        webhook = self.visible_or_404(Webhook.objects.all(), pk=self.kwargs["pk"])
        return super().get_context_data(**log_of(webhook, self.request), **kwargs)


class WebhookRotate(_Revealing):
    """Another secret; for a day both sign."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.editable_or_403(Webhook.objects.all(), pk=pk)
        return self.reveal(services.rotate(webhook=webhook, now=timezone.now()))


class WebhookDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks first."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        webhook = self.editable_or_403(Webhook.objects.all(), pk=self.kwargs["pk"])
        return super().get_context_data(
            heading=_("Delete this webhook?"),
            object=webhook,
            consequences=[_("It receives nothing more, and its log is deleted.")],
            back_url=reverse("webhooks:detail", args=[webhook.pk]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.remove(webhook=self.editable_or_403(Webhook.objects.all(), pk=pk))
        messages.success(request, _("Webhook deleted."))
        return redirect("webhooks:list")


class CallDetail(OwnerFilterMixin, TemplateView):
    """What was sent, and what came of it."""

    template_name = "webhooks/call.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = WebhookCall.objects.select_related("webhook")
        call = self.visible_or_404(rows, pk=self.kwargs["pk"])
        sent = json.dumps(json.loads(call.body), ensure_ascii=False, indent=2)
        mine = call.webhook.owner_id == self.actor.pk
        address = call.webhook.address_for(self.actor.pk)
        return super().get_context_data(call=call, sent=sent, mine=mine, address=address, **kwargs)


class CallAgain(LoggingMixin, OwnerFilterMixin, View):
    """Sends a call again, and puts a paused webhook back into service."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        call = self.editable_or_403(WebhookCall.objects.all(), pk=pk)
        services.send_again(call=call, now=timezone.now())
        messages.success(request, _("It is sent again within seconds."))
        return redirect("webhooks:detail", pk=call.webhook_id)


def log_of(webhook: Webhook, request: HttpRequest) -> dict[str, Any]:
    """What the page of a webhook shows."""
    calls = webhook.calls.defer("body")
    page = keyset_page(calls, request.GET, size=ON_A_PAGE, newest_first=True)
    return {
        "webhook": webhook,
        "address": webhook.address_for(request.user.pk),
        "page": page,
        "keep": "",
        "next_call": calls.filter(delivered_at=None).order_by("pk").first(),
        "mine": webhook.owner_id == request.user.pk,
    }
