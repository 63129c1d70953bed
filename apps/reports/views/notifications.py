"""The page behind the bell."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView, View

from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin
from apps.core.paging import keyset_page, row_ids
from apps.reports.notifications import render
from apps.users.models import Notification
from apps.users.notifications import mark_read

ON_A_PAGE = 30


class NotificationList(HtmxLoginRequiredMixin, TemplateView):
    """One's own notifications, newest first; nobody else's."""

    template_name = "notices/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Notification.objects.editable_by(self.actor)
        page = keyset_page(rows, self.request.GET, size=ON_A_PAGE, newest_first=True)
        return super().get_context_data(
            page=page, notifications=[render(row) for row in page.rows], keep="", **kwargs
        )


class NotificationRead(LoggingMixin, HtmxLoginRequiredMixin, View):
    """Marks one as read, or all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = row_ids([request.POST.get("notification", "")])
        mark_read(self.actor.pk, None if request.POST.get("all") == "1" else chosen)
        return redirect("notices:list")
